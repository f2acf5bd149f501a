"""Activity 19: which of the scope's copies a request is answered from, by our own report.

A snapshot that is gone is in no repository's list: only the report knows that it must be there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from respaldo.domain.errors import NoCopyError
from respaldo.domain.requests import RestoreRequest
from respaldo.domain.restoring import KnownCopy
from respaldo.report.store import Report


def choose(
    report: Report, request: RestoreRequest, snapshot: str | None = None, asked_at: datetime | None = None
) -> KnownCopy:
    """Give the newest verified copy that is not after the moment asked for, or the one that is named.

    :param snapshot: another snapshot than the request's, which the analysis preferred.
    :param asked_at: copies since then are not meant: those that the request itself causes are of the data
        that it is to mend.
    :raises NoCopyError: there is none.
    :raises ReportError: the report cannot be asked.
    """
    named = snapshot or request.snapshot
    if named is not None:
        known = report.copy_with(request.scope_id, named)
        if known is None:
            raise NoCopyError(scope=request.scope_id, wanted=named)
        return known
    as_of = latest(request, asked_at)
    found = report.copies(request.scope_id, as_of=as_of, limit=1)
    if not found:
        raise NoCopyError(scope=request.scope_id, wanted=as_of or datetime.now(UTC))
    return found[0]


def latest(request: RestoreRequest, asked_at: datetime | None) -> datetime | None:
    """Give the moment after which no copy is meant; None: there is none."""
    return min((moment for moment in (request.as_of, asked_at) if moment is not None), default=None)
