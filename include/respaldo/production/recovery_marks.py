"""The mark that a database bears while it is a recovery's, and no living installation's yet."""

from __future__ import annotations

from respaldo.production import databases
from respaldo.sources.databases.marks import mark_in, without_mark

KEY = "recovery"
"""By which an attempt knows what one before it restored."""

_COMMENTS = """
SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
WHERE shobj_description(oid, 'pg_database') IS NOT NULL ORDER BY datname
"""


def marked() -> tuple[str, ...]:
    """Name the databases that bear it, half-made ones too.

    :raises psycopg.OperationalError: the server cannot be entered.
    """
    return tuple(_found())


def forget() -> None:
    """Take it away from all: what starts now may use them, and no attempt takes them for its own again.

    :raises psycopg.OperationalError: the server cannot be entered.
    """
    from psycopg import sql

    found = _found()
    with databases.connect() as connection:
        for name, comment in found.items():
            wanted = sql.Literal(without_mark(comment))
            connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), wanted))


def _found() -> dict[str, str]:
    with databases.connect() as connection:
        comments = dict(connection.execute(_COMMENTS).fetchall())
    marks = {name: mark_in(comment) for name, comment in comments.items()}
    return {name: comments[name] for name, mark in marks.items() if mark is not None and mark.key == KEY}
