"""Activity 14: what failed and why, what is to be seen now, how often; and who goes on from here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from respaldo import __version__, connections
from respaldo.actions.inspect import Probe, inspect, inspect_console
from respaldo.domain.causes import cause_of_code
from respaldo.domain.errors import ReportError, RespaldoError
from respaldo.domain.failures import Judgement
from respaldo.domain.values import Remedy
from respaldo.flows import workers
from respaldo.flows.failures import telling, told
from respaldo.flows.failures.excerpt import excerpt
from respaldo.flows.failures.place import FailurePlace
from respaldo.flows.patience import OutOfPatienceError, within
from respaldo.flows.wording import cell, moment
from respaldo.report.incidents import IncidentUpdate, Recurrence
from respaldo.texts import causes
from respaldo.texts import failures as texts

log = logging.getLogger(__name__)

_OVER = ("resolved", "closed")
"""States of an incident that needs nothing more."""

_FAILED = ("failed", "interrupted", "not_executed")
"""States of a run's row that are a failure."""

_LOOK_SECONDS = 90.0

_BY_ITSELF: tuple[Remedy, ...] = ("repair", "rerun")
"""Correctives that are a new run. The others were applied, or tried, during the run that failed."""


class Classified(NamedTuple):
    """Where to go on, and what Respaldo decided by itself."""

    following: tuple[str, ...]
    judgement: Judgement | None = None


def classify(place: FailurePlace) -> Classified:
    """Write down what failed, tell the people, and say who decides.

    :raises ReportUnavailableError: the row is not in the report yet.
    """
    row, known = place.row(), place.report.incident(place.failed.key)
    is_new = known is None or row["ended_at"] > known["failed_at"]
    if row["state"] not in _FAILED or (known is not None and not is_new and _is_done(known)):
        # A run that was continued by hand can be good by now, and a later one can have been.
        log.info(texts.SUPERSEDED)
        return Classified(("record",))
    log.info(texts.CLASSIFIED, row["cause_detail"] or row["cause"])
    _open(place, row)
    judgement = _own_judgement(place, row)
    if judgement is not None:
        place.report.write(judged(place, judgement))
        log.info(texts.DECIDED, texts.CHOICES["rerun"], judgement.by, judgement.corrective)
    # An attempt that was killed after the row was opened has told nobody.
    if is_new or known is None or "failed" not in known["notices"]:
        telling.failed(place, row, judgement)
    # After the people know: what is broken may answer late, or never.
    probes = [probe.model_dump(mode="json") for probe in _looked(place)]
    place.report.write(IncidentUpdate.of(place.failed, evidence={"probes": probes}))
    return Classified(("rerun",), judgement) if judgement else Classified(("decide",))


def _is_done(known: dict[str, Any]) -> bool:
    """Whether nothing is left to do for a failure: it is over, or its re-run has begun."""
    return known["state"] in _OVER or (known["state"] == "decided" and known["rerun_key"] is not None)


def question(place: FailurePlace) -> tuple[str, str]:
    """Give the subject and the body of the question to those who decide."""
    row, incident = place.row(), place.report.incident(place.failed.key) or {}
    zone, name = place.zone, row["scope_name"] or place.failed.scope_id
    looked = tuple(map(Probe.model_validate, (incident.get("evidence") or {}).get("probes", ())))
    said = (incident.get("evidence") or {}).get("excerpt", ())
    body = texts.BODY.format(
        name=cell(name),
        department=cell(row["department"]),
        number=row["number"],
        when=moment(row["started_at"] or row["programmed_for"], zone),
        step=telling.step_of(row),
        told=cell(row["cause_detail"]),
        advised=cell(row["corrective"]),
        recurrence=told.recurrence(_recurrence(place, row), zone),
        probes=told.probes(looked),
        excerpt=told.lines(said) or texts.NO_EXCERPT,
        link=telling.link_to(place.failed) or "",
    )
    title = causes.title(cause_of_code(row["cause"])())
    return texts.SUBJECT.format(name=name, cause=title), body


def judged(place: FailurePlace, judgement: Judgement) -> IncidentUpdate:
    """State a judgement in the failure's row."""
    return IncidentUpdate.of(
        place.failed,
        state="decided",
        decision=judgement.choice,
        confirmed_cause=judgement.cause,
        corrective=judgement.corrective,
        decided_by=judgement.by,
        decided_at=judgement.at,
        is_automatic=judgement.is_automatic,
    )


def _open(place: FailurePlace, row: dict[str, Any]) -> None:
    known = _recurrence(place, row)
    place.report.write(
        IncidentUpdate.of(
            place.failed,
            state="open",
            scope_name=row["scope_name"],
            department=row["department"],
            opened_at=datetime.now(UTC),
            failed_at=row["ended_at"],
            failed_step=row["failed_step"],
            cause=row["cause"],
            cause_detail=row["cause_detail"],
            advised=row["corrective"],
            recurrence=known.of_scope if known else None,
            evidence={"excerpt": list(excerpt(place.failed, row["failed_step"]))},
            analysis_run_id=place.ti.run_id,
            respaldo_version=__version__,
            # An analysis that begins again knows no decision.
            decision=None,
            confirmed_cause=None,
            corrective=None,
            decided_by=None,
            decided_at=None,
            is_automatic=None,
            rerun_key=None,
            resolution=None,
            resolved_by=None,
            resolved_at=None,
        )
    )


def _recurrence(place: FailurePlace, row: dict[str, Any]) -> Recurrence | None:
    if row["cause"] is None:
        return None
    try:
        return place.report.recurrence(place.failed.scope_id, row["cause"], row["ended_at"])
    except ReportError as error:
        log.warning("%s", error)
        return None


def _looked(place: FailurePlace) -> list[Probe]:
    """Look at the worker, the source and the repositories, if the configuration says which.

    What does not answer in time ends the look: what was seen until then is kept.
    """
    found: list[Probe] = []
    try:
        within(_LOOK_SECONDS, _look(place, found))
    except RespaldoError as error:
        log.warning(texts.NOT_LOOKED.format(told=causes.explain(error)))
    except OutOfPatienceError:
        log.warning(texts.NO_ANSWER.format(seconds=_LOOK_SECONDS))
    return found


def _look(place: FailurePlace, found: list[Probe]) -> Callable[[], None]:
    configuration, scope_id = place.work.configuration(), place.failed.scope_id
    # People are told of a failure from here, also while the scope's own worker is cut off.
    queue = configuration.all_scopes[scope_id].settings.queue
    is_elsewhere = queue not in (None, place.ti.queue) and workers.are_several()
    if scope_id in configuration.external:
        source, zone = configuration.external[scope_id].settings.source, place.zone
        hosts, secrets = connections.ssh_host, connections.password
        return partial(inspect_console, source, hosts, secrets, zone, found.append, is_elsewhere=is_elsewhere)
    if scope_id in configuration.kept:
        return partial(inspect, place.work.job(), found.append, is_elsewhere=is_elsewhere)
    # Of copies that restic does not keep there is nothing to look at.
    return lambda: None


def _own_judgement(place: FailurePlace, row: dict[str, Any]) -> Judgement | None:
    """Decide what needs nobody: a corrective that Respaldo applies itself, once.

    Never on a re-run that failed as well, and not on a scope that is switched off.
    """
    remedy = cause_of_code(row["cause"]).remedy
    was_tried = any(one["remedy"] == remedy for one in row["applied"] or ())
    if remedy not in _BY_ITSELF or was_tried or row["rerun_of"] is not None:
        return None
    if place.scope is None or place.ti.get_dag(place.failed.dag_id).is_paused:
        return None
    return Judgement(
        choice="rerun",
        cause=row["cause"],
        corrective=texts.AUTOMATIC_CORRECTIVES[remedy],
        by=texts.AUTOMATIC,
        at=datetime.now(UTC),
        is_automatic=True,
        repair=remedy == "repair",
    )
