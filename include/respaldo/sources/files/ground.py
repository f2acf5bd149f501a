"""What can be seen of a scope's paths where they are, beside what restic sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from respaldo.hosts.windows import Windows
from respaldo.restic.snapshots import Node
from respaldo.sources.files.census import Counted
from respaldo.sources.files.on_host import HostGround
from respaldo.sources.files.on_windows import WindowsGround
from respaldo.sources.files.on_worker import WorkerGround
from respaldo.sources.reach import Reach


class Ground(Protocol):
    """The machine that the paths are on."""

    def gone(self, paths: Sequence[str]) -> list[str]:
        """Give the paths that are not there.

        :raises SourceUnreadableError: one may not be read, or is a link: restic would save only the link.
        """
        ...

    def matches(self, path: str) -> list[str]:
        """Give what a path with ``*``, ``?`` or ``[`` in it stands for: that very one, else what it matches.

        One that stands for nothing may be given as it is.
        """
        ...

    def holds_a_file(self, paths: Sequence[str]) -> bool:
        """Whether there is a file, or anything that is no folder, below any of the paths."""
        ...

    def own(self) -> tuple[str, ...]:
        """Give the folders that we have there only while a copy is made, each as it may be written."""
        ...

    def census(self, paths: Sequence[str], *, one_file_system: bool) -> Counted:
        """List all files and links below the paths."""
        ...

    def hashes(self, nodes: Sequence[Node]) -> list[str | None]:
        """Give the SHA-256 of each file as it is now; None: it is no longer the one that was saved."""
        ...


def ground_of(reach: Reach) -> Ground:
    if reach.machine is None:
        return WorkerGround()
    session = reach.machine.session
    return WindowsGround(session) if isinstance(session.dialect, Windows) else HostGround(session)
