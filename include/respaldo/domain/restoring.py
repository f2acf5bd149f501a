"""The values of a restoration: what is asked for, where it goes, what was found, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from respaldo.domain.values import Copy, Evidence, Value

Which = Literal["first", "second"]
"""The copy in the scope's repository, or the one at the secondary site (activity 24)."""

Holds = Literal["files", "databases", "server"]
"""What copies are of. A whole server comes back as a whole, beside what is there, and as of a moment."""

Overwrite = Literal["never", "if_newer", "always"]
"""What becomes of a file that is there already: it stays, the newer one stays, or the copy replaces it."""


class Wanted(Value):
    """What is to be given back. With nothing named, everything is."""

    paths: tuple[str, ...] = ()
    """Absolute paths, or patterns as restic's ``--include`` takes them."""
    databases: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    """``schema.table``, or ``table`` in the schema ``public``."""
    moment: AwareDatetime | None = None
    """As of when, within what one copy holds (whole servers); without it, as of the copy's end."""


class Destination(Value):
    """Where it is to go.

    ``staging``: a folder or a database of its own, which harms nothing. ``original``: where it came from.
    ``path``: below the folder ``target``. ``database``: the database ``target`` of the same server.
    """

    kind: Literal["staging", "original", "path", "database"] = "staging"
    target: str | None = None
    overwrite: Overwrite = "never"


class Delivery(Value):
    """A destination as one request has it.

    ``key`` names what is made for the request; ``staging`` is a folder of its own, made when it is needed.
    """

    destination: Destination
    key: str
    staging: str


class KnownCopy(Value):
    """A run's verified copies, as the report knows them: what must be in the repositories."""

    run_key: str
    run_id: str
    number: int
    taken_at: AwareDatetime
    state: str
    files: int
    size_bytes: int
    repository: str
    copies: tuple[Copy, ...]
    second_repository: str | None = None
    second_copies: tuple[Copy, ...] = ()
    verification: tuple[Evidence, ...] = ()

    def place(self, which: Which) -> tuple[str | None, tuple[Copy, ...]]:
        """Give the repository and the copies in it."""
        if which == "first":
            return self.repository, self.copies
        return self.second_repository, self.second_copies


class Part(Value):
    """What one snapshot holds of what is asked for. Sizes are those of the restored data, in bytes."""

    item: str
    snapshot_id: str
    includes: tuple[str, ...] = ()
    """What of the snapshot; none: all of it. Each kind of source has its own form for them."""
    roots: tuple[str, ...] = ()
    """The paths that the snapshot was made of (files). The scope's may be others by now."""
    files: int = Field(default=0, ge=0)
    size_bytes: int = Field(default=0, ge=0)
    rows: dict[str, int] = Field(default_factory=dict)
    """Rows of each table as they were counted when the copy was verified (databases)."""
    sha256: str | None = None
    """Of its one file, as it was when the copy was verified (kinds whose copies are one file each)."""


class Identified(Value):
    """The copy that a request is answered from (activities 19 and 20)."""

    which: Which
    repository: str
    run_key: str
    number: int
    taken_at: AwareDatetime
    parts: tuple[Part, ...]
    touches: tuple[str, ...] = ()
    """Live data that the restoration would change. None: it can harm nothing."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def files(self) -> int:
        return sum(part.files for part in self.parts)

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


class Restored(Value):
    """What a restoration left, and how it was verified (activity 22)."""

    where: tuple[str, ...]
    """Folders or databases, as people have to look for them."""
    files: int = 0
    size_bytes: int = 0
    evidence: tuple[Evidence, ...] = ()
    kept: tuple[str, ...] = ()
    """What was there before and is still kept, under the name that it has now (databases)."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
