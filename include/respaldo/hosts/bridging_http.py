"""A repository behind a REST server that wants a login, a certificate's authority, or both."""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from respaldo.domain.values import Value
from respaldo.hosts.bridging_gate import UNTRUSTED, Answer, Asked

if TYPE_CHECKING:
    import httpx

_CONNECT_SECONDS = 15.0
_ANSWER_SECONDS = 300.0
"""A server may take long over a file that it must write to a slow disk first."""
_CONNECTIONS = 20
_ASKED = ("range", "accept")
_ANSWERED = ("content-length", "content-type", "content-range")


class HttpPlace(Value):
    """Where a REST server has a repository, and who enters it."""

    kind: Literal["http"] = "http"
    url: str
    socket: str | None = None
    """The UNIX socket that it listens on; None: the URL says where."""
    user: str | None = None
    secret: SecretStr | None = None
    authority: str | None = None
    """The file of the certificate authority that its certificate is from; None: one that the system knows."""


class HttpStore:
    """Asks a REST server, and hands on what it answers."""

    def __init__(self, place: HttpPlace) -> None:
        import httpx

        self._base = place.url.rstrip("/")
        auth = (place.user, place.secret.get_secret_value()) if place.user and place.secret else None
        self._client = httpx.AsyncClient(
            auth=auth,
            transport=httpx.AsyncHTTPTransport(
                verify=ssl.create_default_context(cafile=place.authority),
                uds=place.socket,
                limits=httpx.Limits(max_connections=_CONNECTIONS),
            ),
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
        )

    async def answer(self, asked: Asked) -> Answer:
        """Hand a question on."""
        import httpx

        headers = {name: asked.headers[name] for name in _ASKED if name in asked.headers}
        if asked.body is not None:
            headers |= {"Content-Length": str(asked.size), "Content-Type": "application/octet-stream"}
        request = self._client.build_request(
            asked.method, f"{self._base}/{asked.path}", headers=headers, content=asked.body
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx.TransportError as error:
            sys.stderr.write(f"{error}\n")
            return Answer(UNTRUSTED if "CERTIFICATE_VERIFY_FAILED" in str(error) else 502)
        if response.is_redirect:
            # Where it would lead, the login must not go.
            sys.stderr.write(f"HTTP {response.status_code}: {response.headers.get('location')}\n")
            await response.aclose()
            return Answer(502)
        return await _handed_on(asked, response)


async def _handed_on(asked: Asked, response: httpx.Response) -> Answer:
    answered: Mapping[str, str] = {
        name: response.headers[name] for name in _ANSWERED if name in response.headers
    }
    if asked.method != "GET":
        await response.aclose()
        if asked.method != "HEAD":
            answered = {}
        return Answer(response.status_code, answered)

    async def body() -> AsyncIterator[bytes]:
        try:
            async for piece in response.aiter_raw():
                yield piece
        finally:
            await response.aclose()

    return Answer(response.status_code, answered, body())
