"""Whether a server lets what it keeps be removed for ever: asked without removing anything."""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from urllib.parse import unquote

from pydantic import SecretStr

from respaldo.hosts.objects import StorePlace, request
from respaldo.restic.access import Access, place_in_store
from respaldo.restic.locations import Server, kind_of, url_of

_ANSWER_SECONDS = 15
_NO_PACK = f"data/{'0' * 64}"


def can_remove(access: Access) -> bool | None:
    """Tell whether who enters a server as we do can destroy what is there.

    :return: None: it is of a kind that cannot be asked, or does not tell.
    """
    location = access.location
    text = location.get_secret_value() if isinstance(location, SecretStr) else location
    match kind_of(text):
        case "rest" if access.door is not None:
            return _rest_removes(access, access.door, text)
        case "s3":
            return _store_removes(place_in_store(access, text))
        case _:
            return None


def _store_removes(place: StorePlace) -> bool | None:
    """Ask a store of objects what it does with earlier versions.

    Where it keeps none, whoever may write an object may write another over it, whatever else is forbidden.
    Where it does, one is lost only with its version, which there must be no right to remove; the version that
    is asked for cannot be there.
    """
    try:
        locked, said = request(place, "GET", query={"object-lock": ""})
        if locked == http.client.OK and b"<DefaultRetention>" in said:
            return False
        status, said = request(place, "GET", query={"versioning": ""})
        if status != http.client.OK:
            return None
        if b"<Status>Enabled</Status>" not in said:
            return True
        status, _ = request(place, "DELETE", _NO_PACK, query={"versionId": "null"})
    except OSError:
        return None
    # What has a term is kept for it, whatever the key may do beside: who may not read of terms cannot tell.
    return _is_removed(status) and (None if locked == http.client.FORBIDDEN else True)


def _is_removed(status: int) -> bool | None:
    """Tell by the answer whether something would have been removed, had it been there."""
    match status:
        case http.client.FORBIDDEN:
            return False
        case http.client.OK | http.client.NO_CONTENT | http.client.NOT_FOUND:
            return True
        case _:
            return None


def _rest_removes(access: Access, door: Server, text: str) -> bool | None:
    """Ask a REST server to remove a pack that cannot be there: an append-only one refuses before it looks."""
    url = url_of(text)
    headers = {}
    if url.username is not None:
        login = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    where, port = door.host, door.port
    connection: http.client.HTTPConnection
    try:
        if url.scheme == "https":
            context = ssl.create_default_context(cafile=access.authority)
            connection = http.client.HTTPSConnection(where, port, timeout=_ANSWER_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(where, port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("DELETE", f"{url.path.rstrip('/')}/{_NO_PACK}", headers=headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return None
    return _is_removed(status)
