"""Files as one archive that `tar` writes where they are: for machines where nothing else may run."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from respaldo.domain.errors import (
    InvalidRequestError,
    NotInCopyError,
    RestoreMismatchError,
    TargetFullError,
)
from respaldo.domain.places import AbsolutePlace
from respaldo.domain.quantities import Duration
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.domain.verification import Verification
from respaldo.restic.call import OnProgress
from respaldo.restic.delivering import free_bytes
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources import one_file
from respaldo.sources.disk import WorkerDisk, is_amid
from respaldo.sources.nearness import Nearness, best_of
from respaldo.sources.output import Expected, OutputSource, Program
from respaldo.sources.output.checker_program import OutputCheck
from respaldo.sources.reach import Reach
from respaldo.sources.tar import line
from respaldo.sources.tar.extracting import Extraction, merge
from respaldo.sources.tar.reading import Take, read_through
from respaldo.sources.tar.selection import Selection, path_of

ITEM = "files.tar"


class TarSource(OutputSource):
    """``kind: tar``: paths that `tar` reads, on the worker that runs the scope or on another machine."""

    kind: Literal["tar"]
    paths: Annotated[
        tuple[AbsolutePlace, ...], Field(min_length=1, description="Absolute paths of what is saved.")
    ]
    exclude: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(description="Patterns of tar for what is left out: *.tmp, or an absolute path."),
    ] = ()
    one_file_system: Annotated[bool, Field(description="Stay on the file systems that the paths are on.")] = (
        False
    )
    within: Annotated[Duration, Field(description="How long tar may take.")] = timedelta(hours=12)

    def describe(self) -> str:
        return ", ".join(self.paths)

    @property
    def file_name(self) -> str:
        return ITEM

    def argv(self, reach: Reach) -> tuple[str, ...]:
        return line.archiving(self._asked, line.flavour(reach))

    @property
    def expected(self) -> Expected:
        """A whole archive with a file in it."""
        return Expected(archive=True)

    def probe(self, reach: Reach) -> None:
        """Have `tar` look at each path, where they are.

        :raises SourceMissingError, SourcePartlyMissingError: some, or all, are not there.
        :raises SourceUnreadableError: one cannot be read, is a link, or this `tar` does not know an option.
        :raises HostError: their machine does not let us in.
        """
        line.probe(self._asked, line.flavour(reach), reach)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        """Save all paths as one archive. What changed or vanished while `tar` read it is told.

        :raises SourceError: what `probe` raises, and what any program's output can have wrong.
        :raises SourceEmptyError: there is no file below any of them; nothing is kept of it.
        """
        kind = line.flavour(reach)
        line.probe(self._asked, kind, reach)
        program = Program(
            argv=line.archiving(self._asked, kind), passing=line.PASSING[kind], env=line.ENGLISH
        )
        saved, verdict = self._saved(program, item, repository, marks, reach, on_progress)
        told = line.complaints(verdict.get("lines", ()), verdict.get("lines_in_all", 0))
        return replace(saved, warnings=(*saved.warnings, *told))

    def taken_over(self, item: str, reach: Reach) -> None:
        """Nothing: what `tar` could not read is not in the snapshot."""

    def verify(
        self,
        copy: Copy,
        repository: Repository,
        wanted: Verification,  # noqa: ARG002  (all of it is read)
        reach: Reach,  # noqa: ARG002  (what is live is not looked at)
        scratch: str,  # noqa: ARG002  (nothing of it is put on disk)
    ) -> tuple[Evidence, ...]:
        """Read the archive to its end: each header is whole, each file as long as it says.

        :raises DumpUnreadableError: it is not, or not of the size that was saved.
        """
        found = self._checked(copy.item, copy.snapshot_id, repository, copy.size_bytes)
        facts = {
            "files": found["files"], "size_bytes": found["content_bytes"], "sha256": found["sha256"],
        }  # fmt: skip
        return (Evidence(method="structure", item=copy.item, facts=facts),)

    def find(
        self,
        wanted: Wanted,
        copies: Sequence[Copy],
        repository: Repository,
        recorded: Sequence[Evidence],
    ) -> tuple[Part, ...]:
        """Find absolute paths and restic's patterns in the archive; with nothing named, everything is meant.

        :raises NotInCopyError: one of them matches nothing; the error offers the nearest names.
        """
        if wanted.databases or wanted.schemas or wanted.tables:
            raise InvalidRequestError(problem="files_only")
        selection = Selection(wanted.paths)
        sums = {one.item: str(one.facts["sha256"]) for one in recorded if "sha256" in one.facts}
        return tuple(self._found(copy, selection, repository, sums.get(copy.item)) for copy in copies)

    def touches(
        self,
        parts: Sequence[Part],  # noqa: ARG002
        delivery: Delivery,
        reach: Reach,  # noqa: ARG002
    ) -> tuple[str, ...]:
        """Name a folder of the worker that holds, or is in, what the scope saves there.

        Anything else is not touched: files are given back on the worker, and only where none is.

        :raises InvalidRequestError: they are to go to their original place, or into a database.
        """
        if delivery.destination.kind == "original":
            raise InvalidRequestError(problem="tar_original")
        folder = str(one_file.folder_of(delivery))
        is_live = (
            delivery.destination.kind == "path"
            and self.host is None
            and is_amid(folder, self.paths, WorkerDisk())
        )
        return (folder,) if is_live else ()

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:  # noqa: ARG002
        found = self._checked(part.item, part.snapshot_id, repository)
        return Evidence(method="read_data", item=part.item, facts={"size_bytes": found["size_bytes"]})

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,
        scratch: str,  # noqa: ARG002  (it is written beside its place)
        on_progress: OnProgress,
    ) -> Restored:
        """Write the files beside their place, compare each with the archive, and only then put them there.

        :raises DumpUnreadableError: the archive is not the one that was verified.
        :raises TargetOccupiedError, TargetFullError, TargetDeniedError: the destination does not take it.
        :raises RestoreMismatchError: what was written reads back as something else.
        """
        self.touches([part], delivery, reach)
        folder = one_file.folder_of(delivery)
        beside = folder / f".respaldo-{delivery.key}.partial"
        try:
            with one_file.told(beside, part.size_bytes):
                self._make_room(part, beside)
                extraction = self._extracted(part, repository, beside)
                merge(beside, folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        on_progress(one_file.all_done(files=part.files, size_bytes=part.size_bytes))
        facts: dict[str, int | str] = {"files": extraction.files, "size_bytes": extraction.size_bytes}
        return Restored(
            where=(str(folder),),
            files=extraction.files,
            size_bytes=extraction.size_bytes,
            evidence=(Evidence(method="restored", item=part.item, facts=facts),),
        )

    @property
    def _asked(self) -> line.Asked:
        return line.Asked(paths=self.paths, exclude=self.exclude, one_file_system=self.one_file_system)

    def _found(self, copy: Copy, selection: Selection, repository: Repository, sha256: str | None) -> Part:
        missing = dict.fromkeys(selection.wanted)
        searches = [Nearness(one) for one in missing]
        files, size_bytes = 0, 0

        def take(_: tarfile.TarFile, member: tarfile.TarInfo) -> None:
            nonlocal files, size_bytes
            path = path_of(member.name)
            for search in searches:
                if path.isprintable():
                    search.take(path)
            if path in selection:
                for one in selection.matching(path):
                    missing.pop(one, None)
                files += member.isreg() or member.islnk()
                size_bytes += member.size if member.isreg() else 0

        found = self._read_through(copy.item, copy.snapshot_id, repository, take, sha256)
        if missing:
            raise NotInCopyError(
                snapshot=copy.snapshot_id, missing=", ".join(missing), nearest=", ".join(best_of(searches))
            )
        return Part(
            item=copy.item,
            snapshot_id=copy.snapshot_id,
            includes=selection.wanted,
            files=files,
            size_bytes=size_bytes,
            sha256=found["sha256"],
        )

    def _make_room(self, part: Part, beside: Path) -> None:
        # What a killed attempt left is written anew.
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700, parents=True)
        free = free_bytes(str(beside))
        if free is not None and free < part.size_bytes:
            raise TargetFullError(target=beside.parent, needed=part.size_bytes, free=free, said="")

    def _extracted(self, part: Part, repository: Repository, beside: Path) -> Extraction:
        extraction = Extraction(beside, Selection(part.includes))
        for take in (extraction.take, extraction.take_waiting):
            self._read_through(part.item, part.snapshot_id, repository, take, part.sha256)
        extraction.finish()
        given = (extraction.files, extraction.size_bytes)
        if given[0] != part.files or given[1] < part.size_bytes or extraction.waiting:
            raise RestoreMismatchError(
                target=beside.parent, what="files", expected=part.files, actual=extraction.files
            )
        return extraction

    def _read_through(
        self, item: str, snapshot_id: str, repository: Repository, take: Take, sha256: str | None
    ) -> dict[str, int | str]:
        return read_through(
            item,
            snapshot_id,
            partial(repository.stream, snapshot_id, f"/{item}"),
            OutputCheck(self.expected.model_dump()),
            take,
            sha256,
        )
