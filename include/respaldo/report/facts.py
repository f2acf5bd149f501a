"""A fact: what a step stated about a row, when, and the id by which it counts once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime

from respaldo.domain.values import Value
from respaldo.report.fm007 import RowUpdate
from respaldo.report.requests import RequestUpdate

Update = RowUpdate | RequestUpdate
"""A row of either table. In a spooled file their key columns tell them apart, and neither knows the other's:
so the files of a version that knew only the form are read as what they are."""


class Fact(Value):
    """An update, when it was stated, and its id."""

    event_id: UUID
    at: AwareDatetime
    row: Update

    @classmethod
    def now(cls, row: Update) -> Self:
        """State it now."""
        return cls(event_id=uuid4(), at=datetime.now(UTC), row=row)
