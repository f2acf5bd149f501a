"""Ask a store of objects (S3) by ourselves, for what restic cannot ask it: signed with its keys.

Version 4 of AWS's signature, which all such stores take. What is sent is named by its SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from respaldo.domain.values import Value

NOTHING = hashlib.sha256().hexdigest()
"""The sum of a body without a byte."""

_ANSWER_SECONDS = 15
_ALGORITHM = "AWS4-HMAC-SHA256"
_SAFE = "-_.~"


class Keys(Value):
    """Who asks."""

    key_id: str
    secret: SecretStr


class StorePlace(Value):
    """A bucket, or a folder in one."""

    kind: Literal["s3"] = "s3"
    url: str
    """Of the bucket, whether its name is part of the host's or the first of the path."""
    folder: str = ""
    region: str = "us-east-1"
    keys: Keys | None = None
    """None: asked as anybody."""
    authority: str | None = None
    """The file of the certificate authority that its certificate is from; None: one that the system knows."""

    def path(self, name: str) -> str:
        """Give the path of an object in the folder as a request names it; of none: the bucket's."""
        parts = [urlsplit(self.url).path.strip("/"), *((self.folder, name) if name else ())]
        return "/" + quote("/".join(part for part in parts if part), safe=f"/{_SAFE}")


def signed(
    place: StorePlace,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    body_sum: str = NOTHING,
    now: datetime | None = None,
) -> tuple[str, dict[str, str]]:
    """Give what is asked for (path and query) and the headers that prove who asks.

    :param path: as `StorePlace.path` gives it.
    :param body_sum: SHA-256 of what is sent, in hexadecimal.
    """
    pairs = sorted((quote(key, safe=_SAFE), quote(value, safe=_SAFE)) for key, value in (query or {}).items())
    written = "&".join(f"{key}={value}" for key, value in pairs)
    target = f"{path}?{written}" if written else path
    headers = {"host": urlsplit(place.url).netloc, "x-amz-content-sha256": body_sum}
    if method == "PUT" and body_sum != NOTHING:
        # Stores that keep objects for a term want the sum in this header too.
        headers["x-amz-checksum-sha256"] = b64encode(bytes.fromhex(body_sum)).decode()
    if place.keys is None:
        return target, headers
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    headers["x-amz-date"] = moment
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    asked = f"{method}\n{path}\n{written}\n{lines}\n{names}\n{body_sum}"
    scope = f"{moment[:8]}/{place.region}/s3/aws4_request"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = f"AWS4{place.keys.secret.get_secret_value()}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={place.keys.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return target, headers


def request(
    place: StorePlace,
    method: str,
    name: str = "",
    body: bytes = b"",
    query: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Ask for one thing, small enough for memory, and give the HTTP status and what came with it.

    :param name: of an object; none: the bucket itself.
    :raises OSError: the store does not answer, or is not the one that its certificate should say.
    """
    url = urlsplit(place.url)
    target, headers = signed(
        place, method, place.path(name), query, body_sum=hashlib.sha256(body).hexdigest()
    )
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=place.authority)
        connection = http.client.HTTPSConnection(
            url.hostname or "", url.port, timeout=_ANSWER_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
