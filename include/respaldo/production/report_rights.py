"""What whoever writes the report may do there: nothing that its code does not do.

Its owner makes and changes the tables, and nobody but ``init`` enters as that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from respaldo.production import databases

if TYPE_CHECKING:
    from psycopg.sql import Composed

ADDED = (
    "applied_event",
    "archive",
    "contract",
    "fm007",
    "incident",
    "media",
    "media_holding",
    "media_movement",
    "media_series",
    "restore_request",
)
"""Tables that get rows. All others are read alone: the history is its trigger's, by its owner's right."""

CHANGED = (
    "archive",
    "contract",
    "fm007",
    "incident",
    "media",
    "media_holding",
    "media_series",
    "restore_request",
)
"""Tables whose rows change: what is stated of a run comes in parts. No row of any table is ever removed."""

_TABLES, _ANALYSTS = "respaldo", "analista"
"""The schema of the tables, and the role that reads the views."""

_ALONE = "SELECT pg_advisory_xact_lock(hashtext('respaldo.schema_migration'))"


def put() -> None:
    """Give the writer these rights and no other, all at once: the migrations come before.

    :raises psycopg.Error: nothing was changed.
    """
    from psycopg import sql

    who = {
        "writer": sql.Identifier(databases.WRITER),
        "owner": sql.Identifier(databases.REPORT),
        "schema": sql.Identifier(_TABLES),
        "analysts": sql.Identifier(_ANALYSTS),
    }
    with databases.connect(databases.REPORT) as connection, connection.transaction():
        # Two at once would change the same rows of the catalogue, which PostgreSQL refuses.
        connection.execute(_ALONE)
        for statement in (
            sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {writer}"),
            sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {writer}"),
            sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {writer}"),
            # What a later migration adds can be read before the next word about it.
            sql.SQL(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} "
                "GRANT SELECT ON TABLES TO {writer}"
            ),
            sql.SQL("GRANT {analysts} TO {writer}"),
        ):
            connection.execute(statement.format(**who))
        for right, tables in (("INSERT", ADDED), ("UPDATE", CHANGED)):
            grant = sql.SQL("GRANT {right} ON {tables} TO {writer}")
            connection.execute(
                grant.format(right=sql.SQL(right), tables=_named(tables), writer=who["writer"])
            )


def _named(tables: Iterable[str]) -> Composed:
    from psycopg import sql

    return sql.SQL(", ").join(sql.Identifier(_TABLES, table) for table in tables)
