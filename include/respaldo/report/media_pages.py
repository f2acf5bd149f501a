"""What is asked about media: a selection by pages, one with all that it holds, those to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from respaldo.domain.media import MediumState
from respaldo.domain.values import Endpoint, Value
from respaldo.report.database import connected
from respaldo.report.scope_names import scope_names

_MOST_COPIES = 500

_CHOSEN: LiteralString = """
    FROM respaldo.media m
    WHERE (%(label)s::text IS NULL OR position(%(label)s IN m.label) > 0)
        AND (%(state)s::text IS NULL OR m.state = %(state)s)
        AND (%(kind)s::text IS NULL OR m.kind = %(kind)s)
        AND (%(scope)s::text IS NULL OR EXISTS (
            SELECT
            FROM respaldo.media_holding h JOIN respaldo.fm007 f ON f.run_key = h.run_key
            WHERE h.label = m.label AND f.scope_id = %(scope)s
        ))
        AND (NOT %(unprinted)s OR (m.printed_at IS NULL AND m.state <> 'destroyed'))
"""
_COUNT: LiteralString = "SELECT count(*) AS total" + _CHOSEN
# The keys first: what a medium holds is then counted for one page and not for all that it skips.
_PAGE: LiteralString = (
    "SELECT * FROM reportes.medios WHERE etiqueta = ANY (ARRAY(SELECT m.label"  # noqa: S608  (all are our own constants)
    + _CHOSEN
    + "ORDER BY m.registered_at DESC, m.label DESC LIMIT %(limit)s OFFSET %(offset)s"
    ")) ORDER BY registrado DESC, etiqueta DESC"
)
_KINDS = "SELECT DISTINCT kind FROM respaldo.media WHERE kind IS NOT NULL ORDER BY kind"
_LABELS = """
    SELECT * FROM reportes.medios WHERE etiqueta = ANY (%(labels)s)
    ORDER BY array_position(%(labels)s::text[], etiqueta)
"""
_COPIES = "SELECT * FROM reportes.copias_medios WHERE etiqueta = %s ORDER BY fecha DESC LIMIT %s"
_MOVEMENTS = "SELECT * FROM reportes.movimientos_medios WHERE etiqueta = %s ORDER BY numero"
_PRINTED = "UPDATE respaldo.media SET printed_at = %s WHERE label = ANY (%s)"


class MediaSelection(Value):
    """Which media are meant; what is None does not matter."""

    label: str | None = None
    """A part of the label."""
    state: MediumState | None = None
    kind: str | None = None
    scope: str | None = None
    """That hold a copy of it."""
    unprinted: bool = False
    """That are not destroyed, and whose label was never printed by ``respaldo labels``."""


class MediaPage(NamedTuple):
    """One page of a selection, the newest first; its number counts from 1."""

    rows: list[dict[str, Any]]
    number: int
    last: int
    total: int
    kinds: list[str]
    """Of all media, chosen or not."""
    scopes: dict[str, str]
    """Id and name of every scope with a labelled copy, chosen or not."""


class MediumInFull(NamedTuple):
    """One medium, the newest copies that it holds, and where it was."""

    row: dict[str, Any]
    copies: list[dict[str, Any]]
    movements: list[dict[str, Any]]


def page(endpoint: Endpoint, selection: MediaSelection, number: int, size: int) -> MediaPage:
    """Give a page of the selection; the last one when it has fewer pages.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    values = selection.model_dump()
    with connected(endpoint) as connection:
        [total] = [row["total"] for row in connection.execute(_COUNT, values)]
        last = max(1, -(-total // size))
        number = min(number, last)
        rows = connection.execute(_PAGE, values | {"limit": size, "offset": (number - 1) * size}).fetchall()
        kinds = [row["kind"] for row in connection.execute(_KINDS)]
        scopes = scope_names(connection, labelled=True)
    return MediaPage(rows, number, last, total, kinds, scopes)


def selected(endpoint: Endpoint, selection: MediaSelection, most: int) -> list[dict[str, Any]]:
    """Give the rows of the selection, the newest first, ``most`` at the most.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        return connection.execute(_PAGE, selection.model_dump() | {"limit": most, "offset": 0}).fetchall()


def labelled(endpoint: Endpoint, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Give the media with these labels, in their order; those that there are not are left out.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        return connection.execute(_LABELS, {"labels": list(labels)}).fetchall()


def in_full(endpoint: Endpoint, label: str) -> MediumInFull | None:
    """Give a medium with what it holds and where it was, None where there is none.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        row = connection.execute(_LABELS, {"labels": [label]}).fetchone()
        if row is None:
            return None
        copies = connection.execute(_COPIES, (label, _MOST_COPIES)).fetchall()
        return MediumInFull(row, copies, connection.execute(_MOVEMENTS, (label,)).fetchall())


def mark_printed(endpoint: Endpoint, labels: Sequence[str], at: datetime) -> None:
    """Remember when labels were printed.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        connection.execute(_PRINTED, (at, list(labels)))
