"""What every row of the demonstration's report must say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from respaldo.demo.tree import UNREADABLE
from respaldo.texts import demo as texts

_ITEMS = {"demo_documentos": {"files"}, "demo_erp": {"globals.sql", "demo_erp.dump"}}
_METHODS = {"demo_documentos": {"structure", "sample", "read_data"}, "demo_erp": {"dump"}}


def problems(row: dict[str, Any]) -> Iterator[str]:
    """Compare a row of ``respaldo.fm007`` with what it must be, and name what differs."""
    scope = row["scope_id"]
    # Whoever is not root cannot read one of the files: the copy is made, and says so.
    partial = scope == "demo_documentos" and os.geteuid() != 0
    expected: dict[str, tuple[object, object]] = {
        "state": (row["state"], "succeeded_with_warnings" if partial else "succeeded"),
        "warnings": (any(UNREADABLE.name in text for text in row["warnings"] or ()), partial),
        "cause": (row["cause"], None),
        "verification_result": (row["verification_result"], "good"),
        "verification_methods": (_METHODS[scope] <= set(row["verification_methods"] or ()), True),
        "copies": ({copy["item"] for copy in row["copies"] or ()}, _ITEMS[scope]),
        "second_copies": ({copy["item"] for copy in row["second_copies"] or ()}, _ITEMS[scope]),
        "attempts": (set(row["attempts"].values()), {1}),
        "size_bytes": ((row["size_bytes"] or 0) > 0, True),
        "duration": (row["ended_at"] is not None and row["ended_at"] > row["started_at"], True),
    }
    for column, (actual, wanted) in expected.items():
        if actual != wanted:
            yield texts.WRONG.format(run=row["run_id"], column=column, actual=actual, expected=wanted)
