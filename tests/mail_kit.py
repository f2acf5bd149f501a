"""A mail server of the tests, and what it was given."""

from __future__ import annotations

import email.policy
import html
import socket
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """A mail server, and what it was given."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = int(listening.getsockname()[1])
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append(message)
        return "250 OK"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def about(self, words: str) -> list[tuple[str, str]]:
        """Give recipient and subject of the messages whose subject has these words."""
        told = [(str(message["to"]), str(message["subject"])) for message in list(self.messages)]
        return [(recipient, subject) for recipient, subject in told if words in subject]

    def everything(self) -> str:
        """Give all that was ever said, as people read it."""
        return "\n".join(f"{message['subject']}\n{_text(message)}" for message in list(self.messages))

    def letters(self, ticket: str) -> list[tuple[str, str, str]]:
        """Give recipient, subject and text of the letters of one request."""
        return [
            (str(message["to"]), str(message["subject"]), _text(message))
            for message in self.messages
            if f"requerimiento {ticket}:" in str(message["subject"])
        ]


def _text(message: Any) -> str:
    body = message.get_body(("html",)).get_content()
    return html.unescape(body[body.index(">") + 1 : body.rindex("</pre>")])
