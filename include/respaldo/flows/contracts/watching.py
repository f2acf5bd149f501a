"""The watch over the contracts: which are about to lapse, which have, which questions are pointless."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from respaldo.actions.agreements import Agreement, to_register
from respaldo.domain.contracts import Term
from respaldo.flows.contracts import letters
from respaldo.flows.contracts.asking import is_to_ask
from respaldo.flows.contracts.names import CONTRACTING, question_on
from respaldo.flows.contracts.place import ContractPlace
from respaldo.flows.dag_runs import is_under_way, state_of
from respaldo.flows.notices.sending import send
from respaldo.report.contracts import ContractUpdate
from respaldo.texts import contracts as texts

log = logging.getLogger(__name__)


def look(place: ContractPlace) -> list[dict[str, Any]]:
    """Register the contracts, warn of those that are about to lapse, and give the questions to begin or end.

    :raises ReportUnavailableError, ReportSchemaError: the report cannot be asked.
    :raises InvalidConfigurationError: organization or repositories cannot be used.
    """
    for update in to_register(place.configuration, place.known, place.agreed):
        place.report.write(update)
    warned = {one.term.key for one in place.known if one.warned_at}
    lapsing = [one for one in place.agreed.values() if _is_to_warn(one) and one.term.key not in warned]
    for one in lapsing:
        _warn(place, one)
    open_ = [one.term for one in place.agreed.values() if is_to_ask(place, one)]
    wanted = [term for term in open_ if _is_to_open(place, term)]
    for term in wanted:
        log.info(texts.OPENED, term.number, term.valid_until)
    # Beginning again ends a question that waits: it finds that nothing is left to decide.
    wanted += _pointless(place, open_)
    log.info(texts.WATCHED, len(place.agreed), len(lapsing), len(wanted))
    triggers = map(question_on, wanted)
    return [{"trigger_run_id": one.run_id, "conf": one.conf} for one in triggers]


def _is_to_warn(agreement: Agreement) -> bool:
    return agreement.standing.state == "lapsing" and agreement.standing.following is None


def _is_to_open(place: ContractPlace, term: Term) -> bool:
    """Whether a lapsed contract has no question that waits, and none that was answered.

    What was answered may wait in another worker's spool. A question that ended because it was pointless is
    no answer: the report forgot that it was asked.
    """
    state = state_of(place.ti, CONTRACTING, question_on(term).run_id)
    if state == "success":
        return not any(one.asked_at for one in place.known if one.term == term)
    return state in (None, "failed")


def _pointless(place: ContractPlace, open_: list[Term]) -> list[Term]:
    if place.configuration.invalid:
        # While a scope's file cannot be read, nobody knows whether its contract is still wanted.
        return []
    asked = [one.term for one in place.known if one.asked_at and one.term not in open_]
    return [term for term in asked if is_under_way(place.ti, CONTRACTING, question_on(term).run_id)]


def _warn(place: ContractPlace, agreement: Agreement) -> None:
    """Tell that a contract is about to lapse. One that reached nobody is told at the next look again."""
    organization = place.organization
    notice = letters.lapsing(
        agreement,
        days=(agreement.term.valid_until - place.today).days,
        decider=organization.titles_of(place.decider),
    )
    now = datetime.now(UTC)
    told = send(organization, (place.decider, *organization.contracts.informed), notice)
    if not told or any(one.state == "sent" for one in told):
        notices = {"lapsing": {"at": now.isoformat(), "to": [one._asdict() for one in told]}}
        place.report.write(ContractUpdate.of(agreement.term, warned_at=now, notices=notices))
