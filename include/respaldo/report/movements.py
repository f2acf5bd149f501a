"""What people do with media (activity 16), checked and written at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from respaldo.domain.labels import Label
from respaldo.domain.media import Medium, Move
from respaldo.domain.people_errors import MediumRefusedError
from respaldo.domain.values import Endpoint, Value
from respaldo.report.database import connected, translated_errors
from respaldo.report.media import medium, new_medium
from respaldo.report.row import storable
from respaldo.texts import media as texts

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

_NEEDED: Mapping[Move, tuple[str, ...]] = {
    "registered": ("kind", "site"),
    "out": ("label", "site", "reason"),
    "in": ("label",),
    "destroyed": ("label", "reason", "document"),
}
_STATES = {"out": "out", "in": "active", "destroyed": "destroyed"}

_WRITTEN = "SELECT label FROM respaldo.media_movement WHERE recorded_by = %s"
_LOCK = "SELECT FROM respaldo.media WHERE label = %s FOR UPDATE"
_MOVED = """
    UPDATE respaldo.media
    SET state = %(state)s, site = coalesce(%(site)s, site),
        custody = CASE WHEN %(state)s = 'active' THEN %(custody)s ELSE coalesce(%(custody)s, custody) END
    WHERE label = %(label)s
"""
_PLACED = """
    SELECT site, custody
    FROM respaldo.media_movement
    WHERE label = %s AND move IN ('registered', 'in')
    ORDER BY number DESC
    LIMIT 1
"""
_MOVEMENT = """
    INSERT INTO respaldo.media_movement
        (label, move, moved_at, moved_by, site, custody, reason, document, recorded_by)
    VALUES
        (%(label)s, %(move)s, %(at)s, %(moved_by)s, %(site)s, %(custody)s, %(reason)s, %(document)s,
        %(recorded_by)s)
"""

_Text = Annotated[str, Field(min_length=1, max_length=500)]


class Movement(Value):
    """What somebody did with a medium."""

    move: Move
    label: Label | None = None
    """None: one that is registered gets the next label."""
    moved_by: str
    kind: _Text | None = None
    description: _Text | None = None
    site: _Text | None = None
    custody: _Text | None = None
    reason: _Text | None = None
    document: _Text | None = None
    is_confirmed: bool = False
    """A medium may be destroyed though it holds copies that must still be kept."""

    @model_validator(mode="before")
    @classmethod
    def _hold_any_text(cls, given: object) -> object:
        return storable(given)


def record(endpoint: Endpoint, movement: Movement, *, series: str, by: str, at: datetime) -> Medium:
    """Write a movement down, and give the medium as it is then.

    What was written by the same run before is not written again: a lost answer loses and doubles nothing.

    :param series: of the label of a medium that is registered without one.
    :param by: key of the Airflow run.
    :raises MediumRefusedError: it cannot be so; nothing was written.
    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    missing = [name for name in _NEEDED[movement.move] if getattr(movement, name) is None]
    if missing:
        named = ", ".join(texts.PARAMS[name][0] for name in missing)
        raise refused(movement.label, "missing", fields=named)
    values = movement.model_dump() | {"series": series, "recorded_by": by, "at": at}
    values |= {"registered_by": movement.moved_by, "repository": None}
    with connected(endpoint) as connection, translated_errors(), connection.transaction():
        # Of two attempts of one run the second waits here for the first.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('respaldo.media'), hashtext(%s))", (by,))
        written = connection.execute(_WRITTEN, (by,)).fetchone()
        if written is not None:
            return _known(connection, written["label"])
        if movement.move == "registered":
            values["label"] = new_medium(connection, values)
            if values["label"] is None:
                raise refused(movement.label, "label_used")
        else:
            connection.execute(_LOCK, (movement.label,))
            _check(movement, medium(connection, movement.label or ""), at)
            if movement.move == "in":
                values |= _back(connection, movement)
            connection.execute(_MOVED, values | {"state": _STATES[movement.move]})
        connection.execute(_MOVEMENT, values)
        return _known(connection, values["label"])


def refused(label: str | None, problem: str, **facts: object) -> MediumRefusedError:
    """Say why a movement is not written down."""
    return MediumRefusedError(label=label or texts.NEW, problem=texts.PROBLEMS[problem].format(**facts))


def _check(movement: Movement, found: Medium | None, at: datetime) -> None:
    if found is None:
        raise refused(movement.label, "label_unknown")
    if found.state == "destroyed":
        raise refused(movement.label, "destroyed")
    if movement.move == "out" and found.state == "out":
        raise refused(movement.label, "is_out")
    if movement.move == "in" and found.state == "active":
        raise refused(movement.label, "is_in")
    if (
        movement.move == "destroyed"
        and found.keep_until
        and found.is_needed(at)
        and not movement.is_confirmed
    ):
        until = found.keep_until.astimezone(at.tzinfo).date()
        raise refused(movement.label, "still_needed", copies=found.copies, until=until)


def _back(connection: Connection[DictRow], movement: Movement) -> dict[str, str | None]:
    """Give where a medium is that comes back, and who keeps it: as before it left, unless somebody says."""
    before = connection.execute(_PLACED, (movement.label,)).fetchone() or {"site": None, "custody": None}
    site = movement.site or before["site"]
    if site is None:
        # Respaldo registered it, with its first copy: nobody wrote down where its place is.
        raise refused(movement.label, "missing", fields=texts.PARAMS["site"][0])
    return {"site": site, "custody": movement.custody or before["custody"]}


def _known(connection: Connection[DictRow], label: str) -> Medium:
    found = medium(connection, label)
    if found is None:
        raise AssertionError(label)
    return found
