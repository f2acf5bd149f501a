"""Writes a fact into its row of the form, once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from respaldo.report.database import translated_errors
from respaldo.report.fm007 import Fact

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow
    from psycopg.sql import Composed

MERGED = {"attempts", "step_seconds", "console"}
"""Objects keyed by step: each step adds its own entry."""

OUTCOME = {"state", "ended_at", "cause", "cause_detail", "failed_step"}
"""How the run ended: an old word about it never completes a newer one."""


def apply(connection: Connection[DictRow], fact: Fact, *, waited: bool) -> None:
    """Write a fact, unless it was written before.

    :param waited: the fact comes out of a spool. Workers have each their own, so it may arrive after a newer
        one of the same run: then it only fills what is still unknown. A fact that did not wait is news
        whatever its worker's clock says.
    :raises FactRefusedError: the database will never take it.
    :raises ReportUnavailableError: the database was lost; the fact may be sent again.
    """
    from psycopg.types.json import Jsonb

    columns = fact.row.columns() | {"updated_at": fact.at.isoformat()}
    given = {"columns": Jsonb(columns), "run_key": fact.row.run_key, "waited": waited}
    with translated_errors(), connection.transaction():
        if not _is_first(connection, fact):
            return
        # An INSERT takes a number of the form even when it ends as an update: updates come first.
        if connection.execute(_update(columns), given).rowcount == 0:
            connection.execute(_insert(columns), given)


def _is_first(connection: Connection[DictRow], fact: Fact) -> bool:
    statement = "INSERT INTO respaldo.applied_event (event_id) VALUES (%s) ON CONFLICT DO NOTHING"
    return connection.execute(statement, (fact.event_id,)).rowcount == 1


def _update(columns: Iterable[str]) -> Composed:
    from psycopg.sql import SQL

    return SQL(
        "UPDATE respaldo.fm007 AS kept SET {assignments} "
        "FROM jsonb_populate_record(NULL::respaldo.fm007, %(columns)s) AS given "
        "WHERE kept.run_key = %(run_key)s"
    ).format(assignments=_assignments(columns, "given"))


def _insert(columns: Iterable[str]) -> Composed:
    from psycopg.sql import SQL, Identifier

    return SQL(
        "INSERT INTO respaldo.fm007 AS kept ({names}) "
        "SELECT {names} FROM jsonb_populate_record(NULL::respaldo.fm007, %(columns)s) "
        "ON CONFLICT (run_key) DO UPDATE SET {assignments}"
    ).format(names=SQL(", ").join(map(Identifier, columns)), assignments=_assignments(columns, "excluded"))


def _assignments(columns: Iterable[str], given: str) -> Composed:
    from psycopg.sql import SQL, Identifier

    return SQL(", ").join(
        SQL(
            "{column} = CASE WHEN %(waited)s AND kept.updated_at > {given}.updated_at "
            "THEN {late} ELSE {due} END"
        ).format(
            column=Identifier(column),
            given=Identifier(given),
            late=SQL(_late(column)).format(kept=Identifier("kept", column), given=Identifier(given, column)),
            due=SQL(_due(column)).format(kept=Identifier("kept", column), given=Identifier(given, column)),
        )
        for column in columns
        if column != "run_key"
    )


def _due(column: str) -> str:
    return "{kept} || {given}" if column in MERGED else "{given}"


def _late(column: str) -> str:
    if column in MERGED:
        return "{given} || {kept}"
    return "{kept}" if column in OUTCOME else "coalesce({kept}, {given})"
