"""The data dictionary: what the report's tables and views say of themselves, as a page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from respaldo.domain.values import Endpoint
from respaldo.report.database import connected
from respaldo.texts import dictionary as texts

# What analysts read comes first.
_COLUMNS = """
    SELECT
        n.nspname AS schema, c.relname AS relation, obj_description(c.oid, 'pg_class') AS about,
        a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        col_description(c.oid, a.attnum) AS comment
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname IN ('reportes', 'respaldo') AND c.relkind IN ('r', 'v')
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum
"""


def as_markdown(endpoint: Endpoint) -> str:
    """Describe every table and view of the report.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        columns = connection.execute(_COLUMNS).fetchall()
    parts = [texts.TITLE, texts.INTRODUCTION]
    for (schema, name, about), found in groupby(columns, itemgetter("schema", "relation", "about")):
        parts += [texts.RELATION.format(schema=schema, name=name), about or "", "\n".join(_table(found))]
    return "\n\n".join(parts) + "\n"


def _table(columns: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield texts.HEADINGS
    for column in columns:
        comment = (column["comment"] or "").replace("|", "\\|")
        yield texts.COLUMN.format(name=column["name"], type=column["type"], comment=comment)
