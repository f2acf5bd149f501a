"""What a step of a run states about its row of the form TIC-FM007."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, JsonValue

from respaldo.domain.contracts import State as ContractState
from respaldo.domain.values import Applied, Copy, Evidence
from respaldo.report.row import Count, RunRow

State = Literal[
    "programmed", "running", "succeeded", "succeeded_with_warnings", "failed", "interrupted", "not_executed"
]
GOOD: tuple[State, ...] = ("succeeded", "succeeded_with_warnings")
"""States of a run that left a good copy."""

Kind = Literal["backup", "restore", "drill"]
Mode = Literal["software", "manual"]
Origin = Literal["scheduled", "unscheduled", "rerun", "requested"]
VerificationResult = Literal["good", "bad", "not_done"]
Percent = Annotated[int, Field(ge=0, le=100)]


class RowUpdate(RunRow):
    """Columns of ``respaldo.fm007`` that a step knows now.

    ``attempts``, ``step_seconds`` and ``console`` are merged by step with what the row holds. ``applied`` is
    the whole run's list whenever it is given.
    """

    TABLE: ClassVar[str] = "fm007"
    KEY: ClassVar[str] = "run_key"
    MERGED: ClassVar[frozenset[str]] = frozenset({"attempts", "step_seconds", "console"})
    REASON: ClassVar[frozenset[str]] = frozenset({"cause", "cause_detail", "failed_step", "corrective"})
    OUTCOME: ClassVar[frozenset[str]] = frozenset({"state", "ended_at"}) | REASON

    run_key: str

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
    request_key: str | None = None
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
    applied: tuple[Applied, ...] | None = None
    attempts: dict[str, int] = Field(default_factory=dict)
    step_seconds: dict[str, float] = Field(default_factory=dict)

    performed_by: str | None = None
    verified_by: str | None = None
    checksum: str | None = None
    contract: str | None = None
    contract_state: ContractState | None = None

    retention: str | None = None
    rpo_seconds: Count | None = None
    rto_seconds: Count | None = None
    observations: str | None = None
    console: dict[str, JsonValue] = Field(default_factory=dict)
    engine_version: str | None = None
    respaldo_version: str | None = None
    scope_digest: str | None = None
    worker: str | None = None
