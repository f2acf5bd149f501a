"""What a machine may do with the repository that is carried to it: read it, and add to it.

An ASGI application that speaks as restic's REST server does. Whatever keeps the repository stands behind it
(`Store`), with rights that the machine must not have: what is not on the short list below does not get there.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from respaldo.domain.values import Value

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

_PATH = re.compile(r"/(?P<kind>config|data|keys|locks|snapshots|index)(?P<slash>/(?P<name>[0-9a-f]{64})?)?")
_ADDED = ("data", "index", "snapshots", "locks")
"""Neither keys nor the configuration: a save writes none."""

UNTRUSTED = 526
"""No status of HTTP's own: who answers behind is not proven to be the server."""


class Login(Value):
    """What must be said at a gate that others can reach too."""

    user: str
    secret: SecretStr

    @property
    def expected(self) -> bytes:
        """The value of HTTP's ``Authorization``."""
        return b"Basic " + b64encode(f"{self.user}:{self.secret.get_secret_value()}".encode())


@dataclass(frozen=True)
class Asked:
    """What is asked of a repository: one of its files, or the list of those of a kind."""

    method: str
    kind: str
    name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: AsyncIterator[bytes] | None = None
    size: int = 0
    """Bytes of the body."""

    @property
    def path(self) -> str:
        """Its path as restic's REST server has it."""
        return self.kind if self.kind == "config" else f"{self.kind}/{self.name or ''}"


@dataclass(frozen=True)
class Answer:
    """An HTTP status, the headers that restic reads, and a body that is read as it comes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: AsyncIterator[bytes] | None = None


class Store(Protocol):
    """What keeps a repository."""

    async def answer(self, asked: Asked) -> Answer:
        """Do what is asked; what goes wrong is a status, but for a body that ends too early."""
        ...


class ForgedError(Exception):
    """A file was to be stored under a name that is not the sum of its bytes."""


@dataclass(frozen=True)
class Gate:
    """Lets through what a save needs."""

    store: Store
    login: Login | None = None
    """None: only who may come in reaches it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import Request
        from starlette.responses import Response, StreamingResponse

        request = Request(scope, receive)
        answer = await self._answer(request)
        if answer.body is None:
            await Response(status_code=answer.status, headers=answer.headers)(scope, receive, send)
            return
        await StreamingResponse(answer.body, answer.status, answer.headers)(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        from starlette.requests import ClientDisconnect

        if self.login and not secrets.compare_digest(_said(request), self.login.expected):
            return Answer(401, {"WWW-Authenticate": "Basic"})
        asked = _understood(request)
        if asked is None:
            return Answer(403)
        if asked.method != "POST":
            return await self.store.answer(asked)
        if "content-length" not in request.headers:
            return Answer(411)
        # Nothing that is there is replaced, whatever its store would do.
        found = await self.store.answer(Asked("HEAD", asked.kind, asked.name))
        if found.status != 404:
            return Answer(403 if found.status < 400 else found.status)
        try:
            return await self.store.answer(asked)
        except (ForgedError, ClientDisconnect):
            return Answer(400)


def _said(request: Request) -> bytes:
    said: str = request.headers.get("authorization", "")
    return said.encode("latin-1")


def _understood(request: Request) -> Asked | None:
    """Read what is asked. None: it is none of what a save does."""
    method, found = request.method, _PATH.fullmatch(request.scope["path"])
    if found is None or (found["kind"] == "config") is (found["slash"] is not None):
        return None
    kind, name = found["kind"], found["name"]
    is_file = kind == "config" or name is not None
    match method:
        case "GET":
            return Asked(method, kind, name, dict(request.headers))
        case "HEAD" if is_file:
            return Asked(method, kind, name)
        case "DELETE" if kind == "locks" and name:
            return Asked(method, kind, name)
        case "POST" if kind in _ADDED and name:
            size = request.headers.get("content-length", "")
            body = _proven(request.stream(), name)
            return Asked(method, kind, name, body=body, size=int(size) if size.isdecimal() else 0)
        case _:
            return None


async def _proven(stream: AsyncIterator[bytes], name: str) -> AsyncIterator[bytes]:
    """Hand a body on, its last piece only when its bytes are those that its name is the sum of.

    :raises ForgedError: they are not. What has come through is not whole then, and not kept.
    """
    sum_, last = hashlib.sha256(), b""
    async for piece in stream:
        if not piece:
            continue
        sum_.update(piece)
        if last:
            yield last
        last = piece
    if sum_.hexdigest() != name:
        raise ForgedError(name)
    yield last
