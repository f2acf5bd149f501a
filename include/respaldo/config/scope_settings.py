"""What every scope says, however its copies are made: whose data, when, how much may be lost, who answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from respaldo.config.contract import Contract
from respaldo.domain.duties import Duty
from respaldo.domain.quantities import Duration
from respaldo.domain.retention import Retention
from respaldo.domain.values import Value

SCOPE_ID = r"^[a-z][a-z0-9_]{1,60}$"


_CRON_FIELDS = 5

Title = Annotated[str, Field(min_length=1, max_length=200)]
Label = Annotated[str, Field(min_length=1, max_length=100)]
"""What becomes a tag or a queue: one too long for Airflow would keep every scope's DAG from loading."""


def _valid_cron(expression: str) -> str:
    from croniter import CroniterError, croniter  # type: ignore[import-untyped]

    fields = expression.split()
    # croniter also takes seconds and years, and R for a moment that is another each time it is read.
    is_preset = len(fields) == 1 and expression.startswith("@")
    if not (is_preset or len(fields) == _CRON_FIELDS) or any(field.startswith("R") for field in fields):
        raise PydanticCustomError("cron_invalid", "not a cron expression")
    try:
        croniter(expression).get_next()
    except CroniterError as error:
        raise PydanticCustomError("cron_invalid", "not a cron expression, or never comes") from error
    return expression


class Retries(Value):
    """How often a step that failed for a passing cause is tried again, and how long it waits before."""

    attempts: Annotated[int, Field(ge=1, le=10, description="Attempts in all, the first counted.")] = 4
    delay: Annotated[Duration, Field(description="Before the second; each later wait doubles.")] = timedelta(
        minutes=1
    )


class ScopeSettings(Value):
    """The part that is the same for all modes. ``mode`` and ``source`` choose the model of the rest."""

    name: Annotated[Title, Field(description="As people know it.")]
    asset: Annotated[
        Label | None, Field(description="Its code in the entity's inventory (1): `respaldo scopes missing`.")
    ] = None
    group: Annotated[
        Label | None, Field(description="Its group in defaults.yaml, which says what is not said here.")
    ] = None
    department: Label
    criticality: Literal["alta", "media", "baja"]
    mode: Annotated[Literal["software", "manual"], Field(description="How copies are made (activity 3).")]
    schedule: Annotated[
        Annotated[str, AfterValidator(_valid_cron)] | None,
        Field(description="Cron expression in the organization's time zone; none: by hand only."),
    ] = None
    rpo: Annotated[Duration, Field(description="How much work may be lost, at the most.")]
    rto: Annotated[Duration, Field(description="How long a restoration may take, at the most.")]
    responsible: Annotated[str, Field(description="A role of organization.yaml.")]
    retention: Retention
    contract: Annotated[
        Contract | None,
        Field(description="The contract that the copies are made under (4, 5); none: none is needed."),
    ] = None
    retries: Retries = Retries()
    timeout: Annotated[Duration, Field(description="How long one step may take, at the most.")] = timedelta(
        hours=12
    )
    queue: Annotated[Label | None, Field(description="Airflow queue: the worker that reaches the data.")] = (
        None
    )

    @property
    def source_kind(self) -> str:
        """The kind of what is saved, as the report keeps it."""
        raise NotImplementedError

    @property
    def saved(self) -> str:
        """What is saved, in one line."""
        raise NotImplementedError

    @property
    def repositories(self) -> dict[str, str]:
        """The keys that name repositories, and the repositories."""
        return {}

    @property
    def roles(self) -> dict[str, str]:
        """The keys that name roles, and the roles."""
        return {"responsible": self.responsible}

    @property
    def duties(self) -> dict[str, Duty]:
        """The duty that the role at a key must have, where it is asked to act."""
        return {}

    @property
    def connections(self) -> dict[str, str]:
        """The keys that name Airflow connections, and the connections."""
        return {}
