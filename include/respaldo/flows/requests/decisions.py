"""What people decide: the analysis (17, 18), the authorization, the acceptance (23).

Airflow's own waiting operator keeps the question and the answer; a waiting task holds no worker. An answer
that does not come never goes on with a restoration: there is no default, and the task fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from respaldo.actions import request_rows
from respaldo.actions.choose import latest
from respaldo.domain.errors import IncompleteAnswerError, ReportError
from respaldo.domain.requests import Decision, needs_note
from respaldo.domain.requests import State as RequestState
from respaldo.domain.restoring import Which
from respaldo.flows import people
from respaldo.flows.notices import letters, links
from respaldo.flows.notices.sending import send
from respaldo.flows.requests import told
from respaldo.flows.requests.place import RequestPlace
from respaldo.flows.wording import moment
from respaldo.report.export import size
from respaldo.texts import requests as texts

if TYPE_CHECKING:
    from airflow.sdk.execution_time.hitl import HITLUser

log = logging.getLogger(__name__)

_SHOWN_COPIES = 8


class Question(NamedTuple):
    """What is asked, of which roles, and who of them may answer."""

    subject: str
    body: str
    roles: tuple[str, ...]
    who: list[HITLUser]
    state: RequestState


def question(step: str, place: RequestPlace) -> Question | Decision:
    """Put a question together; the analysis may be one that nobody needs to be asked."""
    return _QUESTIONS[step](place)


def announce(step: str, asked: Question, place: RequestPlace) -> None:
    """Tell the roles that a question waits for them. One that is asked again was told already."""
    if place.work.run.attempt > 1:
        return
    organization = place.organization
    notice = letters.question(
        subject=asked.subject,
        role=organization.titles_of(*asked.roles),
        until=datetime.now(UTC) + organization.requests.answer_within,
        link=links.to_question(place.ti.dag_id, place.ti.run_id, step),
        zone=place.zone,
    )
    send(organization, asked.roles, notice)


def answered(step: str, decision: Decision, place: RequestPlace) -> tuple[str, ...]:
    """Write a decision into the request, and give the tasks that follow from it.

    :raises IncompleteAnswerError: it must say why, and does not.
    """
    if step == "analyse" and needs_note(decision.option) and not decision.note:
        raise IncompleteAnswerError(option=texts.ANALYSES["not_applicable"])
    place.work.report.write(request_rows.decided(place.work.run, step, decision))
    log.info(texts.DECIDED, OPTIONS[step][decision.option], decision.by, decision.note or texts.NOTHING)
    return (_FOLLOWING[(step, decision.option)],)


def _analysis(place: RequestPlace) -> Question | Decision:
    organization, request = place.organization, place.request
    if organization.requests.analysis == "automatic" and request.is_complete:
        return Decision(option="restoration", by=texts.AUTOMATIC, at=place.work.context["dag_run"].run_after)
    as_of, roles = latest(request, place.work.context["dag_run"].run_after), (organization.requests.analyst,)
    try:
        known = place.work.report.copies(request.scope_id, as_of=as_of, limit=_SHOWN_COPIES)
        listed = told.copies(known, place.zone)
    except ReportError as error:
        log.warning("%s", error)
        listed = texts.COPIES_UNKNOWN
    return Question(
        subject=texts.ANALYSE_SUBJECT.format(requester=request.requester),
        body=texts.ANALYSE_BODY.format(request=_request(place), copies=listed),
        roles=roles,
        who=people.asked(organization, texts.DECIDES["analyse"], roles, None),
        state="analysing",
    )


def _authorization(which: Which) -> Callable[[RequestPlace], Question]:
    def put_together(place: RequestPlace) -> Question:
        organization, identified = place.organization, place.identified(which)
        body = texts.AUTHORIZE_BODY.format(
            request=_request(place),
            touches=", ".join(f"`{name}`" for name in identified.touches),
            number=identified.number,
            taken_at=moment(identified.taken_at, place.zone),
            asked_by=place.asked_by or texts.NOBODY,
        )
        roles = organization.requests.authorizers
        who = people.asked(organization, texts.DECIDES["authorize"], roles, place.asked_by)
        return Question(texts.AUTHORIZE_SUBJECT, body, roles, who, "restoring")

    return put_together


def _acceptance(which: Which) -> Callable[[RequestPlace], Question]:
    def put_together(place: RequestPlace) -> Question:
        identified, restored = place.identified(which), place.restored(which)
        roles = (place.organization.requests.acceptance,)
        body = texts.ACCEPT_BODY.format(
            request=_request(place),
            which=texts.WHICH[which],
            number=identified.number,
            taken_at=moment(identified.taken_at, place.zone),
            files=restored.files,
            size=size(restored.size_bytes),
            where=", ".join(f"`{name}`" for name in restored.where),
            evidence=told.evidence(restored.evidence),
            kept=texts.KEPT.format(names=", ".join(restored.kept)) if restored.kept else "",
        )
        return Question(
            subject=texts.ACCEPT_SUBJECT.format(requester=place.request.requester),
            body=body,
            roles=roles,
            who=people.asked(place.organization, texts.DECIDES["accept"], roles, None),
            state="accepting",
        )

    return put_together


def _request(place: RequestPlace) -> str:
    return told.request(place.request, place.scope, place.zone)


_QUESTIONS: dict[str, Callable[[RequestPlace], Question | Decision]] = {
    "analyse": _analysis,
    "authorize": _authorization("first"),
    "second_authorize": _authorization("second"),
    "accept": _acceptance("first"),
    "second_accept": _acceptance("second"),
}

OPTIONS: dict[str, dict[str, str]] = {
    "analyse": texts.ANALYSES,
    "authorize": texts.AUTHORIZATIONS,
    "second_authorize": texts.AUTHORIZATIONS,
    "accept": texts.ACCEPTANCES,
    "second_accept": texts.ACCEPTANCES,
}
"""The answers of each question: code to words."""

_TELL = "inform"
_FOLLOWING: dict[tuple[str, str], str] = {
    ("analyse", "restoration"): "identify",
    ("analyse", "unscheduled_backup"): "unscheduled_backup",
    ("analyse", "not_applicable"): _TELL,
    ("authorize", "authorized"): "safety_backup",
    ("authorize", "refused"): _TELL,
    ("second_authorize", "authorized"): "second_safety_backup",
    ("second_authorize", "refused"): _TELL,
    ("accept", "satisfies"): _TELL,
    ("accept", "does_not"): "second_identify",
    ("second_accept", "satisfies"): _TELL,
    ("second_accept", "does_not"): _TELL,
}
