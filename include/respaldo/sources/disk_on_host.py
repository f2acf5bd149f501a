"""The file systems of a machine over SSH, with a shell, coreutils and findutils there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property

from respaldo.domain.errors import TargetDeniedError
from respaldo.domain.host_errors import HostToolsError
from respaldo.hosts.session import Session
from respaldo.sources.disk import Found, Room, kind_of
from respaldo.sources.scripts import asked, in_lots, listed_there

_LOOK = """
LC_ALL=C xargs -0 stat --printf='%f|%.9Y|%b|%B|%n\\0' -- <"$1" 2>/dev/null
rm -f "$1"
"""

_FOLDERS = """
for path; do [ -d "$path" ] && echo y || echo n; done
"""

_REAL = 'realpath -mz -- "$@"'

_IS_FREE = """
if said=$(LC_ALL=C ls -A -- "$1/" 2>&1); then [ -z "$said" ]
else case $said in *": No such file or directory") true;; *) false;; esac
fi
"""

_ROOM = """
path=$1
until [ -e "$path" ]; do path=${path%/*}; [ "$path" ] || path=/; done
stat -Lc '%d' -- "$path" && stat -fc '%b %a %S' -- "$path"
"""

_REMOVE = 'LC_ALL=C rm -f -- "$@" 2>&1'

_ALWAYS_THERE = "/"


class HostDisk:
    """A machine over SSH: see `respaldo.sources.disk.Disk`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def is_roots(self) -> bool:
        return self._session.output("id", "-u").output.strip() == b"0"

    def look(self, places: Iterable[str]) -> dict[str, Found]:
        """See `Disk.look`.

        :raises HostToolsError: it lacks what looks; nothing would seem to be in the way then.
        :raises HostFullError: it has no room for the list of names.
        """
        file = listed_there(self._session, [*places, _ALWAYS_THERE])
        _, said = asked(self._session, _LOOK, file)
        found = dict(map(_read, filter(None, said.split(b"\0"))))
        if _ALWAYS_THERE not in found:
            raise self._lacks("xargs -0, stat --printf")
        return found

    def folders(self, paths: Iterable[str]) -> set[str]:
        every = list(paths)
        answers = [one for lot in in_lots(every) for one in asked(self._session, _FOLDERS, *lot)[1].split()]
        return {path for path, answer in zip(every, answers, strict=True) if answer == b"y"}

    def real(self, paths: Sequence[str]) -> list[str]:
        said = b"".join(asked(self._session, _REAL, *lot)[1] for lot in in_lots(paths))
        found = [os.fsdecode(one) for one in said.split(b"\0")[:-1]]
        if len(found) != len(paths):
            raise self._lacks("realpath -mz")
        return found

    def is_free(self, folder: str) -> bool:
        return asked(self._session, _IS_FREE, folder)[0] == 0

    def room(self, folder: str) -> Room:
        _, said = asked(self._session, _ROOM, folder)
        try:
            system, blocks, free, size = said.decode().split()
        except ValueError as error:
            raise self._lacks("stat -f") from error
        return Room(system, int(free) * int(size) if int(blocks) else None)

    def remove(self, places: Sequence[str]) -> None:
        for lot in in_lots(places):
            code, said = asked(self._session, _REMOVE, *lot)
            if code != 0:
                raise TargetDeniedError(target=lot[0], said=said.decode(errors="replace").strip())

    def _lacks(self, missing: str) -> HostToolsError:
        return HostToolsError(host=self._session.host.name, missing=missing)


def _read(line: bytes) -> tuple[str, Found]:
    mode, modified, blocks, block_bytes, name = line.split(b"|", 4)
    whole, _, part = modified.partition(b".")
    # Before 1970 all of it is negative.
    nanoseconds = int(whole) * 10**9 + (-int(part) if whole.startswith(b"-") else int(part))
    stored = int(blocks) * int(block_bytes)
    return os.fsdecode(name), Found(kind_of(int(mode, 16)), nanoseconds, stored)
