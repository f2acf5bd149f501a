"""Proves that nobody altered the form: recomputes its history, outside the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from respaldo.domain.errors import ReportTamperedError
from respaldo.domain.values import Endpoint, Value
from respaldo.report.database import connected, translated_errors

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

_FIRST_PREVIOUS = bytes(32)

# The text that migrations/0003_fm007_history.sql hashed, from built-in functions only.
_CHAIN = """
    SELECT h.seq, h.run_key, h.previous_hash, h.hash,
        h."row" ->> 'number' AS number, h."row" ->> 'scope_id' AS scope_id,
        jsonb_build_object(
            'seq', h.seq,
            'changed_at', h.changed_at,
            'changed_by', h.changed_by,
            'operation', h.operation,
            'run_key', h.run_key,
            'row', h."row",
            'previous_hash', encode(h.previous_hash, 'hex')
        )::text AS hashed
    FROM respaldo.fm007_history h
    ORDER BY h.seq
"""

_HASH = "SELECT hash FROM respaldo.fm007_history WHERE seq = %s"

# Nulls are left out: a column that a later migration added is null in the rows of before.
_FIRST_UNLIKE_ITS_HISTORY = """
    WITH latest AS (SELECT run_key, max(seq) AS seq FROM respaldo.fm007_history GROUP BY run_key),
    entry AS (SELECT h.* FROM respaldo.fm007_history h JOIN latest USING (run_key, seq))
    SELECT
        CASE
            WHEN f.run_key IS NULL THEN 'row_vanished'
            WHEN e.run_key IS NULL OR e.operation = 'delete' THEN 'row_without_history'
            ELSE 'row_differs'
        END AS "check",
        e.seq,
        coalesce(f.run_key, e.run_key) AS run_key,
        coalesce(f.number::text, e."row" ->> 'number') AS number,
        coalesce(f.scope_id, e."row" ->> 'scope_id') AS scope_id
    FROM entry e FULL JOIN respaldo.fm007 f ON f.run_key = e.run_key
    WHERE CASE
        WHEN f.run_key IS NULL THEN e.operation <> 'delete'
        WHEN e.run_key IS NULL OR e.operation = 'delete' THEN true
        ELSE jsonb_strip_nulls(to_jsonb(f) - ARRAY['progress_percent', 'updated_at'])
            <> jsonb_strip_nulls(e."row")
    END
    ORDER BY e.seq, f.number
    LIMIT 1
"""


class Verdict(Value):
    """The proven chain: how many entries, and the hash of the last, which stands for them all.

    Whoever keeps the head outside the database can later prove that no entry was cut off its end.
    """

    count: int
    head: str


class _Entry(NamedTuple):
    """What the chain carries from one entry to the next."""

    seq: int
    hash: bytes
    named: dict[str, Any]


def verify_log(endpoint: Endpoint) -> Verdict:
    """Recompute the whole chain, and compare every row of the form with its last entry.

    :raises ReportTamperedError: names the first alteration: ``check`` (``hash``: the entry's content;
        ``link``: an entry rewritten together with its hash; ``gap``: an entry is missing; ``row_differs``,
        ``row_without_history``, ``row_vanished``: the form itself), with the entry's ``seq`` and the row's
        ``run_key``, ``number`` and ``scope_id`` where they are known.
    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with snapshot(endpoint) as connection:
        return verified(connection)


@contextmanager
def snapshot(endpoint: Endpoint) -> Iterator[Connection[DictRow]]:
    """Look at the whole report as it is at one moment: writers go on meanwhile.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    from psycopg import IsolationLevel

    with connected(endpoint, statement_seconds=0) as connection, translated_errors():
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("SET search_path = pg_catalog")
        connection.execute("SET timezone = 'UTC'")
        with connection.transaction():
            yield connection


def verified(connection: Connection[DictRow]) -> Verdict:
    """Verify the log in a `snapshot`.

    :raises ReportTamperedError: see ``verify_log``.
    """
    verdict = _verify_chain(connection)
    _verify_rows(connection)
    return verdict


def hold(connection: Connection[DictRow], kept: Verdict) -> None:
    """See that the history still holds what it was when somebody kept its head.

    :raises ReportTamperedError: ``check`` is ``cut``: entries went off its end, or all was written anew.
    """
    if kept.count == 0:
        return
    found = connection.execute(_HASH, (kept.count,)).fetchone()
    if found is None or found["hash"].hex() != kept.head:
        raise ReportTamperedError(check="cut", seq=kept.count)


def _verify_chain(connection: Connection[DictRow]) -> Verdict:
    last = _Entry(seq=0, hash=_FIRST_PREVIOUS, named={})
    with connection.cursor(name="chain") as cursor:
        cursor.itersize = 500
        for found in cursor.execute(_CHAIN):
            last = _verify_entry(found, last)
    return Verdict(count=last.seq, head=last.hash.hex())


def _verify_entry(found: dict[str, Any], last: _Entry) -> _Entry:
    named = {name: found[name] for name in ("seq", "run_key", "number", "scope_id")}
    if found["seq"] != last.seq + 1:
        raise ReportTamperedError(check="gap", seq=last.seq + 1)
    if hashlib.sha256(found["hashed"].encode()).digest() != found["hash"]:
        raise ReportTamperedError(check="hash", **named)
    if found["previous_hash"] != last.hash:
        # This entry is what it was: it is the one before that got another content and a hash to fit.
        raise ReportTamperedError(check="link", **(last.named or named))
    return _Entry(found["seq"], found["hash"], named)


def _verify_rows(connection: Connection[DictRow]) -> None:
    altered = connection.execute(_FIRST_UNLIKE_ITS_HISTORY).fetchone()
    if altered:
        raise ReportTamperedError(**{name: value for name, value in altered.items() if value is not None})
