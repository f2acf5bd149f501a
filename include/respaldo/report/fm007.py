"""What a step of a run states about its row of the form TIC-FM007."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from respaldo.domain.values import Copy, Evidence, Run, Value

State = Literal[
    "programmed", "running", "succeeded", "succeeded_with_warnings", "failed", "interrupted", "not_executed"
]
Kind = Literal["backup", "restore", "drill"]
Mode = Literal["software", "manual"]
Origin = Literal["scheduled", "unscheduled", "rerun", "requested"]
VerificationResult = Literal["good", "bad", "not_done"]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Percent = Annotated[int, Field(ge=0, le=100)]


class RowUpdate(Value):
    """Columns of ``respaldo.fm007`` that a step knows now: only those that are given are written.

    A given ``None`` empties its column. ``attempts``, ``step_seconds`` and ``console`` are merged by step
    with what the row holds. The columns are described where they are made: migrations/0002_fm007.sql.
    """

    run_key: str
    dag_id: str
    run_id: str
    scope_id: str

    scope_name: str | None = None
    department: str | None = None
    criticality: str | None = None
    mode: Mode | None = None
    kind: Kind = "backup"
    origin: Origin | None = None
    reason: str | None = None
    requester: str | None = None
    ticket: str | None = None
    rerun_of: str | None = None
    responsible: str | None = None

    state: State = "programmed"
    programmed_for: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    progress_percent: Percent | None = None

    source_kind: str | None = None
    source: str | None = None
    source_host: str | None = None
    size_bytes: Count | None = None
    files: Count | None = None
    added_bytes: Count | None = None
    stored_bytes: Count | None = None

    repository: str | None = None
    site: str | None = None
    medium: str | None = None
    copies: tuple[Copy, ...] | None = None
    second_repository: str | None = None
    second_site: str | None = None
    second_medium: str | None = None
    second_copies: tuple[Copy, ...] | None = None
    second_copied_at: AwareDatetime | None = None

    verification_methods: tuple[str, ...] | None = None
    verification_result: VerificationResult | None = None
    verification: tuple[Evidence, ...] | None = None
    verified_at: AwareDatetime | None = None

    warnings: tuple[str, ...] | None = None
    cause: str | None = None
    cause_detail: str | None = None
    failed_step: str | None = None
    corrective: str | None = None
    attempts: dict[str, int] = Field(default_factory=dict)
    step_seconds: dict[str, float] = Field(default_factory=dict)

    retention: str | None = None
    rpo_seconds: Count | None = None
    rto_seconds: Count | None = None
    observations: str | None = None
    console: dict[str, JsonValue] = Field(default_factory=dict)
    engine_version: str | None = None
    respaldo_version: str | None = None
    scope_digest: str | None = None
    worker: str | None = None

    @classmethod
    def of(cls, run: Run, **columns: object) -> Self:
        """Build the update of a run's row."""
        key = {"run_key": run.key, "dag_id": run.dag_id, "run_id": run.run_id, "scope_id": run.scope_id}
        return cls.model_validate(key | columns)

    @model_validator(mode="before")
    @classmethod
    def _hold_any_text(cls, given: object) -> object:
        return storable(given)

    def columns(self) -> dict[str, JsonValue]:
        """Return the given columns as JSON can hold them."""
        return self.model_dump(mode="json", include=self.model_fields_set)


class Fact(Value):
    """A row update, when it was stated, and the id by which it counts once."""

    event_id: UUID
    at: AwareDatetime
    row: RowUpdate

    @classmethod
    def now(cls, row: RowUpdate) -> Self:
        """State it now."""
        return cls(event_id=uuid4(), at=datetime.now(UTC), row=row)


def storable(value: object) -> object:
    r"""Make every text one that PostgreSQL can hold, deep in dicts and lists.

    A file name need not be Unicode, and a message may carry a NUL: both become visible escapes (``\udce9``,
    ``\x00``).
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
