"""Write what people of a role are told of contracts."""

from __future__ import annotations

from respaldo.actions.agreements import Agreement
from respaldo.domain.contracts import Decision
from respaldo.flows.notices.letters import Notice, notice
from respaldo.texts import contracts as texts
from respaldo.texts import notices as notice_texts


def lapsing(agreement: Agreement, days: int, decider: str) -> Notice:
    """Tell that a contract is about to lapse.

    :param days: that are left.
    :param decider: the title of who can renew it.
    """
    facts = {"number": agreement.term.number, "valid_until": agreement.term.valid_until}
    text = texts.LAPSING.format(
        days=days,
        scopes=", ".join(agreement.scopes),
        on_lapse=texts.MEANWHILE[agreement.on_lapse],
        decider=decider,
        **facts,
    )
    return notice(texts.LAPSING_SUBJECT.format(**facts), text, notice_texts.SEE_HERE, None)


def decided(agreement: Agreement, decision: Decision, link: str | None) -> Notice:
    """Tell what was decided on a contract."""
    before, renewal = agreement.term, decision.renewal
    facts = {
        "by": decision.by,
        "note": decision.note or texts.NOTHING,
        "scopes": ", ".join(agreement.scopes),
    }
    if renewal is None:
        text = texts.NOT_RENEWED.format(
            number=before.number,
            valid_until=before.valid_until,
            on_lapse=texts.MEANWHILE[agreement.on_lapse],
            **facts,
        )
    else:
        text = texts.RENEWED.format(
            before=before.number,
            number=renewal.number,
            subject=decision.subject,
            valid_from=renewal.valid_from,
            valid_until=renewal.valid_until,
            document=decision.document,
            **facts,
        )
    subject = texts.DECIDED_SUBJECTS[decision.choice].format(number=before.number)
    return notice(subject, text, notice_texts.SEE_HERE, link)


def not_registered(agreement: Agreement, decision: Decision, told: str, link: str | None) -> Notice:
    """Tell that what was decided on a contract is not registered.

    :param told: why, in words.
    """
    number = agreement.term.number
    text = texts.NOT_REGISTERED.format(by=decision.by, number=number, told=told)
    return notice(texts.NOT_REGISTERED_SUBJECT.format(number=number), text, notice_texts.SEE_HERE, link)
