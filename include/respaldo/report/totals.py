"""What a period comes to: runs by scope and state, files and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from respaldo.texts.form import TOTAL, TOTAL_COLUMNS
from respaldo.texts.report import TERMS

_COUNTED = {
    "exitosas": ("succeeded",),
    "con_advertencias": ("succeeded_with_warnings",),
    "fallidas": ("failed",),
    "interrumpidas": ("interrupted",),
    "no_ejecutadas": ("not_executed",),
    "sin_terminar": ("programmed", "running"),
}
"""The columns that count runs, and the states that they count."""

EXTERNAL = TERMS["source_kind"]["external"]
"""The kind of source whose copies several runs may read."""

Line = dict[str, Any]


def totals(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Line], Line]:
    """Add up the form's rows: a line for each scope and kind of run, by name, and the line of all.

    The columns are those of ``TOTAL_COLUMNS``. A copy that another product made is added up once, however
    many runs read of it: all of them count as runs.
    """
    column_of = {TERMS["state"][state]: column for column, states in _COUNTED.items() for state in states}
    lines: dict[tuple[str, str], Line] = {}
    of_all, read = _line(TOTAL, ""), set[tuple[str, datetime]]()
    for row in rows:
        copy = (row["alcance_id"], row["fin"]) if row["tipo_fuente"] == EXTERNAL and row["fin"] else None
        is_new = copy is None or copy not in read
        if copy is not None:
            read.add(copy)
        key = (row["alcance"] or "", row["clase"] or "")
        line = lines.setdefault(key, _line(*key))
        for one in (line, of_all):
            one["ejecuciones"] += 1
            one[column_of[row["estado"]]] += 1
            if is_new:
                one["archivos"] += row["archivos"] or 0
                one["tamano_bytes"] += row["tamano_bytes"] or 0
    return [lines[key] for key in sorted(lines)], of_all


def _line(scope: str, kind: str) -> Line:
    return dict.fromkeys(TOTAL_COLUMNS, 0) | {"alcance": scope, "clase": kind}
