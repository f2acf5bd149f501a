"""Send one notice to every place of some roles, all at the same time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from respaldo.config.organization import Organization, is_address
from respaldo.flows import mail
from respaldo.flows.notices import chat
from respaldo.flows.notices.letters import Notice
from respaldo.flows.notices.places import Outcome, Told, places
from respaldo.texts import notices as texts

log = logging.getLogger(__name__)


def send(organization: Organization, roles: Sequence[str], notice: Notice) -> tuple[Told, ...]:
    """Tell the people of some roles, and log what became of it.

    It raises nothing, and takes no longer than the patience that it has with one place: whether a backup is
    good does not depend on who hears of it.
    """
    found = places(organization, roles)
    for role in dict.fromkeys(roles):
        if not places(organization, (role,)):
            log.warning(texts.NOBODY.format(role=organization.titles_of(role)))
    if not found:
        return ()
    with ThreadPoolExecutor(max_workers=len(found)) as threads:
        outcomes = list(threads.map(lambda where: _tell(where, notice), found))
    told = tuple(Told(found[where], where, *outcome) for where, outcome in zip(found, outcomes, strict=True))
    for one in told:
        outcome = texts.OUTCOMES[one.state] + (f" ({one.detail})" if one.detail else "")
        said = texts.TOLD.format(role=organization.titles_of(one.role), where=one.where, outcome=outcome)
        log.log(logging.INFO if one.state == "sent" else logging.WARNING, said)
    return told


def _tell(where: str, notice: Notice) -> Outcome:
    if not is_address(where):
        return chat.send(where, notice.subject, "\n".join(filter(None, (notice.text, notice.link))))
    sent = mail.send(where, notice.subject, notice.text, notice.link)
    if sent.by == "not_configured":
        return Outcome("not_configured", texts.NO_MAIL_SERVER.format(connection=mail.CONNECTION))
    return Outcome("sent" if sent.by == "mail" else "failed", sent.detail)
