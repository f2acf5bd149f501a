"""What a complaint of MariaDB's programs means."""

from __future__ import annotations

import re

from respaldo.domain.errors import (
    DatabaseDeniedError,
    DatabaseMissingError,
    DatabaseUnreachableError,
    RespaldoError,
    TargetDeniedError,
    TargetFullError,
    TargetRefusedError,
)
from respaldo.domain.values import Endpoint

_ERROR = re.compile(r"ERROR (?P<a>\d+)\b.*|Got error: (?P<b>\d+): .*|Couldn't execute .* \((?P<c>\d+)\)")
"""As the client, and in two forms the dump tool, tell the server's or their own number of an error."""

_SAID_CHARACTERS = 500

_MISSING = (1049,)
_ENTRY_DENIED = (1045, 1129, 1130, 1251, 1275, 1524, 1698, 1862, 2026, 2054, 2059, 4151)
"""2026: a certificate that is not trusted stays so."""

_UNREACHABLE = (1040, 1053, 1077, 1152, 1159, 1927, 2002, 2003, 2005, 2006, 2012, 2013, 2055)
_RIGHT_DENIED = (1044, 1142, 1143, 1227, 1290, 1370, 1419, 1873)
_FULL = (1021, 1114)
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|errno: (28|122)\b")


def cause(text: str, server: Endpoint, database: str, *, size_bytes: int | None = None) -> RespaldoError:
    """Tell which error it is.

    :param text: what the program printed to standard error.
    :param size_bytes: of the dump that it was restoring.
    """
    found = _ERROR.search(text)
    number = int(found["a"] or found["b"] or found["c"]) if found else 0
    said = " ".join((found[0] if found else text.strip()).split())[:_SAID_CHARACTERS]
    facts = {"connection": server.name, "host": server.host, "port": server.port, "said": said}
    target = f"{server.name}/{database}" if database else server.name
    if number in _MISSING:
        return DatabaseMissingError(database=database, **facts)
    if number in _ENTRY_DENIED:
        return DatabaseDeniedError(**facts)
    if number in _UNREACHABLE:
        return DatabaseUnreachableError(**facts)
    if number in _FULL or _NO_SPACE.search(text):
        return TargetFullError(
            target=target, needed="?" if size_bytes is None else size_bytes, free="?", said=said
        )
    if number in _RIGHT_DENIED:
        # Who only reads is not told of a destination.
        return (
            DatabaseDeniedError(**facts)
            if size_bytes is None
            else TargetDeniedError(target=target, said=said)
        )
    return TargetRefusedError(target=target, said=said)
