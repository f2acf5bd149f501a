"""One scope's repository, and what is done with it: one method, one call of restic."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from respaldo.domain.errors import (
    RepositoryDamagedError,
    RepositoryFullError,
    SnapshotMissingError,
    SourceCommandEmptyError,
    TemporarySpaceError,
    UnknownEngineError,
)
from respaldo.hosts.worker import Argument, Receiver, Runner, run
from respaldo.restic import argv
from respaldo.restic.beside import beside
from respaldo.restic.call import Caller, OnProgress
from respaldo.restic.classify import OK, PARTIAL, refused
from respaldo.restic.copying import explain_copy
from respaldo.restic.delivering import Delivered, Preview, PreviewReader, explain_delivery, explain_patterns
from respaldo.restic.engine import Engine
from respaldo.restic.events import Report, document_in, parse
from respaldo.restic.locks import Lives, lives_here, remove_dead
from respaldo.restic.repairing import CHECK_FAILED, Checked, HarmedReader, pruned
from respaldo.restic.saved import Marks, Saved, read_saved
from respaldo.restic.snapshots import Match, Node, Snapshot
from respaldo.restic.users import Users

_Document = TypeVar("_Document", dict[str, Any], list[Any])

NOWHERE = "/nonexistent/respaldo"
"""A target for a restoration that writes nothing, where nothing is to compare with."""


@dataclass(frozen=True)
class Repository:
    """One scope's repository under its configured name."""

    name: str
    scope_id: str
    place: argv.Place
    engine: Engine
    keep_open: Sequence[int] = ()
    """File descriptors that every restic inherits: a lock that lasts as long as the last of them."""
    force: bool = False
    """Saves read every file again: what was lost of it is stored again."""
    append_only: bool = False
    """Nothing can be removed there, nor repaired."""
    users: Users | None = None
    """What every restic holds while it lives, for others to see; None: nobody looks."""
    run: Runner = run  # What runs restic: this worker, or another machine.

    def holding(self, descriptor: int) -> Repository:
        """The same repository, its calls holding a lock by its file descriptor."""
        return replace(self, keep_open=(*self.keep_open, descriptor))

    def waiting(self, patience: str) -> Repository:
        """The same repository, its calls waiting that long for a lock."""
        return replace(self, place=replace(self.place, patience=patience))

    def without_cache(self) -> Repository:
        """The same repository, its calls reading all from the repository: a cache hides what is damaged."""
        return replace(self, place=replace(self.place, cache=None))

    def forcing(self) -> Repository:
        """The same repository, its saves reading every file again."""
        return replace(self, force=True)

    # --- the repository itself

    def open(self) -> str:
        """Open the repository and give its id. Raise what keeps it from opening."""
        return str(self.config()["id"])

    def config(self) -> dict[str, Any]:
        """Open the repository and give what it says of itself: ``id``, ``version`` of its format."""
        return self._document(argv.cat_config(self.place), dict)

    def touch(self) -> None:
        """Write a lock and remove it, and raise what keeps that from being done."""
        self._call(argv.touch(self.place))

    def create(self, like: Repository | None = None) -> None:
        """Make the repository, cutting files like ``like`` does, so that copies share their pieces."""
        if like is None:
            self._call(argv.init(self.place))
            return
        with beside(like.place, self.place, like.facts) as (first, there):
            replace(self, place=there)._call(argv.init_like(there, first))

    def unlock(self, lives: Lives = lives_here) -> int:
        """Remove the locks of dead processes, and give how many: see `respaldo.restic.locks.remove_dead`."""
        return remove_dead(self, lives)

    def alone(self) -> AbstractContextManager[frozenset[str]]:
        """Keep others of this home from it: see `Users.alone`. Where there is no home, nobody can tell."""
        return self.users.alone() if self.users else nullcontext(frozenset())

    def lock(self, name: str) -> dict[str, Any]:
        """Give what a lock says: ``hostname``, ``pid``, ``time``."""
        return self._document(argv.cat_lock(self.place, name), dict)

    def drop_locks(self, *, every: bool = False) -> None:
        """Remove the locks that restic takes for dead; every one where it is known that all are."""
        self._call(argv.unlock(self.place, every=every))

    def listed(self, kind: str) -> frozenset[str]:
        """Name the files of a kind: ``packs``, ``index``, ``snapshots``, ``locks``."""
        said = bytearray()
        self._call(argv.listed(self.place, kind), on_output=said.extend)
        return frozenset(said.decode().split())

    # --- repairing

    def check(self) -> Checked:
        """Look at the whole structure and read all data. What is damaged is a value, all else is raised."""
        code, report = self._call(argv.check(self.place), accept=(OK, CHECK_FAILED))
        checked = Checked.read(report)
        if checked is None or (code == OK) is not checked.is_good:
            raise self._call.failure(code, report)
        return checked

    def repair_index(self) -> None:
        """Make the index anew from the packs that there are."""
        self._call(argv.repair_index(self.without_cache().place))

    def repair_packs(self, packs: Iterable[str], folder: str) -> None:
        """Save what can be read of damaged packs, and remove them.

        :param folder: takes a copy of each as it was; it must hold none of them.
        """
        self._call(argv.repair_packs(self.place, packs), folder=folder)

    def harmed_snapshots(self) -> tuple[str, ...]:
        """Give the short ids of the snapshots that miss pieces, or cannot be read themselves."""
        reader = HarmedReader()
        _, report = self._call(argv.harmed_snapshots(self.without_cache().place), on_output=reader.take)
        return reader.harmed(report)

    def prune(self) -> str:
        """Remove what no snapshot needs, and give its size in restic's words; none, if there was nothing."""
        _, report = self._call(argv.prune(self.place))
        return pruned(report)

    # --- saving

    def save_paths(
        self,
        item: str,
        paths: Sequence[str],
        marks: Marks,
        *,
        exclude: Iterable[str] = (),
        one_file_system: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Saved:
        """Save files and folders of this worker as one snapshot.

        :raises RepositoryDamagedError: pieces are missing. This snapshot is whole, earlier ones are not.
        """
        arguments = argv.backup_paths(
            self.place,
            paths,
            host=marks.host,
            tags=marks.for_item(item),
            exclude=exclude,
            one_file_system=one_file_system,
            force=self.force,
        )
        code, report = self._call(arguments, on_progress=on_progress, accept=(OK, PARTIAL))
        return self._saved(item, marks, code, report)

    def save_output(
        self,
        item: str,
        command: Sequence[str],
        filename: str,
        marks: Marks,
        *,
        environment: Mapping[str, Argument],
        on_progress: OnProgress | None = None,
    ) -> Saved:
        """Save what a command prints as one file in one snapshot.

        :raises SourceCommandError: it failed; restic keeps no snapshot then.
        :raises SourceCommandEmptyError: it printed nothing; the empty snapshot of restic's is discarded.
        """
        arguments = argv.backup_output(
            self.place, command, filename, host=marks.host, tags=marks.for_item(item)
        )
        code, report = self._call(
            arguments, environment=environment, on_progress=on_progress, accept=(OK, PARTIAL)
        )
        saved = self._saved(item, marks, code, report)
        if code == PARTIAL or saved.copy.size_bytes == 0:
            self.discard(saved.copy.snapshot_id)
            raise SourceCommandEmptyError(**self.facts, item=item, command=command[0])
        return saved

    def _saved(self, item: str, marks: Marks, code: int, report: Report) -> Saved:  # noqa: ARG002
        return read_saved(item, code, report, self.facts)

    def forget(self, snapshot_id: str) -> None:
        """Remove one snapshot from the list (its data goes with the next prune)."""
        _, report = self._call(argv.forget(self.place, snapshot_id))
        if refused(report.text):
            # restic 0.18 ends with 0 then.
            raise self._call.failure(PARTIAL, report)

    def discard(self, snapshot_id: str) -> None:
        """Remove a snapshot that is no copy. Where nothing can be removed it stays, and is verified never."""
        if not self.append_only:
            self.forget(snapshot_id)

    # --- reading back

    def snapshots(self, tags: Iterable[str] = ()) -> tuple[Snapshot, ...]:
        """List the snapshots that carry all the tags, oldest first."""
        listed = self._document(argv.snapshots(self.place, tags), list)
        return tuple(sorted(map(Snapshot.read, listed), key=lambda snapshot: snapshot.time))

    def walk(
        self, snapshot_id: str, receive: Callable[[Node], None], types: Collection[str] = ("file",)
    ) -> Snapshot:
        """Read the whole structure of a snapshot, handing on each node of the types; give the snapshot.

        :param types: regular files only, unless folders (``dir``) or links (``symlink``) are named too.
        """
        header: list[Snapshot] = []

        def take(line: bytes) -> None:
            event = parse(line.decode(errors="replace")) or {}
            match event.get("message_type"):
                case "snapshot":
                    header.append(Snapshot.read(event))
                case "node" if event.get("type") in types:
                    receive(Node.read(event))

        self._naming(snapshot=snapshot_id)(argv.ls(self.place, snapshot_id), on_output=take)
        if not header:
            raise SnapshotMissingError(**self.facts, snapshot=snapshot_id)
        return header[0]

    def restore(
        self,
        snapshot_id: str,
        target: Path,
        include: Sequence[str] = (),
        on_progress: OnProgress | None = None,
    ) -> None:
        """Restore the named paths (all if none is named) below ``target``.

        :raises TemporarySpaceError: there is no room at the target.
        """
        try:
            self._naming(snapshot=snapshot_id)(
                argv.restore(self.place, snapshot_id, str(target), include), on_progress=on_progress
            )
        except RepositoryFullError as error:
            raise TemporarySpaceError(target=target, said=error.facts.get("said", "")) from error

    def preview(
        self,
        snapshot_id: str,
        includes: Sequence[str] = (),
        *,
        target: str = NOWHERE,
        overwrite: str = "always",
        folder: str = "/",
    ) -> Preview:
        """Tell what `deliver` would do, without doing it. What is already at the target is compared.

        :raises InvalidRequestError: restic cannot read a pattern.
        """
        reader = PreviewReader()
        self._naming(snapshot=snapshot_id)(
            argv.preview(self.place, snapshot_id, target, includes, overwrite, folder),
            on_output=reader.take,
            explain=explain_patterns,
        )
        return reader.preview()

    def deliver(
        self,
        snapshot_id: str,
        target: str,
        includes: Sequence[str] = (),
        *,
        overwrite: str,
        folder: str = "/",
        on_progress: OnProgress | None = None,
    ) -> Delivered:
        """Restore below ``target`` what patterns name (all if none is named), and verify it.

        :param overwrite: ``never``, ``if-newer`` or ``always``.
        :param folder: the folder of the snapshot whose content is restored; patterns begin there.
        :raises TargetFullError: there is no room at the target.
        :raises TargetDeniedError: the target does not take it.
        :raises RestoreMismatchError: what was written reads back as something else.
        """
        _, report = self._naming(snapshot=snapshot_id)(
            argv.deliver(self.place, snapshot_id, target, includes, overwrite, folder),
            on_progress=on_progress,
            explain=explain_delivery(target, self.place.location),
        )
        return Delivered.read(report.summary)

    def stream(self, snapshot_id: str, path: str, receive: Receiver) -> None:
        """Hand on the content of one file of a snapshot, block by block, to its end.

        A folder (and ``/``, which is everything) comes as a tar archive: every block of every file in it.
        """
        self._naming(snapshot=snapshot_id)(
            argv.dump(self.place, snapshot_id, path), on_output=receive, by_line=False
        )

    def find(self, pattern: str, snapshot_ids: Sequence[str] = ()) -> tuple[Match, ...]:
        """Search for a name, a path or a pattern in these snapshots (in all if none is named).

        A folder is found with all that is in it.

        :raises SnapshotMissingError: one of them is not there. restic passes over it and ends with 0.
        :raises RepositoryDamagedError: a folder of one of them cannot be read, which restic passes over too.
        """
        # What it passes over is told among the lines of the document, or beside it.
        lines: list[str] = []
        _, report = self._call(
            argv.find(self.place, pattern, snapshot_ids),
            on_output=lambda line: lines.append(line.decode(errors="replace")),
            explain=explain_patterns,
        )
        for line in (*lines, *report.plain):
            if line.startswith("Ignoring "):
                raise SnapshotMissingError(**self.facts, snapshot=line.split('"')[1], said=line)
            if line.startswith("Unable to load tree"):
                raise RepositoryDamagedError(**self.facts, exit_code=OK, said=line.strip())
        return tuple(
            Match(hit["snapshot"], Node.read(match))
            for hit in self._read("".join(lines).encode(), list)
            for match in hit.get("matches") or ()
        )

    def saved_paths(self, snapshot_id: str) -> tuple[str, ...]:
        """Give the paths that a snapshot was made of."""
        said = bytearray()
        self._naming(snapshot=snapshot_id)(argv.cat_snapshot(self.place, snapshot_id), on_output=said.extend)
        return tuple(self._read(bytes(said), dict)["paths"])

    def read_data(self, percent: float) -> None:
        """Read a random share of all data and check it against its hashes."""
        self._call(argv.check_data(self.place, percent))

    # --- copying

    def copy_to(self, second: Repository, snapshot_ids: Sequence[str]) -> None:
        """Copy snapshots to another repository; those that are there already are left as they are.

        :raises RepositoryError: it names the repository that is at fault, of which restic tells nothing.
        """
        self._call.knock()
        with beside(self.place, second.place, self.facts) as (first, there):
            replace(second, place=there)._call(
                argv.copy(first, there, snapshot_ids), explain=explain_copy(self, second, self._call.failure)
            )

    def holds(self, file: tuple[str, str] | None) -> bool:
        """Tell whether a file is here: it is named by what lists it, and by how its name begins."""
        return file is not None and any(name.startswith(file[1]) for name in self.listed(file[0]))

    # --- inner

    @property
    def facts(self) -> dict[str, str]:
        """What names it in an error."""
        return {"repository": self.name, "location": self.place.location, "scope": self.scope_id}

    @property
    def _call(self) -> Caller:
        return self._naming()

    def _naming(self, **facts: str) -> Caller:
        keep_open = (*self.keep_open, *(self.users.join() if self.users else ()))
        return Caller(self.engine, self.place, self.facts | facts, keep_open, self.run)

    def _document(self, arguments: Sequence[Argument], kind: type[_Document]) -> _Document:
        said = bytearray()
        self._call(arguments, on_output=said.extend)
        return self._read(bytes(said), kind)

    def _read(self, said: bytes, kind: type[_Document]) -> _Document:
        """Read the one JSON document that a call printed. Success without it is no success."""
        document = document_in(said)
        if not isinstance(document, kind):
            raise UnknownEngineError(**self.facts, exit_code=OK, said=said.decode(errors="replace")[:500])
        return document
