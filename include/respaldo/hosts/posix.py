"""What is said to a POSIX machine: to its shell, by arguments."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr

from respaldo.hosts.dialects import Spoken
from respaldo.hosts.limits import Limits
from respaldo.hosts.worker import Argument

_KEEPER = Path(__file__).with_name("keeper.sh").read_text()
_KEPT = Path(__file__).with_name("kept.sh").read_text()
_END = """
n=0
until kill -s "$2" -- "-$(cat "$1")" 2>/dev/null || [ $n = 20 ]; do sleep 0.2; n=$((n+1)); done
"""
"""What was begun just now is noted in a moment, and has a session of its own in the next."""

_HANDED = ("/dev/fd/0", "/dev/fd/3")
"""Where a command there finds what it is handed (``kept.sh``)."""

_FREE = r"""
free=$(df -Pk "$1" | sed -n '$s/.* \([0-9][0-9]*\)  *[0-9]*%.*/\1/p')
[ "$free" ] && echo $((free * 1024))
"""
_LOOK = 'uname -m; command -v restic || echo; echo "$HOME"'
_TOOLS = ("setsid", "mktemp", "sha256sum", "df")
_LACKING = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done'
_LACKING_FOR_SOME = r"""
exec 2>/dev/null
LC_ALL=C; export LC_ALL
shows() { [ "$(tr '\0' .)" = "$1" ] || echo "$2"; }
find / -maxdepth 0 -print0 | shows /. 'find -print0'
case $(stat -c '%.9Y' /) in *.?????????) ;; *) echo 'stat -c %.9Y';; esac
stat --printf='%F\0' / | shows directory. 'stat --printf'
printf 'b\0a\0' | sort -z | shows a.b. 'sort -z'
comm -z /dev/null /dev/null || echo 'comm -z'
for tool in gzip mkfifo; do command -v "$tool" >/dev/null || echo "$tool"; done
realpath -mz /no/such/../x | shows /no/x. 'realpath -mz'
printf 'a\0b\0' | xargs -0 printf '%s.' | shows a.b. 'xargs -0'
python3 -c 'import sqlite3, sys; sys.exit(sys.version_info < (3, 7))' || echo 'python3 >= 3.7'
"""


class Posix:
    """See `respaldo.hosts.dialects.Dialect`."""

    restic = "restic"

    def keeper(self, base: str, seconds: int) -> Spoken:
        words = shlex.join([_KEEPER, "keeper", base, str(seconds)])
        return Spoken(f"exec sh -c {words}")

    def run(
        self,
        folder: str,
        name: str,
        argv: Sequence[Argument],
        env: Mapping[str, str],
        limits: Limits,
        stdin: SecretStr | None,
    ) -> Spoken:
        secrets = [] if stdin is None else [stdin]
        words: list[str] = []
        for part in argv:
            if isinstance(part, SecretStr):
                secrets.append(part)
                words.append(_HANDED[min(len(secrets), len(_HANDED)) - 1])
            else:
                words.append(part)
        if len(secrets) > len(_HANDED):
            raise ValueError("a machine is handed two secrets")
        given = [secret.get_secret_value() for secret in secrets]
        given += [""] * (len(_HANDED) - len(given))
        before = [
            *limits.before(),
            *(["env", *(f"{key}={value}" for key, value in env.items())] if env else []),
        ]
        line = shlex.join(["exec", "sh", "-c", _KEPT, "kept", folder, name, *before, *words])
        return Spoken(line, "".join(f"{word}\n" for word in given).encode())

    def end(self, folder: str, name: str, signal: str) -> Spoken:
        return self.words(("sh", "-c", _END, "end", f"{folder}/run.{name}", signal))

    def words(self, argv: Sequence[str]) -> Spoken:
        return Spoken(shlex.join(argv))

    def free(self, folder: str) -> Spoken:
        return self.words(("sh", "-c", _FREE, "free", folder))

    def look(self) -> Spoken:
        return self.words(("sh", "-c", _LOOK))

    def sum_of(self, path: str) -> Spoken:
        return self.words(("sha256sum", path))

    def user(self) -> Spoken:
        return self.words(("id", "-un"))

    def clock(self) -> Spoken:
        return self.words(("date", "+%s"))

    def wanted(self, limits: Limits) -> tuple[str, ...]:
        # Of the words that a command begins with, those that are programs.
        return (*_TOOLS, *(word for word in limits.before() if word in ("nice", "ionice")))

    def lacking(self, limits: Limits) -> Spoken:
        return self.words(("sh", "-c", _LACKING, "lacking", *self.wanted(limits)))

    def lacking_for_some(self) -> Spoken:
        return self.words(("sh", "-c", _LACKING_FOR_SOME))

    def saving(self, words: Sequence[Argument]) -> tuple[Argument, ...]:
        return tuple(words)

    def uploaded(self, path: str) -> str:
        return path
