"""Commands of a scope's own around its copy: a service that is stopped, a snapshot of a volume."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from respaldo.domain.quantities import Duration
from respaldo.domain.values import Value

When = Literal["pre", "post"]


class Hook(Value):
    """One command. It gets no secret: what it says in YAML anybody may read."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="As people read it.")]
    run: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=1, description="The program and its arguments, each an item: no shell reads them."),
    ]
    timeout: Annotated[Duration, Field(description="How long it may take, at the most.")] = timedelta(
        minutes=5
    )
    at: Annotated[
        Literal["worker"] | None,
        Field(description="worker: there, and not on the source's host (without one, always there)."),
    ] = None


class HookRun(Value):
    """One command that was run: what the row keeps of it. What it wrote is in the task's log only."""

    when: When
    name: str
    exit_code: int
    """As a shell gives it: 127 without such a program; negative for the signal that ended it; 255, as ssh
    has it, when the machine could not be reached."""
    timed_out: bool = False
    seconds: float
    at: AwareDatetime
    owed_by: str | None = None
    """Key of the run of which a process should have run it, where that was killed before it could."""
    host: str | None = None
    """Connection of the machine that it ran on; None: this worker."""
    is_owed: bool | None = None
    """It could not be run, and still has to be. False: so it was, and it was told, and now it has run."""

    @property
    def is_good(self) -> bool:
        return self.exit_code == 0 and not self.timed_out
