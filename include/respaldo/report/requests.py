"""What a step states about the row of a restore request."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, field_validator

from respaldo.domain.requests import Analysis, Decision, Finding, Outcome, State
from respaldo.domain.restoring import Identified, Overwrite, Restored, Wanted, Which
from respaldo.domain.values import Value
from respaldo.report.row import Count, RunRow

DestinationKind = Literal["staging", "original", "path", "database"]
Decided = Literal["analyse", "authorize", "second_authorize", "accept", "second_accept"]
"""The steps that wait for a person."""
InformedBy = Literal["mail", "not_configured", "failed", "no_address"]
"""How the requester was told, or why the message went no further than the row."""


class IdentifiedCopy(Value):
    """What the row keeps of the copy that a request is answered from. Sizes are in bytes."""

    repository: str
    run_key: str
    number: int
    taken_at: AwareDatetime
    files: Count
    size_bytes: Count
    snapshots: tuple[str, ...]

    @classmethod
    def of(cls, identified: Identified) -> Self:
        """Leave out what each part of the copy holds."""
        return cls(
            repository=identified.repository,
            run_key=identified.run_key,
            number=identified.number,
            taken_at=identified.taken_at,
            files=identified.files,
            size_bytes=identified.size_bytes,
            snapshots=tuple(dict.fromkeys(part.snapshot_id for part in identified.parts)),
        )


class RequestUpdate(RunRow):
    """Columns of ``respaldo.restore_request`` that a step knows now.

    ``decisions``, ``attempts`` and ``step_seconds`` are merged by step with what the row holds; ``findings``,
    ``identified`` and ``restored`` by copy. ``identified`` may be given whole: only its sum is kept.
    """

    TABLE: ClassVar[str] = "restore_request"
    KEY: ClassVar[str] = "request_key"
    MERGED: ClassVar[frozenset[str]] = frozenset(
        {"decisions", "findings", "identified", "restored", "attempts", "step_seconds"}
    )
    OUTCOME: ClassVar[frozenset[str]] = frozenset(
        {"state", "outcome", "ended_at", "cause", "cause_detail", "failed_step", "corrective"}
    )

    request_key: str

    scope_name: str | None = None
    requested_at: AwareDatetime | None = None
    requester: str | None = None
    email: str | None = None
    department: str | None = None
    ticket: str | None = None
    what_happened: str | None = None
    asked_by: str | None = None

    wanted: Wanted | None = None
    as_of: AwareDatetime | None = None
    snapshot: str | None = None
    destination_kind: DestinationKind | None = None
    destination: str | None = None
    overwrite: Overwrite | None = None

    state: State = "registered"
    outcome: Outcome | None = None
    analysis: Analysis | None = None
    decisions: dict[Decided, Decision] = Field(default_factory=dict)
    findings: dict[Which, Finding] = Field(default_factory=dict)
    identified: dict[Which, IdentifiedCopy] = Field(default_factory=dict)
    restored: dict[Which, Restored] = Field(default_factory=dict)

    safety_backup: str | None = None
    unscheduled_backup: str | None = None
    rerun: str | None = None

    started_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    rto_seconds: Count | None = None
    attempts: dict[str, int] = Field(default_factory=dict)
    step_seconds: dict[str, float] = Field(default_factory=dict)

    cause: str | None = None
    cause_detail: str | None = None
    failed_step: str | None = None
    corrective: str | None = None

    informed_at: AwareDatetime | None = None
    informed_by: InformedBy | None = None
    informed_detail: str | None = None
    message: str | None = None

    respaldo_version: str | None = None
    worker: str | None = None

    @field_validator("identified", mode="before")
    @classmethod
    def _sum_up(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {
            which: IdentifiedCopy.of(copy) if isinstance(copy, Identified) else copy
            for which, copy in given.items()
        }
