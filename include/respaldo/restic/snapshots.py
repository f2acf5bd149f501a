"""Snapshots and the files in them, as restic lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from respaldo.domain.values import RUN_TAG, Copy

_ITEM = "item:"
_TIMESTAMP = re.compile(r"(.+?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Node:
    """One file, folder or link in a snapshot. The modification time is in nanoseconds since 1970."""

    path: str
    size_bytes: int
    mtime_ns: int
    type: str = "file"

    @classmethod
    def read(cls, listed: dict[str, Any]) -> Node:
        return cls(listed["path"], listed.get("size", 0), nanoseconds(listed["mtime"]), listed["type"])


@dataclass(frozen=True)
class Match:
    """Something that a search found, and the snapshot that holds it."""

    snapshot_id: str
    node: Node


@dataclass(frozen=True)
class Snapshot:
    """One snapshot: whose it is stands in its tags, what it was copied from in ``original``."""

    id: str
    tree: str
    time: datetime
    tags: tuple[str, ...]
    original: str | None
    summary: dict[str, Any]

    @classmethod
    def read(cls, listed: dict[str, Any]) -> Snapshot:
        return cls(
            id=listed["id"],
            tree=listed["tree"],
            time=datetime.fromisoformat(listed["time"]),
            tags=tuple(listed.get("tags") or ()),
            original=listed.get("original"),
            summary=listed.get("summary") or {},
        )

    @property
    def item(self) -> str:
        return next((unquote(tag.removeprefix(_ITEM)) for tag in self.tags if tag.startswith(_ITEM)), "")

    @property
    def run_key(self) -> str:
        """The key of the run that made it; empty when no run did."""
        return next((tag.removeprefix(RUN_TAG) for tag in self.tags if tag.startswith(RUN_TAG)), "")

    def as_copy(self) -> Copy:
        return copy_of(self.item, self.id, self.summary)


def nanoseconds(timestamp: str) -> int:
    """Read restic's timestamps to the last digit: `datetime` stops at microseconds."""
    found = _TIMESTAMP.fullmatch(timestamp)
    if found is None:
        raise ValueError(timestamp)
    whole, fraction, zone = found.groups()
    seconds = round(datetime.fromisoformat(whole + zone).timestamp())
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


def item_tag(item: str) -> str:
    """Name an item in a tag: restic splits tags at commas, so what is not plain is percent-encoded."""
    return _ITEM + quote(item, safe=" ")


def copy_of(item: str, snapshot_id: str, summary: dict[str, Any]) -> Copy:
    """Describe a copy by the summary that restic printed for it or keeps in it."""
    return Copy(
        item=item,
        snapshot_id=snapshot_id,
        files=summary.get("total_files_processed", 0),
        size_bytes=summary.get("total_bytes_processed", 0),
        added_bytes=summary.get("data_added", 0),
        stored_bytes=summary.get("data_added_packed", 0),
    )
