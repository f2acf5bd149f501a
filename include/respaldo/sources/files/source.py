"""Files and folders: one item, one snapshot, verified by structure and by a random sample."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from respaldo.domain.errors import (
    ContentMismatchError,
    CountMismatchError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
)
from respaldo.domain.places import AbsolutePlace
from respaldo.domain.restoring import Delivery, Part, Restored, Wanted
from respaldo.domain.values import Copy, Evidence, Value
from respaldo.domain.verification import Verification
from respaldo.hosts.checksums import sum_file
from respaldo.restic.argv import literal
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.restic.snapshots import Node
from respaldo.sources.files import finding, listed, restoring, touching, vanished
from respaldo.sources.files.ground import Ground, ground_of
from respaldo.sources.reach import Reach

ITEM = "files"

SAMPLE_FILE_LIMIT_BYTES = 256 << 20
"""Larger files are left out of the sample: it is restored to the worker's own disk."""

RESTORED_AT_ONCE = 400
"""Paths named in one call of restic: Linux takes 2 MiB of arguments, and a path can have 4 KiB."""


def _named_somewhere(paths: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    # Where the list has a mistake of its own, that one is told.
    if not paths and info.data.get("paths_from", "") is None:
        raise PydanticCustomError("paths_missing", "paths or paths_from must name what is saved")
    return paths


class FilesSource(Value):
    """``kind: files``: paths on the worker that runs the scope, or on a machine over SSH."""

    kind: Literal["files"]
    host: Annotated[
        str | None, Field(description="Airflow connection (ssh) of the machine that they are on.")
    ] = None
    paths_from: Annotated[
        AbsolutePlace | None, Field(description="File on the worker that lists more of them, a line each.")
    ] = None
    paths: Annotated[
        tuple[AbsolutePlace, ...],
        Field(description="Absolute paths of what is saved.", validate_default=True),
        AfterValidator(_named_somewhere),
    ] = ()
    exclude: Annotated[
        tuple[str, ...], Field(description="Patterns of restic for what is left out, such as *.tmp.")
    ] = ()
    exclude_from: Annotated[
        AbsolutePlace | None, Field(description="File on the worker that lists more of them, a line each.")
    ] = None
    one_file_system: Annotated[bool, Field(description="Stay on the file systems that the paths are on.")] = (
        False
    )

    @property
    def holds(self) -> Literal["files"]:
        return "files"

    @property
    def connection(self) -> None:
        return None

    @property
    def works_on_windows(self) -> bool:
        return True

    def describe(self) -> str:
        return ", ".join((*self.paths, *(f"@{file}" for file in (self.paths_from,) if file)))

    def all_paths(self, reach: Reach) -> tuple[str, ...]:
        """Give what is saved, also what its file lists now and what that matches where the data are.

        :raises SourceUnreadableError, PathListInvalidError: the list cannot be used.
        """
        file = self.paths_from
        listed_too = listed.paths_in(file, ground_of(reach).matches) if file else ()
        return tuple(dict.fromkeys((*self.paths, *listed_too)))

    def all_excluded(self) -> tuple[str, ...]:
        """Give the patterns of what is left out, also those that their file lists now.

        :raises SourceUnreadableError, PathListInvalidError: the list cannot be used.
        """
        return (*self.exclude, *(listed.patterns_in(self.exclude_from) if self.exclude_from else ()))

    def probe(self, reach: Reach) -> None:
        """Look at each path and find at least one file. restic 0.18 passes over a missing path and says 0.

        :raises SourceMissingError: none of the paths is there.
        :raises SourcePartlyMissingError: some are there and others not: a copy would miss a part of the data.
        :raises SourceUnreadableError: a path may not be read, or is a link: restic would save only the link.
        :raises SourceEmptyError: there is no file below any of them.
        :raises PathListInvalidError: a file that lists paths or patterns cannot be used.
        """
        self._looked_at(reach)

    def _looked_at(self, reach: Reach) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Probe, and give the paths and the patterns. A list read again could name what was not looked at."""
        paths, excluded = self.all_paths(reach), self.all_excluded()
        if not paths:
            raise SourceEmptyError(source=self.describe())
        ground = ground_of(reach)
        gone = ground.gone(paths)
        if len(gone) == len(paths):
            raise SourceMissingError(path=", ".join(gone))
        if gone:
            raise SourcePartlyMissingError(missing=", ".join(gone))
        if not ground.holds_a_file(paths):
            raise SourceEmptyError(source=self.describe())
        # They change while restic reads, and are in each copy at another path.
        return paths, (*excluded, *map(literal, ground.own()))

    def items(self, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002
        return (ITEM,)

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        """Save all paths as one snapshot. What vanished before it was read is told like what cannot be read.

        :raises SourceError: what `probe` raises: a disk can be gone since, most of all in a later attempt.
        :raises SourceEmptyError: every file was left out; the snapshot without a file is removed.
        """
        paths, excluded = self._looked_at(reach)
        before = ground_of(reach).census(paths, one_file_system=self.one_file_system)
        with reach.bridge(repository) as there:
            saved = there.save_paths(
                item,
                paths,
                marks,
                exclude=excluded,
                one_file_system=self.one_file_system,
                on_progress=on_progress,
            )
        if saved.copy.files == 0:
            repository.discard(saved.copy.snapshot_id)
            raise SourceEmptyError(source=self.describe())
        missed = vanished.missed(before, saved, repository, excluded)
        # restic tells of a folder that it cannot list twice: it counts the files while it reads them.
        warnings = tuple(dict.fromkeys((*saved.warnings, *missed)))
        return replace(saved, warnings=warnings, notes=(*saved.notes, *before.notes()))

    def taken_over(self, item: str, reach: Reach) -> None:
        """Nothing: which files could not be read is not in the snapshot. It makes saving them again quick."""

    def verify(
        self, copy: Copy, repository: Repository, wanted: Verification, reach: Reach, scratch: str
    ) -> tuple[Evidence, ...]:
        sample = _Sample(wanted.probe_files, seed=copy.snapshot_id)
        structure = _verify_structure(copy, repository, sample)
        if not sample.nodes:
            return (structure,)
        paths = [node.path for node in sample.nodes]
        for first in range(0, len(paths), RESTORED_AT_ONCE):
            repository.restore(copy.snapshot_id, Path(scratch), paths[first : first + RESTORED_AT_ONCE])
        return (structure, _compare(copy, sample.nodes, ground_of(reach), scratch))

    def find(
        self,
        wanted: Wanted,
        copies: Sequence[Copy],
        repository: Repository,
        recorded: Sequence[Evidence],  # noqa: ARG002
    ) -> tuple[Part, ...]:
        """Find absolute paths and restic's patterns; with nothing named, everything is meant."""
        return finding.find(wanted, copies, repository)

    def touches(
        self,
        parts: Sequence[Part],
        delivery: Delivery,
        reach: Reach,
    ) -> tuple[str, ...]:
        return touching.touches(parts, delivery, self._live_paths(delivery, reach), reach)

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:  # noqa: ARG002
        return finding.read(part, repository)

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,
        scratch: str,  # noqa: ARG002
        on_progress: OnProgress,
    ) -> Restored:
        paths = self._live_paths(delivery, reach)
        return restoring.restore(part, repository, delivery, paths, reach, on_progress)

    def _live_paths(self, delivery: Delivery, reach: Reach) -> tuple[str, ...]:
        """Give what a delivery could change. What goes to the staging folder changes nothing."""
        return () if delivery.destination.kind in ("staging", "database") else self.all_paths(reach)


class _Sample:
    """Keeps ``size`` files of a listing of any length, each file as likely as any other."""

    def __init__(self, size: int, seed: str) -> None:
        self.nodes: list[Node] = []
        self.files = 0
        self.size_bytes = 0
        self._size = size
        self._eligible = 0
        # A retry looks at the same files: the seed is the snapshot's id, which nobody chooses.
        self._random = random.Random(seed)  # noqa: S311

    def take(self, node: Node) -> None:
        self.files += 1
        self.size_bytes += node.size_bytes
        # A name that is not UTF-8 cannot be asked for: JSON replaced its bytes.
        if node.size_bytes > SAMPLE_FILE_LIMIT_BYTES or "\ufffd" in node.path:
            return
        self._eligible += 1
        if len(self.nodes) < self._size:
            self.nodes.append(node)
        elif (place := self._random.randrange(self._eligible)) < self._size:
            self.nodes[place] = node


def _verify_structure(copy: Copy, repository: Repository, sample: _Sample) -> Evidence:
    """Read every folder of the snapshot and count: what restic summed up while saving must be there."""
    snapshot = repository.walk(copy.snapshot_id, sample.take)
    found, expected = (sample.files, sample.size_bytes), (copy.files, copy.size_bytes)
    if found != expected:
        raise CountMismatchError(
            snapshot=copy.snapshot_id,
            files=found[0],
            expected_files=expected[0],
            size_bytes=found[1],
            expected_bytes=expected[1],
        )
    return Evidence(
        method="structure",
        item=copy.item,
        facts={"tree": snapshot.tree, "files": sample.files, "size_bytes": sample.size_bytes},
    )


def _compare(copy: Copy, nodes: list[Node], ground: Ground, scratch: str) -> Evidence:
    """Compare restored files with the source by hash, where the source did not change since."""
    equal = 0
    for node, live in zip(nodes, ground.hashes(nodes), strict=True):
        restored = Path(scratch + node.path)
        if not restored.is_file() or restored.stat().st_size != node.size_bytes:
            raise ContentMismatchError(snapshot=copy.snapshot_id, path=node.path)
        if live is not None and live != sum_file(restored)[1]:
            raise ContentMismatchError(snapshot=copy.snapshot_id, path=node.path)
        equal += live is not None
    return Evidence(
        method="sample",
        item=copy.item,
        facts={"restored": len(nodes), "equal": equal, "changed_since": len(nodes) - equal},
    )
