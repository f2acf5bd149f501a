"""Writes a fact into its row, once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, LiteralString

from respaldo.report.database import translated_errors
from respaldo.report.facts import Fact, Update
from respaldo.report.media import LabelsUpdate, give_labels

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow
    from psycopg.sql import Composed

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('respaldo.' || %(table)s), hashtext(%(key)s))"


def apply(connection: Connection[DictRow], fact: Fact, *, waited: bool) -> None:
    """Write a fact, unless it was written before.

    :param waited: the fact comes out of a spool. Workers have each their own, so it may arrive after a newer
        one of the same run: then it only fills what is still unknown. A fact that did not wait is news
        whatever its worker's clock says.
    :raises FactRefusedError: the database will never take it.
    :raises ReportUnavailableError: the database was lost; the fact may be sent again.
    """
    from psycopg.types.json import Jsonb

    row, at = fact.row, fact.at.isoformat()
    key = getattr(row, row.KEY)
    with translated_errors(), connection.transaction():
        if not _is_first(connection, fact):
            return
        # One writer of a row at a time. ON CONFLICT is no way to do it: it looks at one unique index, and of
        # two that begin a row at once one may fail on another; and it takes a number even when it updates.
        connection.execute(_LOCK, {"table": row.TABLE, "key": key})
        columns = give_labels(connection, row, at) if isinstance(row, LabelsUpdate) else row.columns()
        columns |= {"updated_at": at}
        given = {"columns": Jsonb(columns), "key": key, "waited": waited}
        if connection.execute(_update(row, columns), given).rowcount == 0:
            connection.execute(_insert(row, columns), given)


def _is_first(connection: Connection[DictRow], fact: Fact) -> bool:
    statement = "INSERT INTO respaldo.applied_event (event_id) VALUES (%s) ON CONFLICT DO NOTHING"
    return connection.execute(statement, (fact.event_id,)).rowcount == 1


def _update(row: Update, columns: Collection[str]) -> Composed:
    from psycopg.sql import SQL, Identifier

    return SQL(
        "UPDATE {table} AS kept SET {assignments} "
        "FROM jsonb_populate_record(NULL::{table}, %(columns)s) AS given "
        "WHERE kept.{key} = %(key)s"
    ).format(
        table=Identifier("respaldo", row.TABLE),
        key=Identifier(row.KEY),
        assignments=_assignments(row, columns),
    )


def _insert(row: Update, columns: Iterable[str]) -> Composed:
    from psycopg.sql import SQL, Identifier

    return SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, %(columns)s)"
    ).format(table=Identifier("respaldo", row.TABLE), names=SQL(", ").join(map(Identifier, columns)))


def _assignments(row: Update, columns: Collection[str]) -> Composed:
    from psycopg.sql import SQL, Identifier

    return SQL(", ").join(
        SQL(
            "{column} = CASE WHEN %(waited)s AND kept.updated_at > given.updated_at "
            "THEN {late} ELSE {due} END"
        ).format(
            column=Identifier(column),
            late=_put(_late(row, column), column),
            due=_put(_due(row, column, columns), column),
        )
        for column in columns
        if column != row.KEY
    )


def _put(expression: LiteralString, column: str) -> Composed:
    from psycopg.sql import SQL, Identifier

    return SQL(expression).format(kept=Identifier("kept", column), given=Identifier("given", column))


def _due(row: Update, column: str, columns: Collection[str]) -> LiteralString:
    if column in row.MERGED:
        return "{kept} || {given}"
    if column in row.REASON and "state" not in columns:
        return "CASE WHEN kept.state = 'interrupted' THEN coalesce({given}, {kept}) ELSE {given} END"
    return "{given}"


def _late(row: Update, column: str) -> LiteralString:
    if column in row.MERGED:
        return "{given} || {kept}"
    return "{kept}" if column in row.OUTCOME else "coalesce({kept}, {given})"
