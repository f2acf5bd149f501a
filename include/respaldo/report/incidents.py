"""What a step states about a failure's row, and what the report knows of failures (activities 13 to 15)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, LiteralString

from pydantic import AwareDatetime, Field, JsonValue

from respaldo.domain.failures import Choice, Resolution
from respaldo.domain.values import Endpoint, Run, Value
from respaldo.report.database import connected
from respaldo.report.row import Count, RunRow

State = Literal["open", "waiting", "decided", "resolved", "closed"]

_INCIDENT = "SELECT * FROM respaldo.incident WHERE incident_key = %(run)s"
_RECURRENCE = """
    SELECT
        count(*) FILTER (WHERE scope_id = %(scope)s) AS of_scope,
        count(*) AS of_all,
        max(ended_at) FILTER (WHERE scope_id = %(scope)s) AS last_at
    FROM respaldo.fm007
    WHERE kind = 'backup' AND state IN ('failed', 'interrupted', 'not_executed') AND cause = %(cause)s
        AND ended_at < %(before)s AND ended_at >= %(before)s - interval '90 days'
"""
# A failed run that was continued by hand may be good itself. Otherwise the number says which run came later:
# clocks are set back. A copy that others made may have ended before the failure: that it is good was known
# when it was verified. Damage is over only when a run repaired it, or read everything and found none.
_INCIDENTS: LiteralString = """
    SELECT i.incident_key, i.dag_id, i.run_id, i.scope_id, coalesce(i.scope_name, i.scope_id) AS scope_name,
        failed.number, i.cause, i.state, coalesce(i.failed_at, failed.ended_at) AS failed_at,
        i.analysis_run_id, i.notices ? 'over' AS is_told, good.run_key AS good_run_key,
        good.run_id AS good_run_id, good.number AS good_number, good.ended_at AS good_at,
        good.run_key IS NOT NULL AND EXISTS (
            -- UNION, not UNION ALL: runs that name each other in a circle end it.
            WITH RECURSIVE chain AS (
                SELECT good.run_key, good.rerun_of
                UNION
                SELECT earlier.run_key, earlier.rerun_of
                FROM chain JOIN respaldo.fm007 earlier ON earlier.run_key = chain.rerun_of
            )
            SELECT FROM chain WHERE i.incident_key IN (chain.run_key, chain.rerun_of)
        ) AS is_rerun
    FROM respaldo.incident i
    LEFT JOIN respaldo.fm007 failed ON failed.run_key = i.incident_key
    LEFT JOIN LATERAL (
        SELECT f.run_key, f.run_id, f.number, f.rerun_of, greatest(f.ended_at, f.verified_at) AS ended_at
        FROM respaldo.fm007 f
        WHERE f.scope_id = i.scope_id AND f.kind = 'backup'
            AND f.state IN ('succeeded', 'succeeded_with_warnings') AND f.verification_result = 'good'
            AND f.ended_at IS NOT NULL
            -- The words below say so too, but only this finds the run by the index (scope_id, number).
            AND f.number >= coalesce(failed.number, 0)
            AND (
                f.run_key = i.incident_key
                OR CASE WHEN failed.number IS NULL THEN f.started_at >= coalesce(i.failed_at, i.opened_at)
                    ELSE f.number > failed.number END
            )
            AND (
                i.cause NOT IN ('repository_damaged', 'index_damaged')
                OR jsonb_path_exists(f.applied, '$[*] ? (@.remedy == "repair")')
                OR jsonb_path_exists(
                    f.verification, '$[*] ? (@.method == "read_data" && @.facts.percent == "100.0")'
                )
            )
        ORDER BY f.number
        LIMIT 1
    ) AS good ON true
"""
_UNRESOLVED = (
    _INCIDENTS
    + """
    WHERE i.state IN ('open', 'waiting', 'decided')
        AND (%(scope)s::text IS NULL OR i.scope_id = %(scope)s)
    ORDER BY failed_at, i.number
"""
)
_ENDED = (
    _INCIDENTS
    + """
    WHERE i.state IN ('resolved', 'closed') AND i.resolved_at >= %(since)s
    ORDER BY failed_at, i.number
"""
)
_UNFINISHED = """
    SELECT dag_id, run_id, scope_id, kind, state, programmed_for, started_at
    FROM respaldo.fm007
    WHERE kind IN ('backup', 'restore') AND state IN ('programmed', 'running')
    ORDER BY number
"""
# A run that was continued by hand and failed once more needs another analysis.
_UNOPENED = """
    SELECT f.dag_id, f.run_id, f.scope_id
    FROM respaldo.fm007 f
    WHERE f.kind = 'backup' AND f.state IN ('failed', 'interrupted', 'not_executed')
        AND f.ended_at >= %(since)s AND f.ended_at < coalesce(%(until)s::timestamptz, 'infinity')
        AND NOT EXISTS (
            SELECT
            FROM respaldo.incident i
            WHERE i.incident_key = f.run_key AND coalesce(i.failed_at, f.ended_at) >= f.ended_at
        )
    ORDER BY f.ended_at, f.number
"""


class IncidentUpdate(RunRow):
    """Columns of ``respaldo.incident`` that a step knows now, under the key of the run that failed.

    ``evidence`` and ``notices`` are merged by kind with what the row holds.
    """

    TABLE: ClassVar[str] = "incident"
    KEY: ClassVar[str] = "incident_key"
    MERGED: ClassVar[frozenset[str]] = frozenset({"evidence", "notices"})
    OUTCOME: ClassVar[frozenset[str]] = frozenset({"state", "resolution", "resolved_by", "resolved_at"})

    incident_key: str

    scope_name: str | None = None
    department: str | None = None
    opened_at: AwareDatetime | None = None
    failed_at: AwareDatetime | None = None
    failed_step: str | None = None
    cause: str | None = None
    cause_detail: str | None = None
    advised: str | None = None
    recurrence: Count | None = None
    evidence: dict[str, JsonValue] = Field(default_factory=dict)

    state: State = "open"
    decision: Choice | None = None
    confirmed_cause: str | None = None
    corrective: str | None = None
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None
    is_automatic: bool | None = None
    rerun_key: str | None = None

    resolution: Resolution | None = None
    resolved_by: str | None = None
    resolved_at: AwareDatetime | None = None

    analysis_run_id: str | None = None
    notices: dict[str, JsonValue] = Field(default_factory=dict)
    respaldo_version: str | None = None


class Recurrence(Value):
    """How often a cause failed backups in the 90 days before a moment, and when it last failed this scope."""

    of_scope: int
    of_all: int
    last_at: AwareDatetime | None


class OpenIncident(Value):
    """A failure that has not come to its end, and the first good run that would end it.

    ``number`` is that of the failed run's row, None while that waits in a spool.
    """

    incident_key: str
    dag_id: str
    run_id: str
    scope_id: str
    scope_name: str
    number: int | None
    cause: str | None
    state: State
    failed_at: AwareDatetime | None
    analysis_run_id: str | None
    is_told: bool
    """People were told that it is over."""
    good_run_key: str | None
    good_run_id: str | None
    good_number: int | None
    good_at: AwareDatetime | None
    """When the good run ended, and its copy was verified."""
    is_rerun: bool
    """The good run is a re-run of the failed one, or of a re-run of it; or the failed one, continued."""


class UnfinishedRun(Run):
    """A run whose row says that it is still to come, or on its way."""

    kind: Literal["backup", "restore"]
    state: Literal["programmed", "running"]
    programmed_for: AwareDatetime | None
    started_at: AwareDatetime | None


def incident(endpoint: Endpoint, run_key: str) -> dict[str, Any] | None:
    """Give the row of a failed run's incident, with the base table's columns.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    rows = _ask(endpoint, _INCIDENT, {"run": run_key})
    return rows[0] if rows else None


def recurrence(endpoint: Endpoint, scope_id: str, cause: str, before: datetime) -> Recurrence:
    """Count the backups that a cause failed in the 90 days before a moment, that moment left out.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    values = {"scope": scope_id, "cause": cause, "before": before}
    return Recurrence.model_validate(_ask(endpoint, _RECURRENCE, values)[0])


def unresolved(endpoint: Endpoint, scope_id: str | None) -> tuple[OpenIncident, ...]:
    """Give the failures that have not come to their end, the first first: a scope's, or all.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    return tuple(map(OpenIncident.model_validate, _ask(endpoint, _UNRESOLVED, {"scope": scope_id})))


def ended(endpoint: Endpoint, since: datetime) -> tuple[OpenIncident, ...]:
    """Give the failures that came to their end since a moment, the first first.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    return tuple(map(OpenIncident.model_validate, _ask(endpoint, _ENDED, {"since": since})))


def unfinished(endpoint: Endpoint) -> tuple[UnfinishedRun, ...]:
    """Give the backups and restorations whose rows were never closed.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    return tuple(map(UnfinishedRun.model_validate, _ask(endpoint, _UNFINISHED, {})))


def unopened(endpoint: Endpoint, since: datetime, until: datetime | None) -> tuple[Run, ...]:
    """Give the backups that failed since a moment and have no incident of that failure, the first first.

    :param until: those that ended before it only.

    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    return tuple(map(Run.model_validate, _ask(endpoint, _UNOPENED, {"since": since, "until": until})))


def _ask(endpoint: Endpoint, statement: LiteralString, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connected(endpoint) as connection:
        return connection.execute(statement, values).fetchall()
