"""Pass a notice on through an Airflow connection of type ``apprise``: chat, SMS, telephone..."""

from __future__ import annotations

import logging

from respaldo import connections
from respaldo.domain.errors import ConnectionIncompleteError
from respaldo.flows.notices.places import Outcome
from respaldo.flows.patience import OutOfPatienceError, within
from respaldo.texts import notices as texts

CONNECTION_TYPE = "apprise"
PATIENCE_SECONDS = 20.0

_TALKATIVE = ("apprise", "urllib3", "requests_oauthlib")
"""What they log names URLs, and those are secrets."""


def send(connection: str, subject: str, text: str) -> Outcome:
    """Give a notice to every service of a connection. It is sent when all of them took it."""
    try:
        return within(PATIENCE_SECONDS, lambda: _send(connection, subject, text))
    except OutOfPatienceError:
        return Outcome("failed", texts.NO_ANSWER.format(seconds=PATIENCE_SECONDS))
    except Exception as error:  # noqa: BLE001  (whatever a service does, the work is done)
        # Not its words: they may quote the URL.
        return Outcome("failed", type(error).__name__)


def _send(connection: str, subject: str, text: str) -> Outcome:
    kind = connections.type_of(connection)
    if kind is None:
        return Outcome("not_configured", texts.NO_CONNECTION.format(connection=connection))
    if kind != CONNECTION_TYPE:
        return Outcome("not_configured", texts.OTHER_TYPE.format(connection=connection, type=kind))
    try:
        urls = connections.services(connection)
    except ConnectionIncompleteError:
        return Outcome("not_configured", texts.NO_SERVICES.format(connection=connection))
    import apprise

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # Airflow's hook is of no use here: it does not say whether the notice arrived.
    messenger = apprise.Apprise()
    unusable = sum(not messenger.add(url.get_secret_value()) for url in urls)
    failed = [texts.NOT_UNDERSTOOD.format(count=unusable)] if unusable else []
    if unusable < len(urls):
        result = messenger.notify(body=text, title=subject, body_format=apprise.NotifyFormat.TEXT)
        failed += [f"{one.name}: {_in_words(one.status.name)}" for one in result if not one]
        if not result and not failed:
            failed = [_in_words(result.status.name)]
    return Outcome("failed", "; ".join(failed)) if failed else Outcome("sent")


def _in_words(status: str) -> str:
    return texts.SERVICES.get(status, status)
