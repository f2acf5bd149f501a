"""What the report knows of the copies that must be in the repositories.

A snapshot file that somebody deleted just vanishes from restic's list: only this says that it was there.
"""

from __future__ import annotations

from datetime import datetime

from respaldo.domain.restoring import KnownCopy
from respaldo.domain.values import Endpoint
from respaldo.report.database import connected

_VERIFIED = """
    SELECT run_key, run_id, number, started_at AS taken_at, state, files, size_bytes, repository, copies,
        second_repository, coalesce(second_copies, '[]') AS second_copies,
        coalesce(verification, '[]') AS verification
    FROM respaldo.fm007
    WHERE scope_id = %(scope)s AND kind = 'backup' AND verification_result = 'good'
        AND repository IS NOT NULL AND jsonb_array_length(copies) > 0
        AND started_at IS NOT NULL AND files IS NOT NULL AND size_bytes IS NOT NULL
"""
_NEWEST_FIRST = " ORDER BY started_at DESC, number DESC LIMIT %(limit)s"
_NOT_AFTER = " AND (%(as_of)s::timestamptz IS NULL OR started_at <= %(as_of)s)"
_OF_RUN = " AND run_key = %(run)s"
_HOLDING = """
    AND EXISTS (
        SELECT 1
        FROM jsonb_array_elements(copies || coalesce(second_copies, '[]')) AS item (copy)
        WHERE starts_with(item.copy ->> 'snapshot_id', %(prefix)s)
    )
"""


def known(endpoint: Endpoint, scope_id: str, as_of: datetime | None, limit: int) -> tuple[KnownCopy, ...]:
    """Give the newest verified copies of a scope that began no later than ``as_of``, newest first.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    values = {"scope": scope_id, "as_of": as_of, "limit": limit}
    with connected(endpoint) as connection:
        rows = connection.execute(_VERIFIED + _NOT_AFTER + _NEWEST_FIRST, values).fetchall()
    return tuple(map(KnownCopy.model_validate, rows))


def of_run(endpoint: Endpoint, scope_id: str, run_key: str) -> KnownCopy | None:
    """Give the verified copies of one run of a scope.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    with connected(endpoint) as connection:
        row = connection.execute(_VERIFIED + _OF_RUN, {"scope": scope_id, "run": run_key}).fetchone()
    return KnownCopy.model_validate(row) if row else None


def holding(endpoint: Endpoint, scope_id: str, snapshot: str) -> KnownCopy | None:
    """Give the scope's verified copy that has a snapshot, first or second, whose id begins like that.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    values = {"scope": scope_id, "prefix": snapshot, "limit": 1}
    with connected(endpoint) as connection:
        row = connection.execute(_VERIFIED + _HOLDING + _NEWEST_FIRST, values).fetchone()
    return KnownCopy.model_validate(row) if row else None
