"""A fact: what a step stated about a row, when, and the id by which it counts once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime

from respaldo.domain.values import Value
from respaldo.report.archives import ArchiveUpdate
from respaldo.report.contracts import ContractUpdate
from respaldo.report.fm007 import RowUpdate
from respaldo.report.incidents import IncidentUpdate
from respaldo.report.media import LabelsUpdate
from respaldo.report.requests import RequestUpdate

Update = RowUpdate | RequestUpdate | IncidentUpdate | LabelsUpdate | ContractUpdate | ArchiveUpdate
"""A row of any table. In a spooled file their key columns tell them apart, and none knows another's (a row of
the form names its request, but a request names no run; only labels have ``labelled``): so the files of a
version that knew fewer tables are read as what they are."""


class Fact(Value):
    """An update, when it was stated, and its id."""

    event_id: UUID
    at: AwareDatetime
    row: Update

    @classmethod
    def now(cls, row: Update) -> Self:
        """State it now."""
        return cls(event_id=uuid4(), at=datetime.now(UTC), row=row)
