"""A repository in a store of objects (S3), given out as restic's REST server would.

The store itself takes nothing whose bytes are not those that its name is the sum of: the sum is signed.
"""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree

from respaldo.hosts.bridging_gate import Answer, Asked
from respaldo.hosts.objects import NOTHING, StorePlace, signed

if TYPE_CHECKING:
    import httpx

_CONNECT_SECONDS = 15.0
_ANSWER_SECONDS = 300.0
_CONNECTIONS = 20
_LIST = "application/vnd.x.restic.rest.v2"
_ANSWERED = ("content-length", "content-range")
_FULL = (b"QuotaExceeded", b"StorageFull")


class ObjectStore:
    """Asks a store of objects."""

    def __init__(self, place: StorePlace) -> None:
        import httpx

        self._place = place
        url = urlsplit(place.url)
        self._base = f"{url.scheme}://{url.netloc}"
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=place.authority),
            limits=httpx.Limits(max_connections=_CONNECTIONS),
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
        )

    async def answer(self, asked: Asked) -> Answer:
        """Do what is asked with the objects there."""
        import httpx

        try:
            if asked.method == "GET" and asked.kind != "config" and asked.name is None:
                return await self._listed(f"{asked.kind}/")
            return await self._done(asked)
        except httpx.TransportError as error:
            sys.stderr.write(f"{error}\n")
            return Answer(502)

    async def _done(self, asked: Asked) -> Answer:
        path, headers, body_sum = self._place.path(_object_of(asked)), dict[str, str](), NOTHING
        if asked.method == "POST":
            body_sum = asked.name or NOTHING
            headers = {"content-length": str(asked.size), "content-type": "application/octet-stream"}
        elif "range" in asked.headers:
            headers = {"range": asked.headers["range"]}
        method = "PUT" if asked.method == "POST" else asked.method
        response = await self._sent(method, path, {}, headers, asked.body, body_sum)
        if not response.is_success:
            return await _refused(response)
        answered = {name: response.headers[name] for name in _ANSWERED if name in response.headers}
        if method != "GET":
            await response.aclose()
            return Answer(200, answered if method == "HEAD" else {})
        return Answer(response.status_code, answered, _read(response))

    async def _listed(self, below: str) -> Answer:
        """Name all that is below, which a store tells a thousand at a time."""
        prefix = f"{self._place.folder}/{below}".lstrip("/")
        query, names = {"list-type": "2", "prefix": prefix}, list[dict[str, str | int]]()
        while True:
            response = await self._sent("GET", self._place.path(""), query)
            if not response.is_success:
                return await _refused(response)
            # What it says is as trusted as the store: it comes from nobody else.
            said = ElementTree.fromstring(await response.aread())  # noqa: S314
            space = said.tag.partition("}")[0] + "}" if said.tag.startswith("{") else ""
            names += [
                {
                    "name": (one.findtext(f"{space}Key") or "").rpartition("/")[2],
                    "size": int(one.findtext(f"{space}Size") or 0),
                }
                for one in said.iter(f"{space}Contents")
            ]
            following = said.findtext(f"{space}NextContinuationToken")
            if not following:
                break
            query = {**query, "continuation-token": following}

        async def body() -> AsyncIterator[bytes]:
            yield json.dumps([one for one in names if one["name"]]).encode()

        return Answer(200, {"Content-Type": _LIST}, body())

    async def _sent(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        headers: dict[str, str] | None = None,
        body: AsyncIterator[bytes] | None = None,
        body_sum: str = NOTHING,
    ) -> httpx.Response:
        target, proof = signed(self._place, method, path, query, body_sum=body_sum)
        request = self._client.build_request(
            method, self._base + target, headers={**(headers or {}), **proof}, content=body
        )
        return await self._client.send(request, stream=True)


def _object_of(asked: Asked) -> str:
    """Give what restic itself calls a file of a repository in a store: packs lie in folders there."""
    below = f"{asked.name[:2]}/{asked.name}" if asked.kind == "data" and asked.name else asked.name
    return f"{asked.kind}/{below}" if below else asked.kind


async def _read(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_raw():
            yield piece
    finally:
        await response.aclose()


async def _refused(response: httpx.Response) -> Answer:
    """Tell what a store said when it did not do what it was asked."""
    said = await response.aread()
    if response.status_code != 404:
        sys.stderr.write(f"HTTP {response.status_code}: {said.decode(errors='replace')}\n")
    if any(word in said for word in _FULL):
        return Answer(507)
    # A redirection leads to where the login must not go.
    return Answer(response.status_code if response.status_code >= 400 else 502)
