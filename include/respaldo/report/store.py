"""The report: what a run writes into it, and what the next run asks of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from respaldo.domain.errors import ReportError, ReportUnavailableError
from respaldo.domain.labels import as_label
from respaldo.domain.media import Medium
from respaldo.domain.restoring import KnownCopy
from respaldo.domain.values import Endpoint, PreviousCopy, Run
from respaldo.report import contracts, copies, incidents, media, movements
from respaldo.report.contracts import KnownContract
from respaldo.report.database import FactRefusedError, connected
from respaldo.report.facts import Fact, Update
from respaldo.report.incidents import OpenIncident, Recurrence, UnfinishedRun
from respaldo.report.movements import Movement
from respaldo.report.spool import Spool
from respaldo.report.upsert import apply
from respaldo.texts import report as texts

log = logging.getLogger(__name__)

_PROGRESS_SECONDS = 2

_LAST_GOOD = """
    SELECT run_id, ended_at, files, size_bytes
    FROM respaldo.fm007
    WHERE scope_id = %s AND kind = 'backup' AND verification_result = 'good'
        AND ended_at IS NOT NULL AND size_bytes IS NOT NULL
    ORDER BY ended_at DESC
    LIMIT 1
"""
_HAS_COPIES = """
    SELECT 1
    FROM respaldo.fm007
    WHERE scope_id = %(scope)s AND kind = 'backup' AND verification_result = 'good'
        AND (
            (repository = %(repository)s AND jsonb_array_length(copies) > 0)
            OR (second_repository = %(repository)s AND jsonb_array_length(second_copies) > 0)
        )
    LIMIT 1
"""
_ROW = "SELECT * FROM respaldo.fm007 WHERE run_key = %s"
# A copy that people or another product made may be older than its run: then the run says to which period it
# belongs, or its row would slip into a month that was archived before there was a row.
ROWS: LiteralString = """
    SELECT *
    FROM reportes.tic_fm007
    WHERE (%(since)s::timestamptz IS NULL OR greatest(inicio, programada) >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR greatest(inicio, programada) < %(until)s)
        AND (%(scope)s::text IS NULL OR alcance_id = %(scope)s)
    ORDER BY numero
"""
_REQUEST = "SELECT * FROM respaldo.restore_request WHERE request_key = %s"
REQUESTS: LiteralString = """
    SELECT *
    FROM reportes.restauraciones
    WHERE (%(since)s::timestamptz IS NULL OR fecha >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR fecha < %(until)s)
        AND (%(scope)s::text IS NULL OR alcance_id = %(scope)s)
    ORDER BY numero
"""
_PROGRESS = "UPDATE respaldo.fm007 SET progress_percent = %s WHERE run_key = %s"


class Report:
    """The report database, and the spool that stands in for it while it is down."""

    def __init__(self, endpoint: Endpoint, spool: Spool) -> None:
        self.endpoint = endpoint
        self.spool = spool

    def write(self, update: Update) -> bool:
        """Write what a step knows of its row, after everything that waited before it.

        False when it is not in the database: it waits in the spool, or was refused for good (bad data)
        and lies in the spool's ``rejected``. The log says why.

        :raises ReportUnavailableError: neither the database nor the spool could take it.
        """
        fact = Fact.now(update)
        try:
            return self._write_or_keep(fact)
        except OSError as error:
            raise ReportUnavailableError(spool=self.spool.folder, reason=error) from error

    def drain(self) -> None:
        """Write everything that waits in the spool.

        :raises ReportUnavailableError, ReportSchemaError: what could not be written still waits.
        """
        if self.spool.waiting():
            with self.spool.turn(), connected(self.endpoint) as connection:
                self.spool.drain(lambda fact: apply(connection, fact, waited=True))

    def progress(self, run_key: str, percent: int) -> None:
        """Say how far a running copy is, if that costs nothing: never raises, never waits."""
        try:
            with connected(
                self.endpoint, connect_seconds=_PROGRESS_SECONDS, statement_seconds=_PROGRESS_SECONDS
            ) as connection:
                connection.execute(_PROGRESS, (percent, run_key))
        except ReportError as error:
            log.debug(texts.PROGRESS_LOST, error)

    def last_good(self, scope_id: str) -> PreviousCopy | None:
        """Return the last copy of a scope that was verified as good, second copy or not.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        rows = self._ask(_LAST_GOOD, (scope_id,))
        return PreviousCopy.model_validate(rows[0]) if rows else None

    def has_copies(self, scope_id: str, repository: str) -> bool:
        """Say whether a verified copy of this scope was ever left in this repository.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return bool(self._ask(_HAS_COPIES, {"scope": scope_id, "repository": repository}))

    def row(self, run_key: str) -> dict[str, Any] | None:
        """Return the row of a run with the base table's English columns.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        rows = self._ask(_ROW, (run_key,))
        return rows[0] if rows else None

    def rows(
        self, since: datetime | None = None, until: datetime | None = None, scope: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the form's rows with the view's Spanish columns, by number.

        :param since: first moment of the period, by start or programmed time, whichever is later.
        :param until: first moment after the period.
        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        return self._ask(ROWS, {"since": since, "until": until, "scope": scope})

    def copies(self, scope_id: str, as_of: datetime | None = None, limit: int = 20) -> tuple[KnownCopy, ...]:
        """Return the newest verified copies of a scope that began no later than ``as_of``, newest first.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return copies.known(self.endpoint, scope_id, as_of, limit)

    def copy_of(self, scope_id: str, run_key: str) -> KnownCopy | None:
        """Return the verified copies that one run of a scope left.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return copies.of_run(self.endpoint, scope_id, run_key)

    def copy_with(self, scope_id: str, snapshot_prefix: str) -> KnownCopy | None:
        """Return the scope's verified copy with a snapshot, first or second, whose id begins like that.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return copies.holding(self.endpoint, scope_id, snapshot_prefix)

    def request(self, request_key: str) -> dict[str, Any] | None:
        """Return the row of a restore request with the base table's English columns.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        rows = self._ask(_REQUEST, (request_key,))
        return rows[0] if rows else None

    def requests(
        self, since: datetime | None = None, until: datetime | None = None, scope: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the restore requests with the view's Spanish columns, by number.

        :param since: first moment of the period, by when they were asked for.
        :param until: first moment after the period.
        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return self._ask(REQUESTS, {"since": since, "until": until, "scope": scope})

    def medium(self, label: str) -> Medium | None:
        """Return what is known of a labelled medium: state, place, what it holds; None: unknown label.

        :param label: as somebody types it: see ``as_label``.
        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return media.known(self.endpoint, str(as_label(label)))

    def move(self, movement: Movement, *, series: str, by: str, at: datetime) -> Medium:
        """Write down what somebody did with a medium: see ``movements.record``. It never waits in the spool.

        :raises MediumRefusedError: it cannot be so; nothing was written.
        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return movements.record(self.endpoint, movement, series=series, by=by, at=at)

    def incident(self, run_key: str) -> dict[str, Any] | None:
        """Return the row of a failed run's incident with the base table's English columns.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return incidents.incident(self.endpoint, run_key)

    def recurrence(self, scope_id: str, cause: str, before: datetime) -> Recurrence:
        """Count the backups, of a scope and of all, that a cause failed in the 90 days before a moment.

        :param before: when the run ended of which it is asked: that one is not counted.
        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return incidents.recurrence(self.endpoint, scope_id, cause, before)

    def unresolved(self, scope_id: str | None = None) -> tuple[OpenIncident, ...]:
        """Return the failures that have not come to their end, the first first: a scope's, or all.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return incidents.unresolved(self.endpoint, scope_id)

    def unfinished(self) -> tuple[UnfinishedRun, ...]:
        """Return the backups and restorations whose rows were never closed.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return incidents.unfinished(self.endpoint)

    def ended(self, since: datetime) -> tuple[OpenIncident, ...]:
        """Return the failures that came to their end since a moment, the first first.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return incidents.ended(self.endpoint, since)

    def unopened(self, since: datetime, until: datetime | None = None) -> tuple[Run, ...]:
        """Return the backups that failed since a moment and have no incident of that failure.

        :param until: those that ended before it only.
        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return incidents.unopened(self.endpoint, since, until)

    def contracts(self) -> tuple[KnownContract, ...]:
        """Return every term of every contract, the one that ends first first.

        :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
        """
        self.drain()
        return contracts.contracts(self.endpoint)

    def _write_or_keep(self, fact: Fact) -> bool:
        try:
            with self.spool.turn(), connected(self.endpoint) as connection:
                self.spool.drain(lambda before: apply(connection, before, waited=True))
                apply(connection, fact, waited=False)
        except FactRefusedError as error:
            self.spool.reject(fact, error.facts["reason"])
        except ReportError as error:
            log.warning(texts.FACT_WAITS, error)
            self.spool.append(fact)
        else:
            return True
        return False

    def _ask(
        self, statement: LiteralString, values: Sequence[Any] | Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        with connected(self.endpoint) as connection:
            return connection.execute(statement, values).fetchall()
