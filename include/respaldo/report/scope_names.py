"""The scopes that the report knows, for the lists that people choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

# From each scope to the next by the index: DISTINCT reads every run that there ever was.
_SCOPES: LiteralString = """
    WITH RECURSIVE scopes AS (
        (
            SELECT f.scope_id, f.scope_name
            FROM respaldo.fm007 f
            WHERE f.labels IS NOT NULL OR NOT %(labelled)s
            ORDER BY f.scope_id, f.number DESC
            LIMIT 1
        )
        UNION ALL
        SELECT next.scope_id, next.scope_name
        FROM scopes CROSS JOIN LATERAL (
            SELECT f.scope_id, f.scope_name
            FROM respaldo.fm007 f
            WHERE f.scope_id > scopes.scope_id AND (f.labels IS NOT NULL OR NOT %(labelled)s)
            ORDER BY f.scope_id, f.number DESC
            LIMIT 1
        ) AS next
    )
    SELECT scope_id, coalesce(scope_name, scope_id) AS name
    FROM scopes
    ORDER BY scope_id
"""


def scope_names(connection: Connection[DictRow], *, labelled: bool = False) -> dict[str, str]:
    """Give the id and the last name of every scope that has a run.

    :param labelled: only of those that have a run whose copies have labels, the name of the last of them.
    """
    found = connection.execute(_SCOPES, {"labelled": labelled})
    return {row["scope_id"]: row["name"] for row in found}
