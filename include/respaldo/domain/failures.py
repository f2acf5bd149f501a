"""What people, or Respaldo for them, decide on a failure (activities 13 to 15)."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from respaldo.domain.values import Value

Choice = Literal["rerun", "close"]

Resolution = Literal["rerun", "next_good", "closed"]
"""How a failure came to its end: a re-run of it was good, a later run was, or somebody closed it."""


class Judgement(Value):
    """What was decided on a failure: its cause, the corrective, and how to go on."""

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
