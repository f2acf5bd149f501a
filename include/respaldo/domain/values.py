"""The values that travel between the steps of a run: frozen, small, and free of secrets."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr


class Value(BaseModel):
    """A frozen value with no unknown fields: the base of all that is configured or passed on."""

    model_config = ConfigDict(frozen=True, extra="forbid")


RUN_TAG = "run:"
"""What the tag begins with that names a snapshot's run."""


def scope_tag(scope_id: str) -> str:
    """Give the tag that names a snapshot's scope."""
    return f"scope:{scope_id}"


class Run(Value):
    """One run of one scope's DAG, and which attempt at one of its steps this is (1 is the first)."""

    dag_id: str
    run_id: str
    scope_id: str
    attempt: int = 1

    @property
    def key(self) -> str:
        """A short name for the run that is safe in a restic tag: 16 hexadecimal digits."""
        return hashlib.sha256(f"{self.dag_id}/{self.run_id}".encode()).hexdigest()[:16]

    @property
    def tags(self) -> tuple[str, str]:
        """The tags of every snapshot of this run, by which a retry finds its own."""
        return (scope_tag(self.scope_id), f"{RUN_TAG}{self.key}")


class Endpoint(Value):
    """Where a server is and how to enter it: an Airflow connection, without Airflow.

    ``host`` may be the folder of a UNIX socket, as libpq understands it, or MariaDB's socket itself.
    """

    name: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: SecretStr | None = None
    database: str | None = None


Remedy = Literal["unlock", "new_cache", "prune", "repair", "rerun"]
"""What Respaldo can do about a failure itself: remove the lock of a dead process, begin a new cache, remove
what an aborted upload left, repair a repository and copy again what it lost, run the scope again."""


class Applied(Value):
    """A corrective that Respaldo applied itself, during a step of a run (activity 15)."""

    remedy: Remedy
    cause: str
    """Code of the cause that it answers."""
    step: str
    at: AwareDatetime
    facts: dict[str, int | str | tuple[str, ...]] = {}
    """What it did: how many packs were repaired, which old snapshots stay harmed."""


class Copy(Value):
    """One item of a scope (its files, one database) in one snapshot of one repository."""

    item: str
    snapshot_id: str
    files: int
    size_bytes: int
    added_bytes: int = 0
    stored_bytes: int = 0


class PreviousCopy(Value):
    """The last good copy of a scope, as the report knows it: the measure for a shrunken one."""

    run_id: str
    ended_at: datetime
    files: int | None
    """None: who made it did not say."""
    size_bytes: int


class Planned(Value):
    """What ``plan`` found (activities 1, 4, 6)."""

    previous: PreviousCopy | None = None
    new_repositories: tuple[str, ...] = ()
    """Repositories in which the report knows no copy of this scope: only these may be created. One that is
    not there although copies were left in it is lost, and an empty one in its place would hide that."""
    warnings: tuple[str, ...] = ()
    """What is to be known though the run goes on, as a contract that has lapsed."""


class Executed(Value):
    """What ``execute`` made (activities 7, 11)."""

    copies: tuple[Copy, ...]
    warnings: tuple[str, ...] = ()
    missed: int = 0
    """Files that are not in the copies: they could not be read, or vanished while they were to be read."""
    console: tuple[dict[str, Any], ...] = ()
    """The engine's own summary of each copy: the record of the backup console."""
    applied: tuple[Applied, ...] = ()
    superseded: tuple[str, ...] = ()
    """Snapshots that earlier attempts of the run left: they go when these are verified."""
    started_at: datetime
    ended_at: datetime

    @property
    def files(self) -> int:
        return sum(copy.files for copy in self.copies)

    @property
    def size_bytes(self) -> int:
        return sum(copy.size_bytes for copy in self.copies)


class Evidence(Value):
    """One way in which a copy was verified, and what it showed (activity 12)."""

    method: Literal[
        "structure",
        "sample",
        "dump",
        "shrink",
        "read_data",
        "restored",
        "compared",
        "inspected",
        "checksum",
        "console",
        "archive",
    ]
    item: str
    facts: dict[str, int | str] = {}
    rows: dict[str, int] = {}
    """Rows of each table (``schema.table``) in a dump: what a restored database is compared with."""


class Verified(Value):
    """The result of ``verify``: it names its copies, and each way they were looked at."""

    evidence: tuple[Evidence, ...]


class Copied(Value):
    """What ``copy`` left in the second repository, proven by listing it."""

    repository: str
    copies: tuple[Copy, ...]
    applied: tuple[Applied, ...] = ()
    warnings: tuple[str, ...] = ()
