#!/usr/bin/python3
"""Stands in for Windows PowerShell on a machine that has none: does what each of our scripts asks for.

It knows the scripts by their text (``scripts.json`` beside it, by name) and runs none of it: what PowerShell
makes of them is not shown by this, but that each gets what it is given, and that its answer is understood.
Drives are folders: ``Q:\\x`` is ``/Q/x``.
"""

from __future__ import annotations

import base64
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

BEFORE = [
    "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-OutputFormat", "Text", "-EncodedCommand",
]  # fmt: skip
TICKS_OF_1970 = 621_355_968_000_000_000


def arguments_of(line: str) -> list[str]:
    """Cut a line as CommandLineToArgvW does."""
    found, word, quoted, begun = [], "", False, False
    for slashes, one in re.findall(r'(\\*)("|[^\\"]|$)', line):
        if one == '"':
            word += "\\" * (len(slashes) // 2)
            begun = True
            if len(slashes) % 2:
                word += one
            else:
                quoted = not quoted
        else:
            word += slashes
            if one in (" ", "\t", "") and not quoted:
                if word or begun:
                    found.append(word)
                word, begun = "", False
            else:
                word += one
    return found


def here(path: str) -> str:
    return re.sub(r"^([A-Za-z]):", r"/\1", path).replace("\\", "/") if re.match("[A-Za-z]:", path) else path


def word() -> str:
    return base64.b64decode(sys.stdin.buffer.readline().removesuffix(b"\n"), validate=True).decode()


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keeper(base: str, seconds: int) -> None:
    folder = Path(here(base), f"respaldo.{os.urandom(5).hex()}")
    folder.mkdir(mode=0o700)
    say(folder)
    while sys.stdin.buffer.readline():
        pass
    for noted in folder.glob("run.*"):
        os.kill(int(noted.read_text()), signal.SIGKILL)
    shutil.rmtree(folder)


def kept(folder, name, program, arguments, environment, pipes, priority) -> None:
    words = arguments_of(arguments)
    held = []
    for pipe in pipes:
        reading, writing = os.pipe()
        os.write(writing, word().encode())
        os.close(writing)
        held.append(reading)
        words[words.index(rf"\\.\pipe\{pipe}")] = f"/dev/fd/{reading}"
    read = word()
    if "backup" in words:
        words.remove("--use-fs-snapshot")
        assert words.index("backup") < words.index("--")
        # By a port, with a login: neither that nor the password is an argument.
        assert len(held) == len({"--repository-file", "--password-file"} & set(words)) == 2
    for number, one in enumerate(words):
        words[number] = here(one)
    try:
        running = subprocess.Popen(
            [here(program), *words], env=os.environ | environment, stdin=subprocess.PIPE, pass_fds=held
        )
    except FileNotFoundError as error:
        sys.exit(f"{error}") if name == "" else sys.exit(127)
    noted = Path(folder, f"run.{name}")
    if folder:
        noted.write_text(str(running.pid))
        Path(folder, "priority").write_text(str(priority))
    running.communicate(read.encode())
    if folder:
        noted.unlink(missing_ok=True)
    sys.exit(running.returncode if running.returncode >= 0 else 1)


def end(noted: str) -> None:
    for _ in range(40):
        if Path(noted).exists():
            break
        time.sleep(0.25)
    os.kill(int(Path(noted).read_text()), signal.SIGKILL)


def free(folder: str) -> None:
    say(shutil.disk_usage(here(folder)).free)


def look() -> None:
    say("windows-amd64\n\n")


def sum_of(path: str) -> None:
    say(hashlib.sha256(Path(here(path)).read_bytes()).hexdigest())


def user() -> None:
    say(rf"EQUIPO\{os.environ['USER']}")


def clock() -> None:
    say(int(time.time()))


def lacking() -> None:
    for name in os.environ.get("LACKING", "").split():
        say(name)


def lacking_for_some() -> None:
    pass


def paths_look(paths: list[str]) -> None:
    for path in map(here, paths):
        say("gone" if not os.path.lexists(path) else "a link" if Path(path).is_symlink() else "")


def paths_match(paths: list[str]) -> None:
    for path in map(here, paths):
        for found in glob.glob(path):  # noqa: PTH207  (it is absolute)
            say(f"{found[1]}:{found[2:]}".replace("/", "\\"))


def paths_hold(paths: list[str]) -> None:
    for path in map(here, paths):
        for _, _, files in os.walk(path):
            for name in files[:1]:
                say(name)


def paths_sum(paths: list[str]) -> None:
    for path in map(Path, map(here, paths)):
        if not path.is_file():
            say("")
            continue
        ticks = path.stat().st_mtime_ns // 100 + TICKS_OF_1970
        say(f"{path.stat().st_size}|{ticks}|{hashlib.sha256(path.read_bytes()).hexdigest()}")


def main() -> None:
    scripts = json.loads(Path(__file__).with_name("scripts.json").read_text())
    *before, encoded = sys.argv[1:]
    assert before == BEFORE, before
    assert base64.b64decode(encoded, validate=True).decode("utf-16-le") == scripts.pop("first")
    text = word()
    [role] = (name for name, known in scripts.items() if known == text)
    globals()[role](**json.loads(word()))


if __name__ == "__main__":
    main()
