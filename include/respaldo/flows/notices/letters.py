"""Write the notices: of a failure, of its end, of a question that waits. Times are told in a zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from respaldo.flows.wording import moment
from respaldo.report.export import clock
from respaldo.texts import archive as archive_texts
from respaldo.texts import notices as texts


class Notice(NamedTuple):
    """What is told: one line, plain text, and where to go on reading or to decide."""

    subject: str
    text: str
    link: str | None


class Awaited(NamedTuple):
    """A decision that a failure waits for: of whom (a role's title), and how long."""

    role: str
    until: datetime


class Failed(NamedTuple):
    """A failed run: its number in the form, if it has one yet; when it began; its cause's title."""

    number: int | None
    when: datetime
    cause: str


def failure(
    *,
    name: str,
    department: str,
    failed: Failed,
    step: str,
    told: str,
    corrective: str,
    awaited: Awaited | None,
    link: str | None,
    zone: ZoneInfo,
) -> Notice:
    """Tell that a backup failed.

    :param told: what happened, in words, with its facts.
    :param awaited: None: Respaldo applies the corrective and runs it again by itself.
    :param link: to the decision, or to the run.
    """
    follows = texts.RERUN_FOLLOWS
    if awaited is not None:
        follows = texts.DECISION_FOLLOWS.format(role=awaited.role, until=moment(awaited.until, zone))
    text = texts.FAILED.format(
        name=name,
        department=department,
        number=_number(failed.number),
        when=moment(failed.when, zone),
        step=step,
        told=told,
        corrective=corrective,
        follows=follows,
    )
    subject = texts.FAILED_SUBJECT.format(name=name, cause=failed.cause)
    return notice(subject, text, texts.DECIDE_HERE if awaited else texts.SEE_HERE, link)


def resolved(
    *,
    name: str,
    department: str,
    failures: Sequence[Failed],
    resolution: Literal["rerun", "next_good"],
    good_number: int | None,
    good_at: datetime,
    link: str | None,
    zone: ZoneInfo,
) -> Notice:
    """Tell that failures of one scope are over.

    :param failures: one or more, of one scope.
    :param good_at: when the good run ended: the time to repair is counted until then.
    """
    lines = [
        texts.RESOLVED_FAILURE.format(
            number=_number(one.number), when=moment(one.when, zone), cause=one.cause
        )
        for one in failures
    ]
    # Clocks of several machines: never less than nothing.
    elapsed = max(good_at - min(one.when for one in failures), timedelta())
    text = texts.RESOLVED.format(
        name=name,
        department=department,
        good=_number(good_number),
        when=moment(good_at, zone),
        how=texts.RESOLVED_BY[resolution],
        failures="\n".join(lines),
        elapsed=clock(elapsed),
    )
    return notice(texts.RESOLVED_SUBJECT.format(name=name), text, texts.SEE_HERE, link)


def closed(
    *,
    name: str,
    department: str,
    failed: Failed,
    by: str,
    corrective: str,
    closed_at: datetime,
    link: str | None,
    zone: ZoneInfo,
) -> Notice:
    """Tell that somebody closed a failure without a new run."""
    text = texts.CLOSED.format(
        name=name,
        department=department,
        number=_number(failed.number),
        when=moment(failed.when, zone),
        cause=failed.cause,
        by=by,
        corrective=corrective,
        closed_at=moment(closed_at, zone),
    )
    return notice(texts.CLOSED_SUBJECT.format(name=name), text, texts.SEE_HERE, link)


def archived(
    *, period: str, version: int, rows: int, folder: str, head: str, to_do: str, link: str | None
) -> Notice:
    """Tell that the form of a period is archived.

    :param period: in words.
    :param head: the history's last hash.
    :param to_do: what somebody has to archive or to mend, in lines; empty if nothing.
    """
    facts = {"period": period, "version": version, "rows": rows, "folder": folder, "head": head}
    text = archive_texts.ARCHIVED_TEXT.format(**facts, to_do=to_do)
    return notice(archive_texts.ARCHIVED_SUBJECT.format(**facts), text, texts.SEE_HERE, link)


def not_archived(*, period: str, told: str, link: str | None) -> Notice:
    """Tell that the form of a period could not be archived.

    :param told: why, and what mends it.
    """
    text = archive_texts.NOT_ARCHIVED_TEXT.format(period=period, told=told)
    return notice(archive_texts.NOT_ARCHIVED_SUBJECT.format(period=period), text, texts.SEE_HERE, link)


def question(*, subject: str, role: str, until: datetime, link: str | None, zone: ZoneInfo) -> Notice:
    """Tell that a question waits.

    :param role: the titles of who may answer.
    """
    text = texts.QUESTION.format(subject=subject, role=role, until=moment(until, zone))
    return notice(texts.QUESTION_SUBJECT.format(subject=subject), text, texts.DECIDE_HERE, link)


def refused(*, subject: str, told: str, link: str | None) -> Notice:
    """Tell that an answer was refused and that its question waits again.

    :param told: why, in words.
    """
    text = texts.REFUSED.format(subject=subject, told=told)
    return notice(texts.REFUSED_SUBJECT.format(subject=subject), text, texts.DECIDE_HERE, link)


def notice(subject: str, text: str, here: str, link: str | None) -> Notice:
    """Put a notice together.

    :param here: what the link, if there is one, is for.
    """
    # A subject is one line, whatever people wrote in a name.
    return Notice(" ".join(subject.split()), f"{text}\n{here}\n" if link else text, link)


def _number(number: int | None) -> str:
    return texts.NO_NUMBER if number is None else texts.NUMBER.format(number=number)
