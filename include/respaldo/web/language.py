"""Airflow's UI opens in Spanish where nobody has chosen a language.

Airflow has no setting for it. Its UI takes the language that the browser keeps in ``localStorage``, else the
browser's own; no cookie and no address changes that. So each page of the UI says first: if nothing is kept,
keep Spanish. What a user chooses is kept in the same place, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LANGUAGE = "es"
_HEAD = b"<head>"
_CHOICE = (
    f'<script>try{{localStorage.getItem("i18nextLng")||localStorage.setItem("i18nextLng","{LANGUAGE}")}}'
    "catch{}</script>"
).encode()


class SpanishFirst:
    """A middleware of the whole web server, which only touches pages of HTML."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with our line in a page's head."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(send).pass_on)


class _Answer:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: Message | None = None

    async def pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            # Its length is not known before its body.
            self._held = message
            return
        if self._held is not None and message["type"] == "http.response.body":
            held, self._held = self._held, None
            if not message.get("more_body", False):
                held, message = _with_choice(held, message)
            await self._send(held)
        await self._send(message)


def _is_page(start: Message) -> bool:
    """Whether it is HTML that nobody has packed, and that has no rules of its own for scripts."""
    headers = {name.lower(): value for name, value in start["headers"]}
    packed_or_ruled = b"content-encoding" in headers or b"content-security-policy" in headers
    return headers.get(b"content-type", b"").startswith(b"text/html") and not packed_or_ruled


def _with_choice(start: Message, body: Message) -> tuple[Message, Message]:
    content = body.get("body", b"").replace(_HEAD, _HEAD + _CHOICE, 1)
    headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    headers.append((b"content-length", str(len(content)).encode()))
    return {**start, "headers": headers}, {**body, "body": content}
