"""A medium that holds copies, as the report knows it (activity 16)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from respaldo.domain.values import Value

MediumState = Literal["active", "out", "destroyed"]
"""In its place; taken out of it; no more."""

Move = Literal["registered", "out", "in", "destroyed"]


class Medium(Value):
    """What is known of a labelled medium."""

    label: str
    kind: str | None
    """disco, objeto, cinta..."""
    description: str | None
    site: str | None
    custody: str | None
    """Who keeps it."""
    repository: str | None
    """None: no repository's; people copy to it."""
    state: MediumState
    copies: int
    """How many copies of scopes it holds."""
    keep_until: AwareDatetime | None
    """When the time of the last of them is over; None: it holds none."""

    @property
    def takes_copies(self) -> bool:
        """Whether a copy may be put on it now."""
        return self.state == "active"

    def is_needed(self, now: datetime) -> bool:
        """Whether it holds a copy that must still be kept."""
        return self.keep_until is not None and self.keep_until > now
