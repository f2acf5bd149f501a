"""What the page of the form asks of the report: a selection by pages, its totals, one row's history."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import AwareDatetime

from respaldo.domain.values import Endpoint, Value
from respaldo.report.database import connected
from respaldo.report.fm007 import State
from respaldo.report.scope_names import scope_names
from respaldo.texts.report import TERMS

# From the table and not from the view: what is asked of it is all in one index (migrations/0019_growing.sql).
_CHOSEN = """
    WITH chosen AS NOT MATERIALIZED (
        SELECT run_key, number, state, size_bytes, greatest(started_at, programmed_for) AS moment,
            source_kind = 'external' AND ended_at IS NOT NULL AS is_read, scope_id, ended_at
        FROM respaldo.fm007
        WHERE (%(since)s::timestamptz IS NULL OR greatest(started_at, programmed_for) >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR greatest(started_at, programmed_for) < %(until)s)
            AND (%(scope)s::text IS NULL OR scope_id = %(scope)s)
            AND (%(state)s::text IS NULL OR state = %(state)s)
    )
"""
# Of one copy that another product made, several runs may read: its bytes count once.
_TOTALS = (
    _CHOSEN  # noqa: S608  (both are our own constants)
    + """
    SELECT state, count(*) AS runs,
        coalesce(sum(size_bytes) FILTER (WHERE is_read IS NOT TRUE), 0)::bigint AS size_bytes
    FROM chosen
    GROUP BY state
    UNION ALL
    SELECT NULL, 0, coalesce(sum(size_bytes), 0)::bigint
    FROM (
        SELECT DISTINCT ON (scope_id, ended_at) size_bytes
        FROM chosen
        WHERE is_read
        ORDER BY scope_id, ended_at, number
    ) AS copies
"""
)
# The keys first: the view's costly columns are then worked out for one page and not for all that it skips.
_PAGE = (
    _CHOSEN  # noqa: S608  (both are our own constants)
    + """
    SELECT *
    FROM reportes.tic_fm007
    WHERE clave = ANY (ARRAY(
        SELECT run_key FROM chosen
        ORDER BY moment DESC NULLS LAST, number DESC
        LIMIT %(limit)s OFFSET %(offset)s
    ))
    ORDER BY greatest(inicio, programada) DESC NULLS LAST, numero DESC
"""
)
_IS_MORE = (
    _CHOSEN  # noqa: S608  (both are our own constants)
    + """
    SELECT count(*) > %(most)s AS is_more
    FROM (SELECT FROM chosen LIMIT %(most)s + 1) AS first
"""
)
_ROW = "SELECT * FROM reportes.tic_fm007 WHERE clave = %s"
_HISTORY = """
    SELECT seq, changed_at, changed_by, operation, "row"
    FROM respaldo.fm007_history
    WHERE run_key = %s
    ORDER BY seq
"""


class Selection(Value):
    """Which rows of the form are meant; what is None does not matter.

    ``since`` is the first moment of the period, by start or programmed time, whichever is later (see
    ``store.ROWS``); ``until`` the first after it.
    """

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    scope: str | None = None
    state: State | None = None

    def values(self) -> dict[str, object]:
        """Give the parameters of the statements."""
        return self.model_dump()


class Totals(NamedTuple):
    """How many runs there are by state (its Spanish name), and how many bytes they saved."""

    runs: dict[str, int]
    size_bytes: int

    @property
    def total(self) -> int:
        return sum(self.runs.values())


class Page(NamedTuple):
    """One page of a selection, newest first; its number counts from 1."""

    rows: list[dict[str, Any]]
    number: int
    last: int
    totals: Totals
    scopes: dict[str, str]
    """Id and name of every scope in the report, chosen or not."""


class Form(NamedTuple):
    """One row in full, and every change that it went through, the first first."""

    row: dict[str, Any]
    history: list[dict[str, Any]]


def page(endpoint: Endpoint, selection: Selection, number: int, size: int) -> Page:
    """Give a page of the selection; the last one when it has fewer pages.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    values = selection.values()
    with connected(endpoint) as connection:
        found = connection.execute(_TOTALS, values).fetchall()
        totals = Totals(
            {TERMS["state"][line["state"]]: line["runs"] for line in found if line["state"]},
            sum(line["size_bytes"] for line in found),
        )
        last = max(1, -(-totals.total // size))
        number = min(number, last)
        rows = connection.execute(_PAGE, values | {"limit": size, "offset": (number - 1) * size}).fetchall()
        scopes = scope_names(connection)
    return Page(rows, number, last, totals, scopes)


def selected(endpoint: Endpoint, selection: Selection, most: int) -> list[dict[str, Any]] | None:
    """Give all rows of the selection, newest first; None where there are more than ``most``.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    values = selection.values() | {"limit": most, "offset": 0}
    with connected(endpoint) as connection:
        [counted] = connection.execute(_IS_MORE, values | {"most": most}).fetchall()
        return None if counted["is_more"] else connection.execute(_PAGE, values).fetchall()


def form(endpoint: Endpoint, run_key: str) -> Form | None:
    """Give the row of a run with its history, or None where there is no such row.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        row = connection.execute(_ROW, (run_key,)).fetchone()
        if row is None:
            return None
        return Form(row, connection.execute(_HISTORY, (run_key,)).fetchall())
