"""What is stated about an archived form, and what the report knows of archived forms (activity 26)."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from respaldo.domain.periods import Period
from respaldo.domain.values import Endpoint, Value
from respaldo.report.database import connected
from respaldo.report.history import Verdict
from respaldo.report.row import Count, Row

_LATEST = """
    SELECT version, folder, archived_at
    FROM respaldo.archive
    WHERE first_day = %(first)s AND last_day = %(last)s
    ORDER BY version DESC
    LIMIT 1
"""
_KEYS = "SELECT archive_key FROM respaldo.archive"
_ALL = "SELECT first_day, last_day, archived_at FROM respaldo.archive"
_GOING = """
    SELECT count(*) AS runs
    FROM respaldo.fm007
    WHERE greatest(started_at, programmed_for) >= %s AND greatest(started_at, programmed_for) < %s
        AND state IN ('programmed', 'running')
"""


class ArchivedFile(Value):
    """One document of the archive, below its folder."""

    name: str
    size_bytes: Count
    sha256: str


class ArchiveUpdate(Row):
    """A whole row of ``respaldo.archive``. It is written beside the documents too, as their own record."""

    TABLE: ClassVar[str] = "archive"
    KEY: ClassVar[str] = "archive_key"
    MERGED: ClassVar[frozenset[str]] = frozenset()
    OUTCOME: ClassVar[frozenset[str]] = frozenset()

    archive_key: str
    dag_id: str
    run_id: str
    first_day: date
    last_day: date
    version: Count
    replaces: Count | None
    reason: str | None
    folder: str
    row_count: Count
    history_count: Count
    history_head: str
    files: tuple[ArchivedFile, ...]
    archived_at: AwareDatetime
    archived_by: str | None
    respaldo_version: str

    @property
    def period(self) -> Period:
        return Period(first=self.first_day, last=self.last_day)

    @property
    def head(self) -> Verdict:
        """Give the history's head when it was made: kept outside the database."""
        return Verdict(count=self.history_count, head=self.history_head)


def latest(endpoint: Endpoint, period: Period) -> dict[str, Any] | None:
    """Give the last archived version of a period: ``version``, ``folder``, ``archived_at``.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        return connection.execute(_LATEST, {"first": period.first, "last": period.last}).fetchone()


def keys(endpoint: Endpoint) -> frozenset[str]:
    """Give the keys of all that the report knows of.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        return frozenset(row["archive_key"] for row in connection.execute(_KEYS))


def missing(endpoint: Endpoint, since: date, before: Period, zone: ZoneInfo) -> list[Period]:
    """Give the whole months that were never archived after their end, the first first.

    :param since: a day of the first month that there is anything to archive of.
    :param before: only months before it.
    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        archived = connection.execute(_ALL).fetchall()
    months, month = [], Period.month_before(before.first)
    while month.last >= since:
        if not any(
            row["first_day"] <= month.first
            and month.last <= row["last_day"]
            and row["archived_at"] >= month.until(zone)
            for row in archived
        ):
            months.append(month)
        month = Period.month_before(month.first)
    return months[::-1]


def going(endpoint: Endpoint, period: Period, zone: ZoneInfo) -> int:
    """Count the runs of a period that have not ended yet: its form will be another when they have.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        [found] = connection.execute(_GOING, (period.since(zone), period.until(zone))).fetchall()
    return int(found["runs"])
