"""Whose a lock is, and which can go: restic writes into it the name of a machine and the number of a process
there."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

import psutil  # type: ignore[import-untyped]

from respaldo.domain.errors import RepositoryError
from respaldo.hosts.session import Session

if TYPE_CHECKING:
    from respaldo.restic.repository import Repository

Life = Literal["may_live", "number_taken", "unknown"]
"""Of a lock's process: it may live; its number is another's now; it is none that this machine could see."""


class Held(NamedTuple):
    """What a lock says of who holds it."""

    machine: str
    process: int
    at: datetime
    """When it was written last: restic writes it anew every five minutes."""


Lives = Callable[[Held], Life]
"""Tells of a lock's process what one machine can see of it."""

_LOOK = '[ "$(uname -n)" = "$1" ] && [ -e "/proc/$2" ]'

_INEXACT_SECONDS = 2.0
"""How exactly the system tells when a process began."""


def lives_here(held: Held) -> Life:
    """Look on this worker: see `Lives`."""
    if held.machine != socket.gethostname():
        return "unknown"
    try:
        began = psutil.Process(held.process).create_time()
    except psutil.NoSuchProcess:
        return "unknown"
    except psutil.Error:
        return "may_live"
    return "number_taken" if began > held.at.timestamp() + _INEXACT_SECONDS else "may_live"


def lives_on(session: Session) -> Lives:
    """Give what looks on a machine over SSH."""

    def lives(held: Held) -> Life:
        found = session.output("sh", "-c", _LOOK, "look", held.machine, str(held.process))
        return "may_live" if found.exit_code == 0 else "unknown"

    return lives


def remove_dead(repository: Repository, lives: Lives) -> int:
    """Remove the locks of dead processes, and give how many there were: restic 0.19 does not tell.

    Where it is certain that none of their processes works any more (`respaldo.restic.users`), all go at once:
    restic leaves those of another container for half an hour. Otherwise restic decides, but is not asked
    while one may be of a process of this machine. It asks by a signal: another user's process it takes for
    dead, and one of ours that got the number of a dead one it ends.
    """
    before = repository.listed("locks")
    if not before:
        return 0
    with repository.alone() as machines:
        locks = [_read(repository, lock) for lock in before]
        seen = [lives(held) if held else "unknown" for held in locks]
        if all(held is not None and held.machine in machines for held in locks) and "may_live" not in seen:
            repository.drop_locks(every=True)
        elif set(seen) == {"unknown"}:
            repository.drop_locks()
        else:
            return 0
        return len(before - repository.listed("locks"))


def _read(repository: Repository, lock: str) -> Held | None:
    """Read a lock. It may be gone meanwhile, or not to be read: restic judges it by its age."""
    try:
        said = repository.lock(lock)
        return Held(str(said["hostname"]), int(said["pid"]), datetime.fromisoformat(str(said["time"])))
    except (RepositoryError, KeyError, TypeError, ValueError):
        return None
