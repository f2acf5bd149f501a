"""Store what was decided on a contract (activity 5), and tell those who answer for its copies."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

from airflow.sdk.exceptions import AirflowFailException

from respaldo import __version__
from respaldo.actions.agreements import to_register
from respaldo.domain.contracts import Standing, Term
from respaldo.flows.contracts import letters
from respaldo.flows.contracts.form import Settled
from respaldo.flows.contracts.place import ContractPlace
from respaldo.flows.notices import links
from respaldo.flows.notices.sending import send
from respaldo.report.contracts import ContractUpdate
from respaldo.texts import contracts as texts

log = logging.getLogger(__name__)


def record(place: ContractPlace) -> None:
    """Store the decision, if there is one. Done twice, it is stored once.

    :raises ReportUnavailableError, ReportSchemaError: the report cannot be asked.
    :raises AirflowFailException: somebody else decided meanwhile, or the report refused it; the role is told.
    """
    given = place.ti.xcom_pull(task_ids="contract")
    if given is None:
        log.info(texts.NOTHING_TO_RECORD)
        return
    settled = Settled.model_validate(given)
    agreement, decision = settled.agreement, settled.decision
    if not _is_stored(place, settled):
        if _is_overtaken(place, settled):
            _refuse(place, settled, texts.DECIDED_MEANWHILE)
        _store(place, settled)
        if not _is_stored(replace(place), settled):
            _refuse(place, settled, texts.NOT_STORED)
    # What counts now is read anew: the renewal may have begun.
    now = replace(place)
    for update in to_register(now.configuration, now.known, now.agreed):
        place.report.write(update)
    organization = place.organization
    roles = (place.decider, *organization.contracts.informed, *agreement.responsible)
    link = links.to_run(place.ti.dag_id, place.ti.run_id)
    told = send(organization, roles, letters.decided(agreement, decision, link))
    notices = {"decided": {"at": datetime.now(UTC).isoformat(), "to": [one._asdict() for one in told]}}
    place.report.write(ContractUpdate.of(_term(settled), notices=notices))


def _store(place: ContractPlace, settled: Settled) -> None:
    """Write the decision."""
    decision = settled.decision
    renewal = decision.renewal
    columns: dict[str, object] = {
        "declined_by": decision.by,
        "declined_at": decision.at,
        "declined_note": decision.note,
    }
    if renewal is not None:
        columns = {
            "valid_from": renewal.valid_from,
            "replaces": renewal.replaces,
            "subject": decision.subject,
            "document": decision.document,
            "note": decision.note,
            "registered_by": decision.by,
            "registered_at": decision.at,
            "timezone": place.organization.timezone,
            "respaldo_version": __version__,
        }
    place.report.write(ContractUpdate.of(_term(settled), **columns))


def _term(settled: Settled) -> Term:
    """Give the term whose row has the decision."""
    renewal = settled.decision.renewal
    if renewal is None:
        return settled.agreement.term
    return Term(number=renewal.number, valid_until=renewal.valid_until)


def _is_stored(place: ContractPlace, settled: Settled) -> bool:
    """Whether the report has this very decision. One that was written may wait, or have been refused."""
    at, term = settled.decision.at, _term(settled)
    return any(one.term == term and at in (one.registered_at, one.declined_at) for one in place.known)


def _is_overtaken(place: ContractPlace, settled: Settled) -> bool:
    """Whether somebody else decided since the answer was taken: two runs may ask for one contract."""
    if settled.decision.renewal is None and place.is_declined(settled.agreement.term):
        return True
    now, then = place.agreement(), settled.agreement
    return now is not None and _ends(now.standing) != _ends(then.standing)


def _ends(standing: Standing) -> tuple[object, ...]:
    return standing.term, standing.following, standing.covered_until


def _refuse(place: ContractPlace, settled: Settled, told: str) -> NoReturn:
    link = links.to_run(place.ti.dag_id, place.ti.run_id)
    notice = letters.not_registered(settled.agreement, settled.decision, told, link)
    send(place.organization, (place.decider,), notice)
    raise AirflowFailException(told)
