"""Store what was decided on a contract (activity 5), and tell those who answer for its copies."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

from respaldo import __version__
from respaldo.actions.agreements import to_register
from respaldo.domain.contracts import Decision, Term
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
    """
    given = place.ti.xcom_pull(task_ids="contract")
    if given is None:
        log.info(texts.NOTHING_TO_RECORD)
        return
    settled = Settled.model_validate(given)
    agreement, decision = settled.agreement, settled.decision
    term = _store(place, agreement.term, decision)
    # What counts now is read anew: the renewal may have begun.
    now = replace(place)
    for update in to_register(now.configuration, now.known, now.agreed):
        place.report.write(update)
    organization = place.organization
    roles = (place.decider, *organization.contracts.informed, *agreement.responsible)
    link = links.to_run(place.ti.dag_id, place.ti.run_id)
    told = send(organization, roles, letters.decided(agreement, decision, link))
    notices = {"decided": {"at": datetime.now(UTC).isoformat(), "to": [one._asdict() for one in told]}}
    place.report.write(ContractUpdate.of(term, notices=notices))


def _store(place: ContractPlace, of: Term, decision: Decision) -> Term:
    """Write the decision, and give the term whose row has it."""
    renewal = decision.renewal
    if renewal is not None:
        term = Term(number=renewal.number, valid_until=renewal.valid_until)
        place.report.write(
            ContractUpdate.of(
                term,
                valid_from=renewal.valid_from,
                replaces=renewal.replaces,
                subject=decision.subject,
                document=decision.document,
                note=decision.note,
                registered_by=decision.by,
                registered_at=decision.at,
                timezone=place.organization.timezone,
                respaldo_version=__version__,
            )
        )
        return term
    if place.is_declined(of):
        log.info(texts.DECLINED_ALREADY, of.number)
        return of
    place.report.write(
        ContractUpdate.of(of, declined_by=decision.by, declined_at=decision.at, declined_note=decision.note)
    )
    return of
