"""Copy a SQLite database while others use it, look into one, or take one out of use.

A program of its own: a copy of many gigabytes can be ended at any moment, and a damaged file harms only this.
Its arguments are a word (``copy``, ``look``, ``close``) and a JSON object; it prints one. Where it fails
that has a ``reason``. Needs nothing but Python, 3.7 or later: machines have older ones than this worker.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Facts = dict[str, Any]

STEP_PAGES = 4096
MOST_RESTARTS = 3
_MOST_SAID = 5

_BUSY, _LOCKED = 5, 6
_REASONS = {_BUSY: "busy", _LOCKED: "busy", 26: "not_a_database", 11: "damaged", 13: "full"}
"""What each of SQLite's result codes means. Before 3.11 Python tells only the words that go with it."""

_WORDS_OF = {
    "database is locked": "busy",
    "database table is locked": "busy",
    "file is not a database": "not_a_database",
    "file is encrypted or is not a database": "not_a_database",
    "database disk image is malformed": "damaged",
    "database or disk is full": "full",
}
_UNREADABLE = "unreadable"
_GENERAL = 1


class _BusyError(Exception):
    """The database stayed locked for as long as it was to be waited for."""


class _RestartedError(Exception):
    """Others write faster than it is copied in steps."""


def copy(source: str, target: str, patience_seconds: float) -> Facts:
    """Copy a database by SQLite's online backup, and look into the copy.

    With a write-ahead log all is copied at once: readers and writers do not wait for each other. Otherwise in
    steps that let writers in; SQLite begins anew after each of them, so in the end all at once too.
    """
    # A mere reader would leave the files of a write-ahead log behind that it made, owned by its user. Who may
    # write takes them away, and rolls back what a crash left, as the next one to open it would.
    mode = "ro" if Path(f"{source}-wal").exists() else "rw"
    there, here = f"file:{quote(source)}?mode={mode}", f"file:{quote(target)}"
    with _opened(there, patience_seconds) as live, _opened(here, patience_seconds) as kept:
        kept.execute("PRAGMA journal_mode = OFF")
        kept.execute("PRAGMA synchronous = OFF")
        live.execute("PRAGMA query_only = ON")
        journal = live.execute("PRAGMA journal_mode").fetchone()[0]
        if journal == "wal":
            _backup(live, kept, -1)
        else:
            try:
                _backup(live, kept, STEP_PAGES)
            except _RestartedError:
                _backup(live, kept, -1)
    return {**look(target), "journal_mode": journal}


def _backup(live: sqlite3.Connection, kept: sqlite3.Connection, pages: int) -> None:
    left, restarts = sys.maxsize, 0

    def watch(status: int, remaining: int, _total: int) -> None:
        nonlocal left, restarts
        if status in (_BUSY, _LOCKED):
            # SQLite itself has waited for as long as its connection was told to.
            raise _BusyError
        restarts += remaining > left
        left = remaining
        if pages > 0 and restarts >= MOST_RESTARTS:
            raise _RestartedError

    live.backup(kept, pages=pages, progress=watch)


def look(path: str) -> Facts:
    """Check a database that nobody writes to, and count what is in it."""
    # Immutable: nothing is written beside it, whatever mode it is in.
    with _opened(f"file:{quote(path)}?immutable=1", 0) as database:
        objects = database.execute(
            "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY 1, 2, 3, 4"
        ).fetchall()
        check, problems = _checked(database, path)
        rows = dict(_rows(database, [name for kind, name, _, _ in objects if kind == "table"]))
        return {
            "objects": len(objects),
            "schema": hashlib.sha256(json.dumps(objects).encode()).hexdigest(),
            "check": check,
            "problems": problems[:_MOST_SAID],
            "orphans": _orphans(database),
            "rows": rows,
        }


def _checked(database: sqlite3.Connection, path: str) -> tuple[str, list[str]]:
    """Look whether it is whole in itself. What needs functions of its program is only looked over."""
    for check in ("integrity_check", "quick_check"):
        try:
            found = [row[0] for row in database.execute(f"PRAGMA {check}({_MOST_SAID})")]
        except sqlite3.OperationalError as error:
            if not _is_general(error):
                raise
            continue
        return check, [*_cut(database, path), *(found if found != ["ok"] else [])]
    return "none", _cut(database, path)


def _cut(database: sqlite3.Connection, path: str) -> list[str]:
    """Tell whether the last page is whole: SQLite takes what is missing of it for zeros."""
    pages, size = (database.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size"))
    there = Path(path).stat().st_size
    return [f"{there} bytes instead of {pages * size}"] if there != pages * size else []


def _orphans(database: sqlite3.Connection) -> list[str]:
    """Name the tables with rows that refer to rows which are not there, and how many."""
    try:
        found = Counter((row[0], row[2]) for row in database.execute("PRAGMA foreign_key_check"))
    except sqlite3.OperationalError as error:
        # A reference to columns that are no key: SQLite cannot tell.
        return [str(error)]
    return [f"{table} -> {parent}: {count}" for (table, parent), count in sorted(found.items())]


def _rows(database: sqlite3.Connection, tables: list[str]) -> Iterator[tuple[str, int]]:
    for table in tables:
        quoted = table.replace('"', '""')
        # A virtual table can need a module that only its own program has.
        with contextlib.suppress(sqlite3.OperationalError):
            yield table, database.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0]  # noqa: S608


def close(path: str) -> Facts:
    """Have all that is in a write-ahead log or a journal brought into the database itself, with nobody in it.

    What is beside it is gone then.
    """
    with _opened(f"file:{quote(path)}?mode=rw", 1) as database:
        database.execute("PRAGMA journal_mode = DELETE").fetchone()
        database.execute("BEGIN EXCLUSIVE")
        database.execute("ROLLBACK")
    return {}


@contextlib.contextmanager
def _opened(uri: str, wait_seconds: float) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(uri, uri=True, timeout=wait_seconds, isolation_level=None)
    try:
        # Names and texts that are no UTF-8 are counted like all others.
        connection.text_factory = lambda text: text.decode(errors="replace")
        yield connection
    finally:
        connection.close()


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return _WORDS_OF.get(str(error), _UNREADABLE)
    return _REASONS.get(code & 0xFF, _UNREADABLE)


def _is_general(error: sqlite3.Error) -> bool:
    """Tell whether it is no trouble with the file: a function, or a kind of table, that is not known here."""
    code = getattr(error, "sqlite_errorcode", None)
    return str(error).startswith("no such ") if code is None else code & 0xFF == _GENERAL


_WORDS: dict[str, Callable[..., Facts]] = {"copy": copy, "look": look, "close": close}


def main() -> None:
    word, asked = sys.argv[1], json.loads(sys.argv[2])
    try:
        told = _WORDS[word](**asked)
    except _BusyError:
        told = {"reason": "busy", "said": "database is locked"}
    except sqlite3.Error as error:
        told = {"reason": _reason(error), "said": str(error)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
