"""A restore request, and the rules of its way through activities 17 to 26: pure, without Airflow.

The procedure prints jumps that contradict its text; the ways taken here are those of our reading:
18 no → 21 or 25, 20 yes → 22, 20 no → 15 and 24, 23 yes → 25, 23 no → 24.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from respaldo.domain.restoring import Destination, Wanted, Which
from respaldo.domain.values import Value

Outcome = Literal[
    "satisfied",
    "not_satisfied",
    "not_in_copy",
    "backup_done",
    "backup_failed",
    "not_applicable",
    "not_authorized",
    "unanswered",
    "failed",
]
"""How a request ended. Only ``satisfied``, ``backup_done``, ``not_applicable`` and ``not_authorized`` are
what somebody wanted: every other one makes the run red."""

State = Literal["registered", "analysing", "restoring", "accepting", "backing_up", "closed"]
"""What a request is waiting for."""

GOOD_OUTCOMES: frozenset[Outcome] = frozenset(
    {"satisfied", "backup_done", "not_applicable", "not_authorized"}
)

Analysis = Literal["restoration", "unscheduled_backup", "not_applicable"]
CopyState = Literal["good", "bad", "absent"]
"""``absent``: the copy is there and does not hold what is asked for: a second copy would not either."""

_SNAPSHOT = re.compile(r"[0-9a-f]{8,64}")


def _snapshot(text: str) -> str:
    if not _SNAPSHOT.fullmatch(text):
        raise PydanticCustomError("snapshot_invalid", "not the id of a snapshot")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class RestoreRequest(Value):
    """What a requirement asks for, by the form or over REST (activity 17)."""

    requester: Line
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)] | None = None
    department: Line | None = None
    ticket: Line | None = None
    what_happened: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    scope_id: str
    wanted: Wanted = Wanted()
    as_of: AwareDatetime | None = None
    snapshot: Annotated[str, AfterValidator(_snapshot)] | None = None
    destination: Destination = Destination()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        """Refuse what contradicts itself: the codes are keys of ``respaldo.texts.requests``."""
        if self.as_of is not None and self.snapshot is not None:
            raise PydanticCustomError("moment_and_snapshot", "name a moment or a snapshot, not both")
        destination = self.destination
        if destination.kind in ("path", "database") and not destination.target:
            raise PydanticCustomError("target_missing", "this destination needs a target")
        if destination.kind in ("staging", "original") and destination.target:
            raise PydanticCustomError("target_unused", "this destination takes no target")
        if destination.kind == "path" and not str(destination.target).startswith("/"):
            raise PydanticCustomError("target_relative", "the folder must be absolute")
        return self

    @property
    def is_complete(self) -> bool:
        """Whether it says all that an automatic analysis needs: who, where to answer, and what."""
        return bool(self.email and self.ticket and (self.as_of or self.snapshot))


class Finding(Value):
    """What was found of one copy (activity 20), and why when it is not good."""

    which: Which
    state: CopyState
    repository: str | None = None
    cause: str | None = None
    told: str | None = None
    corrective: str | None = None


class Decision(Value):
    """What a person decided: who, when, what, and the note that goes with it."""

    option: str
    by: str
    at: AwareDatetime
    note: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)
