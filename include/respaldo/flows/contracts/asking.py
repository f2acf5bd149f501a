"""Activity 5: what the director is asked of a contract, and what is taken for an answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk.exceptions import AirflowFailException

from respaldo.actions.agreements import Agreement
from respaldo.domain.people_errors import InvalidAnswerError
from respaldo.flows import people
from respaldo.flows.contracts import form
from respaldo.flows.contracts.form import Settled
from respaldo.flows.contracts.place import ContractPlace
from respaldo.flows.notices import letters, links
from respaldo.flows.notices.sending import send
from respaldo.flows.wording import cell
from respaldo.report.contracts import ContractUpdate
from respaldo.texts import causes
from respaldo.texts import contracts as texts

if TYPE_CHECKING:
    from airflow.sdk.execution_time.hitl import HITLUser

log = logging.getLogger(__name__)


class Question(NamedTuple):
    """What is asked, and who may answer."""

    subject: str
    body: str
    who: list[HITLUser]


def question(place: ContractPlace) -> Question | None:
    """Put the question together and tell the role that it waits; None: it is pointless (by now).

    :raises NobodyToAskError: nobody has the role.
    :raises AirflowFailException: somebody asks for a contract that no scope leads to.
    """
    agreement = place.agreement()
    if place.lapsed is None and agreement is None:
        known = ", ".join(one.term.number for one in place.agreed.values()) or texts.NOTHING
        raise AirflowFailException(texts.NO_CONTRACT.format(number=place.number, known=known))
    if agreement is None or _is_pointless(place, agreement):
        log.info(texts.POINTLESS, place.number)
        forget(place)
        return None
    who = people.asked(place.organization, texts.DECIDES, (place.decider,), None)
    asked = Question(_subject(agreement), _body(agreement), who)
    if _begins_to_wait(place, agreement):
        _announce(place, asked.subject)
    return asked


def is_to_ask(place: ContractPlace, agreement: Agreement) -> bool:
    """Whether a contract has lapsed, nothing follows it, and nobody said that it will not be renewed."""
    return agreement.standing.is_open and not place.is_declined(agreement.term)


def answered(place: ContractPlace, option: str, given: Mapping[str, Any], by: str, at: datetime) -> Settled:
    """Give the decision that an answer is.

    :raises InvalidAnswerError: it cannot be so: it is asked for again, and the role is told why.
    """
    choice = next(code for code, words in texts.CHOICES.items() if words == option)
    try:
        settled = form.filled_in(place, choice, given, by, at)
    except InvalidAnswerError as error:
        told = causes.explain(error)
        log.warning(texts.REFUSED, by, told)
        agreement = place.agreement()
        subject = _subject(agreement) if agreement else place.number
        send(
            place.organization,
            (place.decider,),
            letters.refused(subject=subject, told=told, link=_link(place)),
        )
        raise
    log.info(texts.DECIDED, place.number, option, by)
    return settled


def forget(place: ContractPlace) -> None:
    """Note that the question waits no more: it can be asked anew."""
    for one in place.known:
        if one.asked_at and one.term == place.lapsed:
            place.report.write(ContractUpdate.of(one.term, asked_at=None))


def _is_pointless(place: ContractPlace, agreement: Agreement) -> bool:
    """Whether the term that opened the run is the one that counts no more, or needs nobody."""
    return place.lapsed is not None and not (agreement.term == place.lapsed and is_to_ask(place, agreement))


def _begins_to_wait(place: ContractPlace, agreement: Agreement) -> bool:
    """Whether a question is new: one whose answer was refused, or lost by Airflow, waits on.

    Its attempts do not tell: the watch begins the same run again, and they go on counting.
    """
    if place.lapsed is None:
        return place.work.run.attempt == 1
    if any(one.asked_at for one in place.known if one.term == agreement.term):
        return False
    place.report.write(ContractUpdate.of(agreement.term, asked_at=datetime.now(UTC)))
    return True


def _announce(place: ContractPlace, subject: str) -> None:
    organization = place.organization
    notice = letters.question(
        subject=subject,
        role=organization.titles_of(place.decider),
        until=datetime.now(UTC) + organization.contracts.answer_within,
        link=_link(place),
        zone=place.zone,
    )
    send(organization, (place.decider,), notice)


def _link(place: ContractPlace) -> str | None:
    return links.to_question(place.ti.dag_id, place.ti.run_id, "contract")


def _subject(agreement: Agreement) -> str:
    return texts.SUBJECT.format(
        number=agreement.term.number,
        state=texts.STATES[agreement.standing.state],
        valid_until=agreement.term.valid_until,
    )


def _body(agreement: Agreement) -> str:
    has_lapsed = agreement.standing.state == "lapsed"
    return texts.BODY.format(
        number=cell(agreement.term.number),
        valid_until=agreement.term.valid_until,
        scopes=cell(", ".join(agreement.scopes)),
        meanwhile=texts.MEANWHILE[agreement.on_lapse] if has_lapsed else texts.NOT_LAPSED,
        renewed=texts.CHOICES["renewed"],
        not_renewed=texts.CHOICES["not_renewed"],
    )
