"""The end of every request: inform the requester (activity 25) and close its rows (26)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from respaldo.actions import request_rows
from respaldo.domain.requests import outcome_of
from respaldo.flows import mail
from respaldo.flows.requests import letter
from respaldo.flows.requests.place import Closed, RequestPlace
from respaldo.texts import letter as letter_texts
from respaldo.texts import requests as texts

log = logging.getLogger(__name__)


def inform(place: RequestPlace) -> None:
    """Write the letter and send it. The text is kept whatever the mail server does.

    :raises InvalidConfigurationError: there is no letter: when that is mended the task can be cleared.
    """
    story = place.story()
    if story.request is None:
        # It was refused at the door: whoever sent the form reads why in the red task.
        return
    outcome, run = outcome_of(story), place.work.run
    text = letter.write(story, outcome, place.scope, place.configuration)
    sent = mail.send(story.request.email, letter.subject(story, outcome), text)
    if sent.by == "mail":
        log.info(texts.SENT, story.request.email)
    else:
        log.warning(texts.NOT_SENT, texts.NOT_SENT_WHY[sent.by].format(detail=sent.detail), text)
    place.work.report.write(request_rows.informed(run, text, sent.by, sent.detail, datetime.now(UTC)))


def close(place: RequestPlace) -> Closed:
    """Close the request's rows with its outcome."""
    story = place.story()
    outcome = outcome_of(story)
    told, at = letter_texts.OUTCOMES[outcome], datetime.now(UTC)
    for row in request_rows.closed(place.work.run, story, outcome, told, at):
        place.work.report.write(row)
    log.info(texts.CLOSED, told)
    return Closed(outcome=outcome, at=at)
