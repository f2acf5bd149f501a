"""Runs the program that works with SQLite, and says in our terms what it told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from respaldo.domain.errors import SourceUnreadableError, TemporarySpaceError
from respaldo.domain.source_errors import DatabaseFileBusyError, DatabaseFileDamagedError
from respaldo.sources.sqlite.programs import Programs

PATIENCE_SECONDS = 60.0
"""How long a copy waits for a database that a program holds locked."""


class SqliteError(Exception):
    """What SQLite says of a file; ``reason`` is one of the program's."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(reason, said)
        self.reason = reason
        self.said = said


@dataclass(frozen=True)
class Looked:
    """What is in a database: numbers of objects, rows of each table, the SHA-256 of its schema."""

    objects: int
    schema: str
    rows: dict[str, int]
    check: str
    """``integrity_check``; ``quick_check`` where that needs what only the database's own program has."""
    orphans: tuple[str, ...]
    """Rows that refer to rows which are not there, by table."""
    journal_mode: str | None = None

    @property
    def facts(self) -> dict[str, int | str]:
        return {
            "objects": self.objects,
            "tables": len(self.rows),
            "rows": sum(self.rows.values()),
            "schema": self.schema,
            "check": self.check,
        }


def copy(programs: Programs, source: str, target: str) -> Looked:
    """Copy a database that others may be using, and check the copy.

    :raises DatabaseFileBusyError, DatabaseFileDamagedError, SourceUnreadableError: there is no good copy.
    :raises TemporarySpaceError: the copy has no room.
    """
    try:
        asked: dict[str, object] = {"source": source, "target": target, "patience_seconds": PATIENCE_SECONDS}
        return _looked(programs, "copy", asked)
    except SqliteError as error:
        match error.reason:
            case "busy":
                raise DatabaseFileBusyError(
                    path=source, seconds=round(PATIENCE_SECONDS), said=error.said
                ) from error
            case "full":
                raise TemporarySpaceError(target=target, said=error.said) from error
            case "damaged" | "not_a_database":
                raise DatabaseFileDamagedError(path=source, reason=error.reason, said=error.said) from error
            case _:
                raise SourceUnreadableError(path=source, reason=error.said) from error


def look(programs: Programs, path: str) -> Looked:
    """Look into a database that nobody writes to, and check it.

    :raises SqliteError: it is not whole in itself.
    """
    return _looked(programs, "look", {"path": path})


def close(programs: Programs, path: str) -> None:
    """Bring what is beside a database into it.

    :raises SqliteError: somebody is in it (``busy``), or it is not whole.
    """
    _asked(programs, "close", {"path": path})


def _looked(programs: Programs, word: str, asked: dict[str, object]) -> Looked:
    told = _asked(programs, word, asked)
    if told["problems"]:
        raise SqliteError("damaged", "; ".join(told["problems"]))
    return Looked(
        objects=told["objects"],
        schema=told["schema"],
        rows=told["rows"],
        check=told["check"],
        orphans=tuple(told["orphans"]),
        journal_mode=told.get("journal_mode"),
    )


def _asked(programs: Programs, word: str, asked: dict[str, object]) -> dict[str, Any]:
    output, said = programs.sqlite(word, asked)
    try:
        told = dict(json.loads(output))
    except ValueError as error:
        # It broke down, as SQLite itself can over a file that somebody made to harm it.
        raise SqliteError("damaged", said) from error
    if "reason" in told:
        raise SqliteError(told["reason"], told["said"])
    return told
