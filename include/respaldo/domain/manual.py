"""A copy that somebody made by hand: what its maker stated, and what a worker found where it can read it."""

from __future__ import annotations

from pydantic import AwareDatetime

from respaldo.domain.values import Evidence, Executed, Value

SHA256 = r"[0-9a-fA-F]{64}"


class Performed(Value):
    """What whoever made the copy stated (activity 11). Sizes are bytes."""

    by: str
    at: AwareDatetime
    """When it was stated."""
    label: str | None = None
    """None: the medium has none yet, and gets one when the copy is good."""
    medium: str | None = None
    place: str | None = None
    started_at: AwareDatetime
    ended_at: AwareDatetime
    size_bytes: int | None = None
    files: int | None = None
    checksum: str | None = None
    """SHA-256, 64 hexadecimal digits: of the one file, or of a folder's list as ``sha256sum`` prints it."""
    manifest: str | None = None
    """Path of such a list, of which each line is checked."""
    path: str | None = None
    """Where the worker can read the copy."""
    observations: str | None = None


class Measured(Value):
    """The copy as it counts from here on: what was stated, or what the worker found in its place."""

    size_bytes: int
    files: int | None = None
    checksum: str | None = None
    evidence: tuple[Evidence, ...] = ()
    unlisted: tuple[str, ...] = ()
    """Files that are in the copy and not in its maker's list."""
    saved: Executed | None = None
    """What restic keeps of it."""
    warnings: tuple[str, ...] = ()


class Inspected(Value):
    """What whoever verified the copy said of it (activity 12)."""

    by: str
    at: AwareDatetime
    observations: str | None = None
