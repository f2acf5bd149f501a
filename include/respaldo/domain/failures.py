"""What becomes of a failure: correctives that Respaldo applies itself, and what people decide (13 to 15)."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from respaldo.domain.values import Value

Remedy = Literal["unlock", "new_cache", "prune", "repair", "rerun"]
"""What Respaldo can do itself: remove the lock of a dead process, begin a new cache, remove what an aborted
upload left, repair a repository and copy again what it lost, run the scope again."""


class Applied(Value):
    """A corrective that Respaldo applied itself, during a step of a run."""

    remedy: Remedy
    cause: str
    """Code of the cause that it answers."""
    step: str
    at: AwareDatetime
    facts: dict[str, int | str | tuple[str, ...]] = Field(default_factory=dict)
    """What it did: how many packs were repaired, which old snapshots stay harmed."""


Choice = Literal["rerun", "close"]

Resolution = Literal["rerun", "next_good", "closed"]
"""How a failure came to its end: a re-run of it was good, a later run was, or somebody closed it."""


class Judgement(Value):
    """What was decided on a failure (activities 14, 15): its cause, the corrective, and how to go on."""

    choice: Choice
    cause: str
    """Code of the cause, as it was found or as it was corrected."""
    corrective: str
    by: str
    at: AwareDatetime
    is_automatic: bool = False
    """Nobody was asked: Respaldo can apply the corrective itself."""
    repair: bool = False
    accept_shrink: bool = False
