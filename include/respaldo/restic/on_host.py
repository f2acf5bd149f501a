"""Use a repository from another machine: restic runs there, the repository is carried to it.

The machine needs nothing but SSH: restic is brought to it where it has none that will do. It is
handed the password of this one repository by standard input, and can only add to it. What the repository's
server is entered with stays on this worker.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from platform import machine

from respaldo.domain.errors import EngineTooOldError, TemporarySpaceError
from respaldo.domain.host_errors import (
    HostEngineError,
    HostError,
    HostFailedError,
    HostForgeryError,
    HostFullError,
)
from respaldo.hosts.carrying import Forwarding, carried
from respaldo.hosts.checksums import sum_file
from respaldo.hosts.session import Session
from respaldo.hosts.worker import Argument, Command, Receiver, Runner
from respaldo.restic import argv
from respaldo.restic.access import Access
from respaldo.restic.bridging import place_of
from respaldo.restic.engine import OLDEST, Engine, dotted, read_engine
from respaldo.restic.events import Report
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What ``uname -m`` says, and what restic's releases call it."""

KEPT = ".respaldo"
"""The folder below the user's home where restic stays, where it may."""

_LOOKED_LINES = 3

_KEEP = 'umask 077; mkdir -p "$2" && cp "$1" "$2/.restic.$$" && mv -f "$2/.restic.$$" "$2/restic"'

_FORGET = 'rm -f "$1/restic" "$1"/.restic.*; rmdir "$1" 2>/dev/null; :'

_NO_ROOM = re.compile("no space|quota", re.IGNORECASE)

ProgramFor = Callable[[str], Path | None]


@dataclass(frozen=True, kw_only=True)
class RepositoryThere(Repository):
    """A repository as restic uses it on a machine.

    That machine may be in strange hands. Of what it says, nothing is believed that would make an older copy
    pass for the new one, or remove it: each snapshot is looked for, and removed, from here.
    """

    host: str
    here: Repository
    """The same as this worker uses it."""

    @property
    def facts(self) -> dict[str, str]:
        # Where it lies, not what it is carried to.
        return self.here.facts

    def discard(self, snapshot_id: str) -> None:
        self.here.discard(snapshot_id)

    def _saved(self, item: str, marks: Marks, code: int, report: Report) -> Saved:
        """Read what was saved. Its numbers are those of the snapshot.

        :raises HostForgeryError: the snapshot is none of this run and item.
        """
        said = super()._saved(item, marks, code, report)
        snapshot_id = said.copy.snapshot_id
        for made in self.here.snapshots(marks.for_item(item)):
            if made.id == snapshot_id:
                return replace(said, copy=made.as_copy(), console=made.summary | {"snapshot_id": made.id})
        raise HostForgeryError(host=self.host, snapshot=snapshot_id)


@contextlib.contextmanager
def repository_on(
    session: Session,
    repository: Repository,
    engine: Engine,
    upload_kib_per_second: int | None = None,
    forwarding: Forwarding = "socket",
) -> Iterator[Repository]:
    """Give a repository as restic uses it on a machine, to save what is there.

    It has no cache: nothing is left there, and a cache could not be believed. What serves it here holds
    its locks by file descriptor.

    :param engine: restic there (`provide`).
    :param forwarding: how it is carried first; by a port where sockets are forbidden.
    :raises ForwardingForbiddenError: the machine's SSH server does not admit it.
    :raises HostFullError: the machine has no room for what restic needs while it runs.
    :raises RepositoryError: the repository's server does not let us in, or does not answer.
    """
    before = repository.place
    with carried(
        session,
        place_of(before),
        repository.keep_open,
        location=before.location,
        forwarding=forwarding,
    ) as location:
        # None of what enters the server goes along; whether it answers is still asked here.
        access = Access(location, before.entered.door)
        there = {
            "place": replace(before, location=_shown(location), access=access, cache=None),
            "engine": engine,
            "keep_open": (),
            "users": None,
            "run": _adapted(session, upload_kib_per_second),
        }
        try:
            yield RepositoryThere(**vars(repository) | there, host=session.host.name, here=repository)
        except TemporarySpaceError as error:
            # It is said of this worker, where restic usually runs.
            said = error.facts.get("said", "")
            raise HostFullError(host=session.host.name, folder=session.folder, said=said) from error


def _shown(location: Argument) -> str:
    """Give a location without the login in it."""
    if isinstance(location, str):
        return location
    scheme, _, address = location.get_secret_value().partition("://")
    return f"{scheme}://{address.rpartition('@')[2]}"


def provide(session: Session, program_for: ProgramFor, *, keep: bool | None = None) -> Engine:
    """Give a restic of a machine: its own if that will do, else one that is brought there.

    :param program_for: gives the restic of this worker for an architecture (`programs`).
    :param keep: leave it there for the next time. If not, it goes with the session; with False one that was
        kept goes too.
    :raises HostEngineError: there is none that runs there.
    :raises HostFullError: there is no room for it.
    :raises HostFailedError: the machine does not say what it is, or does not let it be left there.
    """
    looked = session.ask(session.dialect.look())
    lines = looked.output.decode(errors="replace").split("\n")
    if len(lines) < _LOOKED_LINES:
        said = looked.said or repr(looked.output[:200])
        raise HostFailedError(host=session.host.name, said=said)
    kind, own, home = lines[:_LOOKED_LINES]
    folder = f"{home}/{KEPT}"
    if keep is False and home:
        session.output("sh", "-c", _FORGET, "forget", folder)
    if own:
        with contextlib.suppress(EngineTooOldError):
            return _tried(session, own)
    architecture = ARCHITECTURES.get(kind, kind)
    program = program_for(architecture)
    if program is None:
        raise HostEngineError(
            host=session.host.name, machine=architecture, oldest=dotted(OLDEST), said=f"restic-{architecture}"
        )
    return _brought(session, program, architecture, folder if keep and home else None)


def programs(engine: Engine) -> ProgramFor:
    """Give what finds a restic of this worker for an architecture: the one that runs here, for its own; a
    program ``restic-ARCHITECTURE`` on PATH, for others."""

    def find(architecture: str) -> Path | None:
        if architecture == ARCHITECTURES.get(machine(), machine()):
            return Path(engine.binary)
        found = shutil.which(f"restic-{architecture}")
        return Path(found) if found else None

    return find


def _brought(session: Session, program: Path, architecture: str, keep_in: str | None) -> Engine:
    facts = {"host": session.host.name, "machine": architecture, "oldest": dotted(OLDEST)}
    _, wanted = sum_file(program)
    path = f"{keep_in or session.folder}/{session.dialect.restic}"
    if keep_in is None or _sum_there(session, path) != wanted:
        staged = f"{session.folder}/{session.dialect.restic}"
        session.upload(program, staged)
        if keep_in is not None:
            kept = session.output("sh", "-c", _KEEP, "keep", staged, keep_in)
            if kept.exit_code != 0:
                raise _not_kept(session, keep_in, kept.said)
        found = _sum_there(session, path)
        if found != wanted:
            raise HostEngineError(**facts, said=f"SHA-256 {found} != {wanted}")
    try:
        return _tried(session, path)
    except EngineTooOldError as error:
        raise HostEngineError(**facts, said=error.facts["version"]) from error


def _not_kept(session: Session, folder: str, said: str) -> HostError:
    """Tell a full disk from a folder that may not be written."""
    if _NO_ROOM.search(said):
        return HostFullError(host=session.host.name, folder=folder, said=said)
    return HostFailedError(host=session.host.name, said=said)


def _tried(session: Session, path: str) -> Engine:
    """Have a restic there say its version: one that was made for another machine does not."""
    tried = session.output(path, *map(str, argv.version()))
    return read_engine(path, tried.output if tried.exit_code == 0 else tried.said.encode())


def _sum_there(session: Session, path: str) -> str:
    return session.ask(session.dialect.sum_of(path)).output.decode(errors="replace")[:64]


def _adapted(session: Session, kib_per_second: int | None) -> Runner:
    """Have restic send no more than this in a second, and save files as the machine needs it."""
    limit = ("--limit-upload", str(kib_per_second)) if kib_per_second is not None else ()

    def adapted(command: Command, *, on_output: Receiver, on_error: Receiver, **more: object) -> int:
        restic, *arguments = command.argv
        words = (restic, *limit, *session.dialect.saving(arguments))
        return session.run(replace(command, argv=words), on_output=on_output, on_error=on_error, **more)  # type: ignore[arg-type]

    return adapted
