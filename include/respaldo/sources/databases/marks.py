"""The mark on a database that a restoration made: by it a later attempt knows its own.

It is a line of the database's comment, below what somebody wrote there.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field

_PREFIX = "respaldo:"
_LINE = re.compile(rf"^{_PREFIX}(\S+) (\S+) (\{{.*\}})$", re.MULTILINE)
_LONGEST_NAME = 63
"""In bytes: PostgreSQL cuts what is longer, without a word that a program would notice."""
_KEY_LENGTH = 8


@dataclass(frozen=True)
class Mark:
    """Which request made a database of which snapshot; ``facts`` are there once it is compared."""

    key: str
    snapshot_id: str
    facts: dict[str, int | str] = field(default_factory=dict)

    def added_to(self, comment: str) -> str:
        """Give a comment with this mark instead of any other."""
        written = without_mark(comment)
        mark = f"{_PREFIX}{self.key} {self.snapshot_id} {json.dumps(self.facts)}"
        return f"{written}\n{mark}" if written.strip("\n") else mark

    def same_as(self, other: Mark | None) -> bool:
        """Tell whether both are of one request and one snapshot."""
        return other is not None and (self.key, self.snapshot_id) == (other.key, other.snapshot_id)


def without_mark(comment: str) -> str:
    """Give what somebody wrote there."""
    return "\n".join(line for line in comment.split("\n") if not line.startswith(_PREFIX))


def mark_in(comment: str | None) -> Mark | None:
    """Read the mark in a comment, if there is one."""
    found = _LINE.search(comment or "")
    try:
        return Mark(found[1], found[2], json.loads(found[3])) if found else None
    except ValueError:
        # Somebody wrote a comment that only looks like one.
        return None


def name_with(database: str, word: str, key: str) -> str:
    """Name a database after another: ``erp_restore_0f3a92c1``. What is too long is cut, and told apart."""
    suffix = f"_{word}_{key[:_KEY_LENGTH]}"
    whole = database.encode()
    if len(whole) + len(suffix) > _LONGEST_NAME:
        suffix = f"_{hashlib.sha256(whole).hexdigest()[:6]}{suffix}"
    return whole[: _LONGEST_NAME - len(suffix)].decode(errors="ignore") + suffix
