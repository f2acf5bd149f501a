"""A restore request, and the rules of its way through activities 17 to 26: pure, without Airflow.

The procedure prints jumps that contradict its text; the ways taken here are those of our reading:
18 no → 21 or 25, 20 yes → 22, 20 no → 15 and 24, 23 yes → 25, 23 no → 24.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from respaldo.domain.restoring import Destination, Holds, Identified, Restored, Wanted, Which
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

BESIDE = frozenset({"rerun", "second_rerun", "inform"})
"""Steps that do not change what the requester got: a new copy of the scope, and the letter."""

Analysis = Literal["restoration", "unscheduled_backup", "not_applicable"]
CopyState = Literal["good", "bad", "absent"]
"""``absent``: no copy of that moment holds what is asked for; a second copy would not either."""

_LONGEST_DATABASE = 63
"""In bytes, as PostgreSQL counts."""

LONGEST_LINE = 500
LONGEST_TEXT = 4000
"""In characters: what people write in a line, and in a field of several."""

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
SNAPSHOT = "^[0-9a-f]{8,64}$"
"""Patterns that pydantic and JSON Schema read alike."""


def _snapshot(text: str) -> str:
    if not re.fullmatch(SNAPSHOT, text):
        raise PydanticCustomError("snapshot_invalid", "not the id of a snapshot")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LINE)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]


class RestoreRequest(Value):
    """What a requirement asks for, by the form or over REST (activity 17)."""

    requester: Line
    email: Annotated[str, Field(pattern=EMAIL, max_length=254)] | None = None
    department: Line | None = None
    ticket: Line | None = None
    what_happened: Text
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
        if "\0" in (destination.target or ""):
            raise PydanticCustomError("target_invalid", "no name holds a zero byte")
        if destination.kind == "database" and len(str(destination.target).encode()) > _LONGEST_DATABASE:
            raise PydanticCustomError("target_too_long", "PostgreSQL would cut the name")
        if destination.kind == "path" and not str(destination.target).startswith("/"):
            raise PydanticCustomError("target_relative", "the folder must be absolute")
        return self

    @property
    def is_complete(self) -> bool:
        """Whether it says all that an automatic analysis needs: who, where to answer, and what."""
        return bool(self.email and self.ticket and (self.as_of or self.snapshot or self.wanted.moment))


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


class Failure(Value):
    """A step that could not do its work, and why."""

    step: str
    cause: str
    told: str
    corrective: str


class Story(Value):
    """All that has happened to a request: what its outcome, its letter and its rows are made of."""

    request: RestoreRequest | None = None
    decisions: dict[str, Decision] = Field(default_factory=dict)
    """By step: ``analyse``, ``authorize``, ``accept``, and the same of the second copy."""
    findings: dict[Which, Finding] = Field(default_factory=dict)
    identified: dict[Which, Identified] = Field(default_factory=dict)
    restored: dict[Which, Restored] = Field(default_factory=dict)
    backups: dict[str, str] = Field(default_factory=dict)
    """Runs of the scope that the request caused: step to run id."""
    failures: tuple[Failure, ...] = ()
    closed_at: AwareDatetime | None = None
    """When it was closed before: somebody cleared tasks of it, and they run again."""

    @property
    def authorization(self) -> Decision | None:
        """The decision on overwriting live data. One is enough for both copies: it is the same data."""
        return self.decisions.get("authorize") or self.decisions.get("second_authorize")

    @property
    def may_overwrite(self) -> bool:
        """Whether a second person allows it. What was allowed before the request was closed is used up."""
        decision = self.authorization
        if decision is None or decision.option != "authorized":
            return False
        return self.closed_at is None or decision.at > self.closed_at

    @property
    def acceptance(self) -> Decision | None:
        """The requester's last answer."""
        return self.decisions.get("second_accept") or self.decisions.get("accept")

    @property
    def used(self) -> Which | None:
        """The copy whose data were delivered last."""
        return "second" if "second" in self.restored else "first" if "first" in self.restored else None


def outcome_of(story: Story) -> Outcome:
    """Tell how a request ended, from what happened."""
    failed = {failure.step: failure.cause for failure in story.failures if failure.step not in BESIDE}
    if "unanswered" in failed.values():
        return "unanswered"
    match story.decisions.get("analyse"):
        case Decision(option="not_applicable"):
            return "not_applicable"
        case Decision(option="unscheduled_backup"):
            return "backup_failed" if failed else "backup_done"
    if story.acceptance is not None and story.acceptance.option == "satisfies":
        return "satisfied"
    if story.authorization is not None and story.authorization.option == "refused":
        return "not_authorized"
    if any(finding.state == "absent" for finding in story.findings.values()):
        return "not_in_copy"
    return "failed" if failed else "not_satisfied"


def needs_note(analysis: str) -> bool:
    """Whether a decision of the analysis must say why: the requester is told."""
    return analysis == "not_applicable"


def after_copy(finding: Finding) -> Literal["deliver", "second_copy", "tell"]:
    """Where the request goes when a copy was looked at (activity 20).

    A second copy holds the same: it is of no use for what is not in the copy, and there is no third one.
    """
    if finding.state == "good":
        return "deliver"
    if finding.state == "absent" or finding.which == "second":
        return "tell"
    return "second_copy"


def refusal(holds: Holds, request: RestoreRequest) -> str | None:
    """Give the code of what a request asks that its scope cannot give, or None.

    :param holds: what the scope's copies are of.
    """
    wanted, destination = request.wanted, request.destination
    named = bool(wanted.databases or wanted.schemas or wanted.tables)
    if holds == "server":
        return _refusal_of_a_server(request)
    if wanted.moment is not None:
        return "moment_of_a_server"
    if holds == "files":
        if named:
            return "files_only"
        return "files_to_database" if destination.kind == "database" else None
    if wanted.paths:
        return "databases_only"
    if destination.kind == "path":
        return "database_to_path"
    return "overwrite_databases" if destination.overwrite == "if_newer" else None


def _refusal_of_a_server(request: RestoreRequest) -> str | None:
    wanted, destination = request.wanted, request.destination
    if wanted.paths or wanted.databases or wanted.schemas or wanted.tables:
        return "server_whole"
    return "server_to_folder" if destination.kind in ("original", "database") else None
