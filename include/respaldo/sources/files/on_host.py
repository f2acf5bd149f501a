"""What can be seen of a scope's paths on a machine over SSH, with a shell, coreutils and findutils there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from respaldo.domain.host_errors import HostToolsError
from respaldo.hosts.session import Session
from respaldo.restic.argv import literal
from respaldo.restic.snapshots import Node
from respaldo.sources.files.looked import gone_of
from respaldo.sources.scripts import asked, in_lots

_WILD = frozenset("*?[")

_GONE = "No such file or directory"

_LACKING = """
export LC_ALL=C
case $(stat -c '%.9Y' / 2>/dev/null) in *.?????????) ;; *) echo stat;; esac
[ "$(find / -maxdepth 0 -print0 2>/dev/null | tr '\\0' .)" = /. ] || echo find
[ "$(sha256sum </dev/null 2>/dev/null)" ] || echo sha256sum
"""
"""What it lacks of what looks: without it all would seem empty, or changed."""

_LOOK = """
for path; do
    if [ -L "$path" ]; then echo "Too many levels of symbolic links"
    elif ! said=$(LC_ALL=C ls -d -- "$path" 2>&1 >/dev/null); then echo "${said##*: }"
    elif [ -d "$path" ] && ! { [ -r "$path" ] && [ -x "$path" ]; }; then echo "Permission denied"
    elif [ -f "$path" ] && ! [ -r "$path" ]; then echo "Permission denied"
    else echo
    fi
done
"""
"""One line a path: why it cannot be saved, or nothing."""

_HOLDS = 'find "$@" ! -type d -print 2>/dev/null | head -c 1'

_OWN = 'cd "$1" && pwd -P'

_FIND = """
folder=$1 own=$2 other=$3 system=$4; shift 4
found() {
    find "$@" $system '(' -path "$own" -o -path "$other" ')' -prune -o '(' -type f -o -type l ')' -print0 \
        2>/dev/null | LC_ALL=C sort -z -T "$folder"
}
"""
_NOT_TAKEN = "files that vanished during the copy are not told: sort -z, comm -z, gzip, or no space left"

_COUNT = f"""{_FIND}
found "$@" | gzip -1 >"$folder/before" && LC_ALL=C comm -z /dev/null /dev/null
"""
_MISSED = f"""{_FIND}
rm -f "$folder/was" && mkfifo "$folder/was" || exit
gzip -dc "$folder/before" >"$folder/was" &
found "$@" | LC_ALL=C comm -z -23 "$folder/was" -
"""

_HASH = """
LC_ALL=C
export LC_ALL
for path; do
    sum=
    before=$(stat -c '%F|%s|%.9Y' -- "$path" 2>/dev/null)
    case $before in regular*) sum=$(sha256sum 2>/dev/null <"$path");; esac
    after=$(stat -c '%F|%s|%.9Y' -- "$path" 2>/dev/null)
    [ "$before" = "$after" ] && echo "$before|${sum%% *}" || echo
done
"""

_MATCHES = """
if [ -e "$1" ] || [ -L "$1" ]; then printf '%s\\0' "$1"
else find -L "$2" -mindepth "$3" -maxdepth "$3" -path "$4" -print0 2>/dev/null; fi
"""


class HostGround:
    """A machine over SSH: see `respaldo.sources.files.ground.Ground`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def gone(self, paths: Sequence[str]) -> list[str]:
        """See `Ground.gone`.

        :raises HostToolsError: it lacks what looks.
        """
        _, lacking = asked(self._session, _LACKING)
        if lacking:
            missing = ", ".join(lacking.decode(errors="replace").split())
            raise HostToolsError(host=self._session.host.name, missing=missing)
        return gone_of(paths, self._lines(_LOOK, paths), _GONE)

    def matches(self, path: str) -> list[str]:
        folders = path.split("/")
        plain = next((number for number, name in enumerate(folders) if set(name) & _WILD), None)
        if plain is None:
            return [path]
        base, depth = "/".join(folders[:plain]) or "/", str(len(folders) - plain)
        _, said = asked(self._session, _MATCHES, path, base, depth, path.replace("\\", "\\\\"))
        return sorted(os.fsdecode(one) for one in said.split(b"\0") if one)

    def holds_a_file(self, paths: Sequence[str]) -> bool:
        return any(asked(self._session, _HOLDS, *some)[1] for some in in_lots(paths))

    def own(self) -> tuple[str, ...]:
        _, said = asked(self._session, _OWN, self._session.folder)
        return self._session.folder, os.fsdecode(said.removesuffix(b"\n"))

    def census(self, paths: Sequence[str], *, one_file_system: bool) -> HostCensus:
        """List what is there, in a file there: names of ten million files are no good load for a network."""
        system = "-xdev" if one_file_system else ""
        census = HostCensus(self._session, (*map(literal, self.own()), system, *paths))
        census.take()
        return census

    def hashes(self, nodes: Sequence[Node]) -> list[str | None]:
        said = self._lines(_HASH, [node.path for node in nodes])
        return [_hash_of(node, line) for node, line in zip(nodes, said, strict=True)]

    def _lines(self, script: str, paths: Sequence[str]) -> list[str]:
        lines: list[str] = []
        for some in in_lots(paths):
            _, said = asked(self._session, script, *some)
            lines += said.decode(errors="replace").split("\n")[: len(some)]
        return lines


@dataclass
class HostCensus:
    """Which files there were, as the machine itself keeps it for the session."""

    session: Session
    words: tuple[str, ...]
    is_taken: bool = False

    def take(self) -> None:
        code, _ = asked(self.session, _COUNT, self.session.folder, *self.words)
        self.is_taken = code == 0

    def gone(self) -> Iterator[bytes]:
        if not self.is_taken:
            return
        _, said = asked(self.session, _MISSED, self.session.folder, *self.words)
        yield from filter(None, said.split(b"\0"))

    def notes(self) -> tuple[str, ...]:
        if self.is_taken:
            return ()
        return (f"{self.session.host.name}: {_NOT_TAKEN}",)


def _hash_of(node: Node, line: str) -> str | None:
    kind, _, rest = line.partition("|")
    size, _, rest = rest.partition("|")
    modified, _, sha256 = rest.partition("|")
    is_same = size == str(node.size_bytes) and modified.replace(".", "") == str(node.mtime_ns)
    return sha256 or None if kind.startswith("regular") and is_same else None
