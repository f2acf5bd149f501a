"""How a store of objects (``s3:``) is entered: with the keys of its connection, and as nobody else.

restic looks for keys in many places, one after the other, and takes the first it finds: variables, files of
other programs in the user's folder, and at last what the machine's own cloud hands to whoever asks. Each of
them is closed here but for one file in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import SecretStr

from respaldo.hosts.memory import MemoryFile
from respaldo.hosts.objects import Keys, StorePlace
from respaldo.restic.locations import url_of_store

_REGION: Final = "us-east-1"
"""What stores take that have no regions, and AWS where its name says none."""
_AWS: Final = re.compile(r"s3([.-](?P<region>[a-z]+-[a-z-]+-\d+))?\.amazonaws\.com(\.cn)?")
_KEYS: Final = "AWS_SHARED_CREDENTIALS_FILE"
_NOBODY: Final = {
    "AWS_CONFIG_FILE": "/dev/null",
    "MINIO_SHARED_CREDENTIALS_FILE": "/dev/null",
    # restic 0.19 asks the machine's cloud whatever AWS_EC2_METADATA_DISABLED says, unless another place is
    # named: at this one nobody can answer.
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:0/",
}


def key_file(key_id: str | None, secret: SecretStr | None) -> MemoryFile:
    """Write a pair of keys as restic reads it: twice, so a pipe will not do. Without both, it holds none."""
    if not key_id or not secret:
        return MemoryFile("")
    return MemoryFile(
        f"[default]\naws_access_key_id = {_quoted(key_id)}\n"
        f"aws_secret_access_key = {_quoted(secret.get_secret_value())}\n"
    )


def entering(keys: MemoryFile) -> Mapping[str, str]:
    """Give the environment in which restic enters a store with these keys or not at all."""
    return {_KEYS: keys.path, **_NOBODY}


def _quoted(value: str) -> str:
    """Write a value so that no character of it means anything to who reads the file."""
    mark = '"""' if "`" in value else "`"
    return f"{mark}{value.strip()}{mark}"


def store_place(
    location: str,
    key_id: str | None,
    secret: SecretStr | None,
    options: Iterable[str] = (),
    authority: str | None = None,
) -> StorePlace:
    """Give a location, and what else enters it, as `respaldo.hosts.objects` asks a store.

    :param options: restic's own, ``s3.region=...``.
    :raises ValueError: it names no server or no bucket.
    """
    said = dict(option.split("=", 1) for option in options)
    url = url_of_store(location)
    bucket, _, folder = url.path.strip("/").partition("/")
    if not url.hostname or not bucket:
        raise ValueError("no host or no bucket")
    found = _AWS.fullmatch(url.hostname)
    is_in_host = said.get("s3.bucket-lookup", "dns" if found else "path") == "dns"
    address = f"{bucket}.{url.netloc}" if is_in_host else url.netloc
    return StorePlace(
        url=f"{url.scheme}://{address}/" + ("" if is_in_host else bucket),
        folder=folder,
        region=said.get("s3.region") or (found and found["region"]) or _REGION,
        keys=Keys(key_id=key_id, secret=secret) if key_id and secret else None,
        authority=authority,
    )
