"""All that the report holds of one period, as it was at one moment: what the documents show (activity 26)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from respaldo.domain.periods import Period
from respaldo.domain.values import Endpoint
from respaldo.report.history import Verdict, hold, snapshot, verified
from respaldo.report.store import REQUESTS, ROWS

# Those of the runs that the form shows, whenever they ended.
_FAILURES = "SELECT * FROM reportes.fallas WHERE clave = ANY (%(runs)s) ORDER BY numero"
# Each copy in a repository has a label of its own: those of other periods are not this form's.
_MEDIA = """
    SELECT m.*
    FROM reportes.medios m
    WHERE m.etiqueta IN (SELECT label FROM respaldo.media_holding WHERE run_key = ANY (%(runs)s))
        OR (%(scope)s::text IS NULL AND (
            (m.registrado >= %(since)s AND m.registrado < %(until)s)
            OR m.etiqueta IN (
                SELECT label FROM respaldo.media_movement WHERE moved_at >= %(since)s AND moved_at < %(until)s
            )
        ))
    ORDER BY m.etiqueta
"""
_FIRST = "SELECT min(greatest(started_at, programmed_for)) AS moment FROM respaldo.fm007"

Row = dict[str, Any]


class Contents(NamedTuple):
    """The rows of the views, with their Spanish columns.

    Media are those that hold copies of the period, or that were registered or moved in it.
    """

    period: Period
    zone: ZoneInfo
    scope: str | None
    """Only this scope's; None: all."""
    at: datetime
    """When the report was read."""
    rows: list[Row]
    restorations: list[Row]
    failures: list[Row]
    media: list[Row]
    verdict: Verdict
    """The history was whole, and this was its head."""

    @property
    def unfinished(self) -> int:
        """How many runs had not ended when the period did."""
        until = self.period.until(self.zone)
        # One that is done again within its row has the end of the time before, until it ends.
        return sum(
            row["inicio"] is not None and not row["inicio"] <= (row["fin"] or until) < until
            for row in self.rows
        )


def collect(
    endpoint: Endpoint,
    period: Period,
    zone: ZoneInfo,
    scope: str | None = None,
    heads: Iterable[Verdict] = (),
) -> Contents:
    """Verify the whole history and read a period of the report, both as they are at one moment.

    :param zone: the organization's: its days are meant.
    :param heads: what was kept of the history outside the database; it must still hold it.
    :raises ReportTamperedError: the history was altered: there is no form that could be believed.
    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    chosen: dict[str, object] = {"since": period.since(zone), "until": period.until(zone), "scope": scope}
    with snapshot(endpoint) as connection:
        at = datetime.now(UTC)
        verdict = verified(connection)
        for head in heads:
            hold(connection, head)
        rows = connection.execute(ROWS, chosen).fetchall()
        chosen["runs"] = [row["clave"] for row in rows]
        return Contents(
            period=period,
            zone=zone,
            scope=scope,
            at=at,
            rows=rows,
            restorations=connection.execute(REQUESTS, chosen).fetchall(),
            failures=connection.execute(_FAILURES, chosen).fetchall(),
            media=connection.execute(_MEDIA, chosen).fetchall(),
            verdict=verdict,
        )


def first_moment(endpoint: Endpoint) -> datetime | None:
    """Tell when the first run of all was; None: there is none yet.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with snapshot(endpoint) as connection:
        row = connection.execute(_FIRST).fetchone()
    return row["moment"] if row else None
