"""What the page of the form asks of the report: a selection by pages, its totals, one row's history."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import AwareDatetime

from respaldo.domain.values import Endpoint, Value
from respaldo.report.database import connected
from respaldo.report.fm007 import State
from respaldo.texts.report import TERMS

_CHOSEN = """
    WITH chosen AS (
        SELECT clave, numero, estado, tamano_bytes, greatest(inicio, programada) AS moment,
            CASE WHEN tipo_fuente = %(external)s THEN alcance_id || fin END AS read_of
        FROM reportes.tic_fm007
        WHERE (%(since)s::timestamptz IS NULL OR greatest(inicio, programada) >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR greatest(inicio, programada) < %(until)s)
            AND (%(scope)s::text IS NULL OR alcance_id = %(scope)s)
            AND (%(state)s::text IS NULL OR estado = %(state)s)
    )
"""
# Of one copy that another product made, several runs may read.
_TOTALS = (
    _CHOSEN  # noqa: S608  (both are our own constants)
    + """
    , counted AS (
        SELECT *, row_number() OVER (PARTITION BY coalesce(read_of, clave) ORDER BY numero) AS reading
        FROM chosen
    )
    SELECT estado, count(*) AS runs,
        coalesce(sum(tamano_bytes) FILTER (WHERE reading = 1), 0)::bigint AS size_bytes
    FROM counted
    GROUP BY estado
"""
)
# The keys first: the view's costly columns are then worked out for one page and not for all that it skips.
_PAGE = (
    _CHOSEN  # noqa: S608  (both are our own constants)
    + """
    SELECT *
    FROM reportes.tic_fm007
    WHERE clave = ANY (ARRAY(
        SELECT clave FROM chosen
        ORDER BY moment DESC NULLS LAST, numero DESC
        LIMIT %(limit)s OFFSET %(offset)s
    ))
    ORDER BY greatest(inicio, programada) DESC NULLS LAST, numero DESC
"""
)
_SCOPES = """
    SELECT DISTINCT ON (alcance_id) alcance_id, alcance
    FROM reportes.tic_fm007
    ORDER BY alcance_id, numero DESC
"""
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
        """Give the parameters of the statements; the view knows states by their names."""
        state = TERMS["state"][self.state] if self.state else None
        external = TERMS["source_kind"]["external"]
        return {
            "since": self.since,
            "until": self.until,
            "scope": self.scope,
            "state": state,
            "external": external,
        }


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
            {line["estado"]: line["runs"] for line in found}, sum(line["size_bytes"] for line in found)
        )
        last = max(1, -(-totals.total // size))
        number = min(number, last)
        rows = connection.execute(_PAGE, values | {"limit": size, "offset": (number - 1) * size}).fetchall()
        scopes = connection.execute(_SCOPES).fetchall()
    return Page(rows, number, last, totals, {line["alcance_id"]: line["alcance"] for line in scopes})


def selected(endpoint: Endpoint, selection: Selection) -> list[dict[str, Any]]:
    """Give all rows of the selection, newest first.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        return connection.execute(_PAGE, selection.values() | {"limit": None, "offset": 0}).fetchall()


def form(endpoint: Endpoint, run_key: str) -> Form | None:
    """Give the row of a run with its history, or None where there is no such row.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        row = connection.execute(_ROW, (run_key,)).fetchone()
        if row is None:
            return None
        return Form(row, connection.execute(_HISTORY, (run_key,)).fetchall())
