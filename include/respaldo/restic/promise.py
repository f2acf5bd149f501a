"""Whether a REST server lets what it keeps be removed: asked without removing anything."""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from urllib.parse import unquote

from pydantic import SecretStr

from respaldo.restic.access import Access
from respaldo.restic.locations import kind_of, url_of

_ANSWER_SECONDS = 15
_NO_PACK = f"data/{'0' * 64}"


def can_remove(access: Access) -> bool | None:
    """Ask a REST server to remove a pack that cannot be there: an append-only one refuses before it looks.

    :return: None: it is no REST server, or does not tell.
    """
    location = access.location
    text = location.get_secret_value() if isinstance(location, SecretStr) else location
    if kind_of(text) != "rest" or access.door is None:
        return None
    url = url_of(text)
    headers = {}
    if url.username is not None:
        login = f"{unquote(url.username)}:{unquote(url.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    where, port = access.door.host, access.door.port
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
    match status:
        case http.client.FORBIDDEN:
            return False
        case http.client.OK | http.client.NO_CONTENT | http.client.NOT_FOUND:
            return True
        case _:
            return None
