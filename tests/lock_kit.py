"""restic commands that lock a repository until their input ends: nobody has to catch one in its moment."""

from __future__ import annotations

from pathlib import Path

SHARED = ("backup", "--stdin")
EXCLUSIVE = ("key", "passwd")

NAME = 64
"""Characters in the name of a lock: one that is still being written has another."""


def written(locks: Path) -> frozenset[str]:
    """Name the locks in a repository's folder of them."""
    return frozenset(path.name for path in locks.iterdir() if len(path.name) == NAME)
