"""Run a command, hand its output on, and end well only when it is what was asked for.

A program of its own, between restic and the command: restic keeps nothing of a command that fails, so what
does not pass never becomes a copy, not for a moment. Its argument is a folder with ``asked.json``, and it
leaves ``verdict.json`` there: restic does not always tell what a command said. A secret comes in the file
that the variable RESPALDO_STDIN names. Needs nothing but Python.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

SECRET = "RESPALDO_STDIN"  # noqa: S105  (the name of a variable)
ASKED, VERDICT = "asked.json", "verdict.json"

LONGEST_LINE_BYTES = 1 << 16
"""A regular expression sees one line at a time, and no more of it than so much at once."""

LAST_BYTES = 1 << 12
"""How much of the end is kept to look at."""

_BLOCK_BYTES = 1 << 20
_SAID_BYTES = 2000
_LINES_BYTES = 1 << 16
_RECORD_BYTES = 512
_LARGEST_HEADER = 1 << 20

Facts = dict[str, Any]


class OutputCheck:
    """Looks at an output while it streams by. Nothing of it is kept but its end and a line.

    :param asked: ``min_size`` in bytes; ``must_contain``, a list, and ``must_end_with``, or None: each a
        mark, with ``text`` or ``regex``. ``archive``: it is one of tar's, and whole.
    """

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self.size_bytes = 0
        self._asked = asked
        self._hash = hashlib.sha256()
        self._texts = [mark for mark in asked["must_contain"] if "text" in mark]
        self._patterns = [
            (mark, re.compile(mark["regex"].encode())) for mark in asked["must_contain"] if "regex" in mark
        ]
        self._seen = b""
        self._line = b""
        self._tail = b""
        self._archive = ArchiveCheck() if asked.get("archive") else None

    def take(self, block: bytes) -> None:
        self.size_bytes += len(block)
        if self._archive:
            self._archive.take(block)
        self._hash.update(block)
        self._tail = (self._tail + block[-LAST_BYTES:])[-LAST_BYTES:]
        self._look_for_texts(block)
        self._look_for_patterns(block)

    def finish(self) -> Facts:
        """Give size and SHA-256, and a ``reason`` when the output is not as it must be."""
        self._match(self._line)
        facts: Facts = {"size_bytes": self.size_bytes, "sha256": self._hash.hexdigest()}
        missing = [*self._texts, *(mark for mark, _ in self._patterns)]
        end = self._asked["must_end_with"]
        if self.size_bytes == 0:
            facts["reason"] = "empty"
        elif self.size_bytes < self._asked["min_size"]:
            facts |= {"reason": "too_small", "min_size": self._asked["min_size"]}
        elif missing:
            facts |= {"reason": "mark_missing", "mark": _said_of(missing[0])}
        elif end is not None and not self._ends_with(end):
            facts |= {"reason": "end_missing", "mark": _said_of(end)}
        elif self._archive:
            facts |= self._archive.finish()
        return facts

    def _look_for_texts(self, block: bytes) -> None:
        if not self._texts:
            return
        window = self._seen + block
        self._texts = [mark for mark in self._texts if mark["text"].encode() not in window]
        # One may be cut by the end of a block.
        longest = max((len(mark["text"].encode()) for mark in self._texts), default=1)
        self._seen = window[-longest:]

    def _look_for_patterns(self, block: bytes) -> None:
        if not self._patterns:
            return
        *lines, self._line = (self._line + block).split(b"\n")
        for line in lines:
            self._match(line)
        while len(self._line) >= LONGEST_LINE_BYTES:
            self._match(self._line[:LONGEST_LINE_BYTES])
            self._line = self._line[LONGEST_LINE_BYTES:]

    def _match(self, line: bytes) -> None:
        for first in range(0, max(1, len(line)), LONGEST_LINE_BYTES):
            if not self._patterns:
                return
            part = line[first : first + LONGEST_LINE_BYTES].rstrip(b"\r")
            self._patterns = [(mark, pattern) for mark, pattern in self._patterns if not pattern.search(part)]

    def _ends_with(self, mark: Mapping[str, str]) -> bool:
        """Tell whether it ends with a mark; blanks and line breaks after it say nothing."""
        tail = self._tail.rstrip()
        if "text" in mark:
            return tail.endswith(mark["text"].encode().rstrip())
        return re.search(b"(?:" + mark["regex"].encode() + rb")\Z", tail, re.MULTILINE) is not None


class ArchiveCheck:
    """Counts the files of an archive of tar while it streams by, and tells whether it is whole."""

    def __init__(self) -> None:
        self.files = 0
        self.content_bytes = 0
        self._head = bytearray()
        self._left = 0
        """Bytes of a content that are still to come."""
        self._kept: bytearray | None = None
        """Of a header that says more of the next one: that content."""
        self._next_size: int | None = None
        self._empty_records = 0
        self._fault: str | None = None

    def take(self, block: bytes) -> None:
        view = memoryview(block)
        while view and self._fault is None:
            if self._left:
                piece, view = view[: self._left], view[self._left :]
                self._left -= len(piece)
                if self._kept is not None:
                    self._kept += piece
                    if not self._left:
                        self._read_more()
                continue
            missing = _RECORD_BYTES - len(self._head)
            self._head += view[:missing]
            view = view[missing:]
            if len(self._head) == _RECORD_BYTES:
                self._read_head(bytes(self._head))
                self._head.clear()

    def finish(self) -> Facts:
        """Give the number of files and the bytes in them, and a ``reason`` when it is not as it must be."""
        if self._fault is None and (self._left or self._head or self._empty_records < 2):
            self._fault = "archive_cut"
        if self._fault is None and not self.files:
            self._fault = "archive_empty"
        facts: Facts = {"files": self.files, "content_bytes": self.content_bytes}
        return facts | ({"reason": self._fault} if self._fault else {})

    def _read_head(self, record: bytes) -> None:
        if not any(record):
            self._empty_records += 1
            return
        try:
            member = tarfile.TarInfo.frombuf(record, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            self._fault = "archive_damaged"
            return
        if self._empty_records:
            self._fault = "archive_damaged"
            return
        size = member.size
        if member.type in (tarfile.XHDTYPE, tarfile.XGLTYPE):
            if size > _LARGEST_HEADER:
                self._fault = "archive_damaged"
            self._kept = bytearray() if member.type == tarfile.XHDTYPE else None
        elif member.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            pass
        else:
            size, self._next_size = (size if self._next_size is None else self._next_size), None
            self.files += member.isreg() or member.islnk()
            if member.isreg():
                self.content_bytes += size
            elif member.type in tarfile.SUPPORTED_TYPES:
                size = 0
        self._left = -(-size // _RECORD_BYTES) * _RECORD_BYTES

    def _read_more(self) -> None:
        """Take the size from what is said more: a header by itself has room for 8 GiB."""
        found = re.findall(rb"(?:\A|\n)\d+ size=(\d+)\n", bytes(self._kept or b""))
        self._next_size = int(found[-1]) if found else None
        self._kept = None


def _said_of(mark: Mapping[str, str]) -> str:
    return mark["text"] if "text" in mark else f"/{mark['regex']}/"


class _TooSlowError(Exception):
    """The command has had its time."""


def run(asked: Mapping[str, Any], secret: bytes | None, hand_on: Any) -> Facts:  # noqa: ANN401
    """Run the command that is asked for and give the verdict on it."""
    check = OutputCheck(asked)
    command = asked["command"]
    if shutil.which(command[0]) is None:
        return {"reason": "not_found"}
    # It must not outlive this program, which restic ends with a signal that cannot be caught.
    argv = ["setpriv", "--pdeathsig", "KILL", "--", *command]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RESTIC_", "RESPALDO_"))}
    with subprocess.Popen(
        argv,
        env=env,
        stdin=subprocess.DEVNULL if secret is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        said = _Said(process.stderr, secret)
        try:
            signal.setitimer(signal.ITIMER_REAL, asked["seconds"])
            _give(process.stdin, secret)
            _hand_over(process.stdout, check, hand_on)
            code = process.wait()
            facts = check.finish()
        except _TooSlowError:
            process.kill()
            return {"reason": "slow", "size_bytes": check.size_bytes, "said": said.text}
        except BrokenPipeError:
            # restic has gone: what ended it is told by itself.
            process.kill()
            return {"reason": "not_taken"}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            process.stdout = None
            process.stderr = None
        said.join(1)
    if code != 0 and not said.matches(asked.get("passing", {}).get(str(code))):
        facts = {"reason": "failed", "exit_code": code, "size_bytes": check.size_bytes}
    elif code != 0:
        facts |= {"exit_code": code, "lines": said.lines, "lines_in_all": said.count}
    return facts | {"said": said.text}


def _give(stdin: IO[bytes] | None, secret: bytes | None) -> None:
    if stdin is None or secret is None:
        return
    # It need not read it.
    with contextlib.suppress(BrokenPipeError):
        stdin.write(secret)
    with contextlib.suppress(BrokenPipeError):
        stdin.close()


def _hand_over(stdout: IO[bytes] | None, check: OutputCheck, hand_on: Any) -> None:  # noqa: ANN401
    assert stdout is not None  # noqa: S101  (opened as a pipe)
    for block in iter(lambda: os.read(stdout.fileno(), _BLOCK_BYTES), b""):
        check.take(block)
        hand_on(block)


class _Said(threading.Thread):
    """Keeps the end of what a command says beside its output, without the secret."""

    def __init__(self, stream: IO[bytes] | None, secret: bytes | None) -> None:
        super().__init__(daemon=True)
        assert stream is not None  # noqa: S101  (opened as a pipe)
        self._stream, self._kept, self._word = stream, b"", (secret or b"").rstrip(b"\n")
        self.count = 0
        self.start()

    def run(self) -> None:
        for block in iter(lambda: os.read(self._stream.fileno(), _BLOCK_BYTES), b""):
            self.count += block.count(b"\n")
            # Enough for a secret that is cut by what was kept of it.
            self._kept = (self._kept + block)[-(_LINES_BYTES + len(self._word)) :]

    @property
    def text(self) -> str:
        return " ".join(self._hidden[-_SAID_BYTES:].decode(errors="replace").split())

    @property
    def lines(self) -> list[str]:
        """The last of its lines."""
        kept = self._hidden[-_LINES_BYTES:].decode(errors="replace").splitlines()
        return [line for line in kept[-self.count :] if line.strip()]

    def matches(self, pattern: str | None) -> bool:
        """Tell whether each line matches; none of those that are not kept does, but to what all match."""
        if not pattern:
            return pattern is not None
        return self.count == len(self.lines) and all(re.search(pattern, line) for line in self.lines)

    @property
    def _hidden(self) -> bytes:
        return self._kept.replace(self._word, b"***") if self._word else self._kept


def _write(block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[os.write(1, left) :]


def _on_alarm(_number: int, _frame: object) -> None:
    raise _TooSlowError


def main() -> None:
    folder = Path(sys.argv[1])
    asked = json.loads((folder / ASKED).read_text())
    signal.signal(signal.SIGALRM, _on_alarm)
    place = os.environ.get(SECRET)
    secret = Path(place).read_bytes() if place else None
    verdict = run(asked, secret, _write)
    (folder / VERDICT).write_text(json.dumps(verdict))
    # At once: a thread may still wait for what a grandchild holds open.
    os._exit(1 if "reason" in verdict else 0)


if __name__ == "__main__":
    main()
