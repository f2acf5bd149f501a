"""What a copy of Barman's folder holds: base backups, WAL, and the moments that they lead to.

It is read from the snapshot itself, so a restoration needs nothing of a Barman that may be gone.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from respaldo.domain.errors import DumpUnreadableError
from respaldo.restic.repository import Repository
from respaldo.restic.snapshots import Node

_INFO = "backup.info"
_SEGMENT = re.compile(r"[0-9A-F]{24}")
_HISTORY = re.compile(r"[0-9A-F]{8}\.history")
_BACKUP_ID = re.compile(r"\d{8}T\d{6}")
_TIMELINE_DIGITS = 8
_LOG_BYTES = 1 << 32
_INFO_LIMIT_BYTES = 4 << 20


@dataclass(frozen=True)
class Base:
    """One base backup that Barman calls done. Sizes are bytes; WAL is named by its first and last segment."""

    id: str
    folder: str
    """In the snapshot."""
    begin_wal: str
    end_wal: str
    begin_time: datetime
    end_time: datetime
    timeline: int
    version: int
    """PostgreSQL's, as it counts them: 150018 is 15.18."""
    segment_bytes: int
    tablespaces: tuple[str, ...]
    is_compressed: bool
    files: int
    size_bytes: int

    def segments(self) -> Iterator[str]:
        """Name the WAL without which it is of no use."""
        return segments(self.begin_wal, self.end_wal, self.segment_bytes)


@dataclass(frozen=True)
class Catalogue:
    """The done base backups of a copy, oldest first, and its WAL."""

    bases: tuple[Base, ...]
    wals: dict[str, Node]
    """Segments by name."""
    wals_folder: str
    histories: tuple[str, ...]
    """The files that say where timelines part."""

    @property
    def newest(self) -> Base:
        return self.bases[-1]

    @property
    def last_wal(self) -> Node:
        """The segment that was archived last."""
        return max(self.wals.values(), key=lambda node: node.mtime_ns)

    def missing(self, base: Base) -> str | None:
        """Name the first segment that a base needs and that is not there."""
        return next((name for name in base.segments() if name not in self.wals), None)

    def reach(self, base: Base) -> datetime | None:
        """Tell the last moment that a base surely leads to: the beginning of the last one after it.

        Nothing may be missing of the WAL between them. What came while that last one was made may be in WAL
        that came later: the server closes the segment that a base ends with before Barman looks at its clock.
        None: there is no base after it.
        """
        last = self._unbroken(base)
        return max(
            (
                later.begin_time
                for later in self.bases
                if later.timeline == base.timeline and base.end_wal < later.end_wal <= last
            ),
            default=None,
        )

    def gaps(self) -> tuple[str, ...]:
        """Name the WAL that is missing between bases of one timeline, a first and a last segment each."""
        return tuple(
            gap
            for first, then in zip(self.bases, self.bases[1:], strict=False)
            if first.timeline == then.timeline
            and (gap := self._gap(first.begin_wal, then.end_wal, first.segment_bytes))
        )

    def base_for(self, moment: datetime | None) -> Base | None:
        """Choose the base that leads to a moment with the least WAL; without one, the newest."""
        if moment is None:
            return self.newest
        usable = [
            one
            for one in self.bases
            if (reach := self.reach(one)) is not None and one.end_time <= moment <= reach
        ]
        return usable[-1] if usable else None

    def wal_folders(self, base: Base) -> tuple[str, ...]:
        """Name the folders of the snapshot that hold the WAL from a base on, of every timeline."""
        first = base.begin_wal[_TIMELINE_DIGITS:16]
        folders = {posixpath.dirname(node.path) for name, node in self.wals.items() if name[8:16] >= first}
        return tuple(sorted(folders))

    def wal_of(self, base: Base) -> tuple[Node, ...]:
        """Give the WAL from a base on."""
        first = base.begin_wal[_TIMELINE_DIGITS:]
        return tuple(node for name, node in self.wals.items() if name[_TIMELINE_DIGITS:] >= first)

    def chain(self, base: Base) -> tuple[str, ...]:
        """Name the segments from a base on, without a gap; none where there is a second timeline."""
        if any(name[:_TIMELINE_DIGITS] != base.begin_wal[:_TIMELINE_DIGITS] for name in self.wals):
            return ()
        return tuple(segments(base.begin_wal, self._unbroken(base), base.segment_bytes))

    def _unbroken(self, base: Base) -> str:
        """Name the last segment before the first that is missing."""
        last = base.begin_wal
        newest = max(
            (name for name in self.wals if name.startswith(base.begin_wal[:_TIMELINE_DIGITS])), default=last
        )
        for name in segments(base.begin_wal, newest, base.segment_bytes):
            if name not in self.wals:
                break
            last = name
        return last

    def _gap(self, first: str, last: str, segment_bytes: int) -> str | None:
        lost = [name for name in segments(first, last, segment_bytes) if name not in self.wals]
        return f"{lost[0]}..{lost[-1]}" if lost else None


def segments(first: str, last: str, segment_bytes: int) -> Iterator[str]:
    """Name the segments of WAL from one to another of the same timeline."""
    per_log = _LOG_BYTES // segment_bytes
    timeline = first[:_TIMELINE_DIGITS]
    for number in range(_number(first, per_log), _number(last, per_log) + 1):
        yield f"{timeline}{number // per_log:08X}{number % per_log:08X}"


def _number(name: str, per_log: int) -> int:
    return int(name[8:16], 16) * per_log + int(name[16:24], 16)


def read(item: str, snapshot_id: str, repository: Repository) -> Catalogue:
    """Read the catalogue in a snapshot.

    :raises DumpUnreadableError: there is no base backup in it that is done and has its WAL.
    """
    infos: list[Node] = []
    wals: dict[str, Node] = {}
    sizes: dict[str, list[int]] = {}
    tops: list[str] = []
    histories: list[str] = []

    def take(node: Node) -> None:
        folder, name = posixpath.split(node.path)
        if name == _INFO and _BACKUP_ID.fullmatch(posixpath.basename(folder)):
            infos.append(node)
        if _SEGMENT.fullmatch(name) and posixpath.basename(folder) == name[:16]:
            wals[name] = node
        if name == "xlog.db":
            tops.append(folder)
        if _HISTORY.fullmatch(name):
            histories.append(node.path)
        if found := _base_folder(node.path):
            count = sizes.setdefault(found, [0, 0])
            count[0] += 1
            count[1] += node.size_bytes

    repository.walk(snapshot_id, take)
    bases = [
        base for node in infos if (base := _base(item, snapshot_id, node, repository, sizes)) is not None
    ]
    catalogue = Catalogue(
        bases=tuple(sorted(bases, key=lambda base: base.id)),
        wals=wals,
        wals_folder=tops[0] if tops else "",
        histories=tuple(posixpath.basename(path) for path in histories if posixpath.dirname(path) in tops),
    )
    reason = _unfit(catalogue)
    if reason is not None:
        raise DumpUnreadableError(item=item, snapshot=snapshot_id, reason=reason)
    return catalogue


def _unfit(catalogue: Catalogue) -> str | None:
    if not catalogue.bases:
        return "no base backup that is DONE"
    if not catalogue.wals_folder:
        return "no xlog.db"
    newest = catalogue.newest
    if newest.files == 0:
        return f"{newest.id}: no files"
    missing = catalogue.missing(newest)
    return f"{newest.id}: no WAL {missing}" if missing else None


def _base_folder(path: str) -> str | None:
    """Give the folder of the base backup whose data a path is of."""
    parts = path.split("/")
    for place, part in enumerate(parts[:-2]):
        if _BACKUP_ID.fullmatch(part):
            return "/".join(parts[: place + 1])
    return None


def _base(
    item: str, snapshot_id: str, node: Node, repository: Repository, sizes: dict[str, list[int]]
) -> Base | None:
    content = bytearray()
    if node.size_bytes <= _INFO_LIMIT_BYTES:
        repository.stream(snapshot_id, node.path, content.extend)
    lines = (line.partition("=") for line in content.decode(errors="replace").splitlines())
    facts = {name.strip(): value.strip() for name, sign, value in lines if sign}
    if facts.get("status") != "DONE":
        return None
    folder = posixpath.dirname(node.path)
    files, size_bytes = sizes.get(folder, (0, 0))
    try:
        return Base(
            id=posixpath.basename(folder),
            folder=folder,
            begin_wal=_segment(facts["begin_wal"]),
            end_wal=_segment(facts["end_wal"]),
            begin_time=datetime.fromisoformat(facts["begin_time"]).astimezone(),
            end_time=datetime.fromisoformat(facts["end_time"]).astimezone(),
            timeline=int(facts["timeline"]),
            version=int(facts["version"]),
            segment_bytes=int(facts["xlog_segment_size"]),
            tablespaces=_tablespaces(facts.get("tablespaces", "None")),
            is_compressed=facts.get("compression", "None") != "None",
            files=files,
            size_bytes=size_bytes,
        )
    except (KeyError, ValueError, SyntaxError, TypeError) as error:
        reason = f"{node.path}: {error}"
        raise DumpUnreadableError(item=item, snapshot=snapshot_id, reason=reason) from error


def _segment(name: str) -> str:
    if not _SEGMENT.fullmatch(name):
        raise ValueError(name)
    return name


def _tablespaces(written: str) -> tuple[str, ...]:
    """Read the names out of Barman's list of (name, number, place)."""
    found: Sequence[tuple[str, int, str]] = ast.literal_eval(written) or ()
    return tuple(str(name) for name, _, _ in found)
