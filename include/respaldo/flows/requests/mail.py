"""Send a letter through Airflow's SMTP connection, if there is one. A mail never fails a restoration."""

from __future__ import annotations

import html
from typing import Literal, NamedTuple

from respaldo import connections

MAIL = "smtp_default"
"""Airflow's own name for the connection of the mail server."""


class Sent(NamedTuple):
    """What became of a letter, and what kept it from being sent."""

    by: Literal["mail", "not_configured", "failed", "no_address"]
    detail: str | None = None


def send(to: str | None, subject: str, text: str) -> Sent:
    """Send a letter of plain text."""
    if to is None:
        return Sent("no_address")
    if not connections.exists(MAIL):
        return Sent("not_configured")
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    try:
        with SmtpHook(smtp_conn_id=MAIL) as server:
            server.send_email_smtp(to=to, subject=subject, html_content=_as_html(text))
    except Exception as error:  # noqa: BLE001  (whatever a mail server does, the data are restored)
        return Sent("failed", f"{type(error).__name__}: {error}")
    return Sent("mail")


def _as_html(text: str) -> str:
    return f'<pre style="font-family: sans-serif; white-space: pre-wrap">{html.escape(text)}</pre>'
