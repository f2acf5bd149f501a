"""Send a letter through Airflow's SMTP connection, if there is one. A mail never fails what it tells of."""

from __future__ import annotations

import html
from typing import Literal, NamedTuple

from respaldo import connections
from respaldo.domain.errors import ConnectionMissingError
from respaldo.flows.patience import OutOfPatienceError, within
from respaldo.texts import notices as texts

CONNECTION = "smtp_default"
"""Airflow's own name for the connection of the mail server."""
PATIENCE_SECONDS = 20.0


class Sent(NamedTuple):
    """What became of a letter, and what kept it from being sent."""

    by: Literal["mail", "not_configured", "failed", "no_address"]
    detail: str | None = None


def send(to: str | None, subject: str, text: str, link: str | None = None) -> Sent:
    """Send a letter of plain text, and below it a link."""
    if to is None:
        return Sent("no_address")
    # A header is one line: a mail with more is refused.
    subject, content = " ".join(subject.split()), _as_html(text, link)
    try:
        return within(PATIENCE_SECONDS, lambda: _send(to, subject, content))
    except OutOfPatienceError:
        return Sent("failed", texts.NO_ANSWER.format(seconds=PATIENCE_SECONDS))
    except Exception as error:  # noqa: BLE001  (Airflow cannot give the connection: the work is done all the same)
        return Sent("failed", f"{type(error).__name__}: {error}")


def _send(to: str, subject: str, content: str) -> Sent:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    try:
        password = connections.endpoint(CONNECTION).password
    except ConnectionMissingError:
        return Sent("not_configured")
    try:
        with SmtpHook(smtp_conn_id=CONNECTION) as server:
            server.send_email_smtp(to=[to], subject=subject, html_content=content)
    except Exception as error:  # noqa: BLE001  (whatever a mail server does)
        said = " ".join(f"{type(error).__name__}: {error}".split())
        # The server's answer is kept in the report, and a server may repeat what it was told.
        return Sent("failed", said.replace(password.get_secret_value(), "***") if password else said)
    return Sent("mail")


def _as_html(text: str, link: str | None) -> str:
    content = html.escape(text)
    if link is not None:
        content += f'\n<a href="{html.escape(link)}">{html.escape(link)}</a>\n'
    return f'<pre style="font-family: sans-serif; white-space: pre-wrap">{content}</pre>'
