"""What a snapshot is marked with, and what making one gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from respaldo.domain.values import Copy
from respaldo.restic.snapshots import item_tag


@dataclass(frozen=True)
class Marks:
    """What a snapshot is marked with: the host that its data is of, and the tags of its run."""

    host: str
    tags: tuple[str, ...]

    def for_item(self, item: str) -> tuple[str, ...]:
        return (*self.tags, item_tag(item))


@dataclass(frozen=True)
class Saved:
    """One new snapshot, what could not be read on the way, and restic's own summary."""

    copy: Copy
    warnings: tuple[str, ...]
    console: dict[str, Any]
