"""Tell the people of a failure: once when it is there, once when it is over (activity 13)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from respaldo.config.configuration import folder, load_organization
from respaldo.config.organization import Organization
from respaldo.domain.causes import cause_of_code
from respaldo.domain.errors import RespaldoError
from respaldo.domain.failures import Judgement
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.domain.values import Run
from respaldo.flows import people
from respaldo.flows.failures.place import FailurePlace, scope_of
from respaldo.flows.notices import letters, links
from respaldo.flows.notices.sending import send
from respaldo.report.incidents import IncidentUpdate, OpenIncident
from respaldo.texts import causes
from respaldo.texts import failures as texts
from respaldo.texts.backup import CORRECTIVE
from respaldo.texts.report import TERMS

if TYPE_CHECKING:
    from airflow.sdk.execution_time.hitl import HITLUser

    from respaldo.flows.workplace import Workplace

log = logging.getLogger(__name__)


def analysts(place: FailurePlace) -> list[HITLUser]:
    """Give the people who may decide on the failure.

    :raises NobodyToAskError: nobody has the role.
    """
    organization = place.organization
    return people.asked(organization, texts.DECIDES, (organization.failures.analyst,), None)


def failed(place: FailurePlace, row: dict[str, Any], judgement: Judgement | None) -> None:
    """Tell that a run failed, and what follows."""
    organization, failures = place.organization, place.organization.failures
    until = datetime.now(UTC) + failures.answer_within
    role = organization.titles_of(failures.analyst)
    if judgement is None:
        awaited = letters.Awaited(role, until)
        link = links.to_question(place.ti.dag_id, place.ti.run_id, "decide")
    else:
        awaited, link = None, links.to_run(place.failed.dag_id, place.failed.run_id)
    notice = letters.failure(
        name=row["scope_name"] or place.failed.scope_id,
        department=row["department"] or texts.NOTHING,
        failed=_failed(row["number"], began(row), row["cause"]),
        step=step_of(row),
        told=row["cause_detail"] or texts.NOTHING,
        corrective=row["corrective"] or texts.NOTHING,
        awaited=awaited,
        link=link,
        zone=place.zone,
    )
    told = _send(organization, row["responsible"], notice)
    place.report.write(IncidentUpdate.of(place.failed, notices={"failed": told}))


def closed(place: FailurePlace, judgement: Judgement) -> None:
    """Tell that somebody closed a failure without another run."""
    row = place.row()
    notice = letters.closed(
        name=row["scope_name"] or place.failed.scope_id,
        department=row["department"] or texts.NOTHING,
        failed=_failed(row["number"], began(row), judgement.cause),
        by=judgement.by,
        corrective=judgement.corrective,
        closed_at=judgement.at,
        link=link_to(place.failed),
        zone=place.zone,
    )
    told = _send(place.organization, row["responsible"], notice)
    place.report.write(IncidentUpdate.of(place.failed, notices={"over": told}))


@contextmanager
def in_log() -> Iterator[None]:
    """Tell why a step of the analysis fails where people look for it."""
    try:
        yield
    except RespaldoError as error:
        log.error("%s", causes.explain(error))
        log.error(CORRECTIVE, causes.corrective(error))
        raise


def resolved(work: Workplace, incidents: Sequence[OpenIncident]) -> None:
    """Tell that the failures of one scope, all ended by one good run, are over."""
    one, now = incidents[0], datetime.now(UTC)
    try:
        organization, scope = load_organization(folder()), scope_of(one.scope_id)
    except ConfigurationProblemsError as error:
        # The next look tells it.
        log.warning("%s", error)
        return
    notice = letters.resolved(
        name=one.scope_name or one.scope_id,
        department=scope.settings.department if scope else texts.NOTHING,
        failures=[_failed(each.number, each.failed_at or now, each.cause) for each in incidents],
        resolution="rerun" if any(each.is_rerun for each in incidents) else "next_good",
        good_number=one.good_number,
        good_at=one.good_at or now,
        link=links.to_run(one.dag_id, one.good_run_id) if one.good_run_id else None,
        zone=ZoneInfo(organization.timezone),
    )
    responsible = scope.settings.responsible if scope else None
    told = _send(organization, responsible, notice)
    for each in incidents:
        run = Run(dag_id=each.dag_id, run_id=each.run_id, scope_id=each.scope_id)
        work.report.write(IncidentUpdate.of(run, notices={"over": told}))


def link_to(run: Run) -> str | None:
    return links.to_run(run.dag_id, run.run_id)


def step_of(row: dict[str, Any]) -> str:
    """Name the step that failed."""
    return TERMS["step"].get(row["failed_step"], texts.UNKNOWN_STEP)


def began(row: dict[str, Any]) -> datetime:
    """Give when a run began, or had to."""
    moment: datetime = row["started_at"] or row["programmed_for"] or row["ended_at"]
    return moment


def _failed(number: int | None, when: datetime, cause: str | None) -> letters.Failed:
    return letters.Failed(number, when, causes.title(cause_of_code(cause)()))


def _send(organization: Organization, responsible: str | None, notice: letters.Notice) -> dict[str, Any]:
    """Tell those who decide, who answer for the scope, and who asked to be told; give what came of it."""
    failures = organization.failures
    roles = dict.fromkeys((failures.analyst, *failures.informed, responsible or failures.analyst))
    told = send(organization, tuple(roles), notice)
    return {"at": datetime.now(UTC).isoformat(), "to": [one._asdict() for one in told]}
