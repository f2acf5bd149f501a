"""The two questions of a manual backup: make the copy (activity 11), verify it (activities 12 and 13).

Airflow's own waiting operator keeps the question and the answer; a waiting task holds no worker. A question
that was answered with something that cannot be is asked again, and the time that it gives goes on running.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from respaldo.actions import manual_rows
from respaldo.domain.people_errors import (
    CopyRejectedError,
    InvalidAnswerError,
    ManualCopyFailedError,
    NotPerformedError,
    NotVerifiedError,
)
from respaldo.domain.quantities import format_duration
from respaldo.flows import people
from respaldo.flows.doing import Outcome, do, telling
from respaldo.flows.manual import answers, told
from respaldo.flows.manual.answers import Answer
from respaldo.flows.manual.place import ManualPlace
from respaldo.flows.notices import letters, links
from respaldo.flows.notices.sending import send
from respaldo.flows.wording import moment
from respaldo.texts import causes
from respaldo.texts import manual as texts

if TYPE_CHECKING:
    from airflow.sdk.execution_time.hitl import HITLUser

log = logging.getLogger(__name__)

_UNTIL = "until"
"""Under this a task keeps, from one attempt to the next, until when it asks."""


class Question(NamedTuple):
    """What is asked, who of the role may answer, and how much time is left."""

    subject: str
    body: str
    who: list[HITLUser]
    left: timedelta


def ask(step: str, place: ManualPlace) -> Question:
    """Put a question together, and tell the role that it waits.

    :raises NobodyToAskError: nobody of the role is left who may answer.
    """
    with telling(step, place.work, []):
        until, is_new = _until(step, place)
        asked = _QUESTIONS[step](place, until)
    # Where a task was cleared, Airflow shows what it asked before.
    log.info("%s", asked.body)
    if is_new:
        _announce(step, place, asked.subject, until)
        left = until - datetime.now(UTC) + timedelta(days=1)
        place.work.context["task_state_store"].set(_UNTIL, until.isoformat(), retention=left)
    return asked


def answered(step: str, place: ManualPlace, answer: Answer) -> dict[str, Any]:
    """Take an answer into the row, and give what the task hands on. What asks once more asks anew.

    :raises InvalidAnswerError: something of it cannot be so: it is asked for again.
    :raises ManualCopyFailedError, CopyRejectedError: the copy could not be made, or is not good.
    """
    try:
        handed_on = do(step, place.work, lambda *_: _ANSWERS[step](place, answer))
    except InvalidAnswerError as error:
        log.warning(texts.REFUSED, answer.by)
        _tell_refusal(step, place, error)
        raise
    except (ManualCopyFailedError, CopyRejectedError):
        place.work.context["task_state_store"].delete(_UNTIL)
        raise
    place.work.context["task_state_store"].delete(_UNTIL)
    return handed_on


def unanswered(step: str, place: ManualPlace) -> NoReturn:
    """Tell that nobody answered in time.

    :raises NotPerformedError, NotVerifiedError: always.
    """
    cause = NotPerformedError if step == "perform" else NotVerifiedError
    with telling(step, place.work, []):
        raise cause(within=format_duration(_within(step, place)))


def _within(step: str, place: ManualPlace) -> timedelta:
    return place.settings.perform_within if step == "perform" else place.settings.verify_within


def _role(step: str, place: ManualPlace) -> str:
    return place.settings.responsible if step == "perform" else place.settings.verifier


def _until(step: str, place: ManualPlace) -> tuple[datetime, bool]:
    """Give until when the question waits, and whether it begins to wait now.

    One that is asked again goes on with its time; one that was answered, or is cleared after it, begins anew.
    """
    now, before = datetime.now(UTC), place.work.context["task_state_store"].get(_UNTIL)
    if before is not None and datetime.fromisoformat(str(before)) > now:
        return datetime.fromisoformat(str(before)), False
    return now + _within(step, place), True


def _perform(place: ManualPlace, until: datetime) -> Question:
    settings, role = place.settings, _role("perform", place)
    return Question(
        subject=texts.PERFORM_SUBJECT.format(name=settings.name),
        body=told.to_perform(place, until),
        who=people.asked(place.organization, texts.DECIDES["perform"], (role,), None),
        left=until - datetime.now(UTC),
    )


def _verify(place: ManualPlace, until: datetime) -> Question:
    settings, role, stated = place.settings, _role("verify", place), place.performed
    return Question(
        subject=texts.VERIFY_SUBJECT.format(name=settings.name),
        body=told.to_verify(place, stated, place.measured, until),
        who=people.asked(place.organization, texts.DECIDES["verify"], (role,), None, barred=(stated.by,)),
        left=until - datetime.now(UTC),
    )


def _performed(place: ManualPlace, answer: Answer) -> Outcome:
    run = place.work.run
    try:
        stated = answers.performed(answer, place.settings.folder, place.zone, place.work.report.medium)
    except ManualCopyFailedError as error:
        place.work.report.write(manual_rows.not_made(run, answer.by, error.facts["note"]))
        raise
    zone = place.zone
    log.info(
        texts.PERFORMED,
        stated.by,
        stated.label or stated.medium,
        moment(stated.started_at, zone),
        moment(stated.ended_at, zone),
    )
    return stated, lambda effort: manual_rows.performed(run, stated, effort)


def _inspected(place: ManualPlace, answer: Answer) -> Outcome:
    run, stated, measured = place.work.run, place.performed, place.measured
    said = answers.inspected(answer, stated.by)
    log.info(texts.INSPECTED, said.by, texts.VERDICTS[answer.option])
    rejection = answers.rejection(answer, said)
    if rejection is not None:
        place.work.report.write(manual_rows.rejected(run, said, stated))
        raise rejection
    return said, lambda effort: manual_rows.inspected(run, said, stated, measured, effort)


def _announce(step: str, place: ManualPlace, subject: str, until: datetime) -> None:
    organization, role = place.organization, _role(step, place)
    notice = letters.question(
        subject=subject,
        role=organization.titles_of(role),
        until=until,
        link=_link(step, place),
        zone=place.zone,
    )
    send(organization, (role,), notice)


def _tell_refusal(step: str, place: ManualPlace, error: InvalidAnswerError) -> None:
    """Tell why the question waits again: Airflow shows it with the words that it had at first."""
    subjects = {"perform": texts.PERFORM_SUBJECT, "verify": texts.VERIFY_SUBJECT}
    notice = letters.refused(
        subject=subjects[step].format(name=place.settings.name),
        told=causes.explain(error),
        link=_link(step, place),
    )
    send(place.organization, (_role(step, place),), notice)


def _link(step: str, place: ManualPlace) -> str | None:
    run = place.work.run
    return links.to_question(run.dag_id, run.run_id, step)


_QUESTIONS: dict[str, Callable[[ManualPlace, datetime], Question]] = {"perform": _perform, "verify": _verify}
_ANSWERS: dict[str, Callable[[ManualPlace, Answer], Outcome]] = {
    "perform": _performed,
    "verify": _inspected,
}

OPTIONS = {"perform": texts.RESULTS, "verify": texts.VERDICTS}
"""The answers of each question: code to words."""
