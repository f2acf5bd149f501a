"""From restic's exit code and words to a cause.

The code is asked first: summaries can claim success for a call that failed. Where the code is the general 1,
the text decides, by the rules below, first match first. What matches nothing is unknown, and a failure.
"""

from __future__ import annotations

import re
from typing import Final

from respaldo.domain.errors import (
    CacheUnusableError,
    EngineKilledError,
    RepositoryDamagedError,
    RepositoryDeniedError,
    RepositoryError,
    RepositoryFullError,
    RepositoryLockedError,
    RepositoryMissingError,
    RepositoryReadOnlyError,
    RepositoryUnreachableError,
    RespaldoError,
    SnapshotMissingError,
    SourceCommandError,
    SourceMissingError,
    ToolMissingError,
    UnknownEngineError,
    WrongPasswordError,
)

OK: Final = 0
PARTIAL: Final = 3
"""A snapshot was made, and something in the source could not be read."""

_BY_CODE: Final[dict[int, type[RepositoryError]]] = {
    10: RepositoryMissingError,
    11: RepositoryLockedError,
    12: WrongPasswordError,
}
_KILLED: Final = (130, 137, 143)

_BY_TEXT: Final[tuple[tuple[re.Pattern[str], type[RespaldoError]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), error)
    for pattern, error in (
        (r"failed to start command", ToolMissingError),
        (r"command failed: ", SourceCommandError),
        (r"all source directories/files do not exist", SourceMissingError),
        (r"no space left on device|disk quota exceeded|insufficient storage", RepositoryFullError),
        (r"unable to (open|create) cache|unable to locate cache", CacheUnusableError),
        (r"read-only file system", RepositoryReadOnlyError),
        (r"repository is already locked", RepositoryLockedError),
        (r"wrong password or no key found", WrongPasswordError),
        (
            r"no matching ID found|no snapshot found|failed to load snapshot .*(no such file|does not exist)",
            SnapshotMissingError,
        ),
        (
            r"ciphertext verification failed|invalid data returned|is damaged|unexpected file size"
            r"|not found in (the )?(repository )?index|pack \S+: does not exist|number of errors|ReadFull"
            r"|repository contains errors|does not match",
            RepositoryDamagedError,
        ),
        (
            r"connection refused|no route to host|network is unreachable|i/o timeout|no such host"
            r"|connection reset|unable to start the sftp session|broken pipe|TLS handshake|EOF$",
            RepositoryUnreachableError,
        ),
        (
            r"permission denied|operation not permitted|401 Unauthorized|403 Forbidden|Access Denied",
            RepositoryDeniedError,
        ),
        (r"does not exist: unable to open config file|: not a directory", RepositoryMissingError),
        (r"context canceled|signal terminated|signal interrupt", EngineKilledError),
    )
)


def cause_of(code: int, text: str) -> type[RespaldoError]:
    """Tell which error a failed call is.

    :param code: the exit code, negative when a signal killed restic; not 0 and not 3.
    :param text: all that restic printed, JSON taken out of its messages.
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code < 0:
        return EngineKilledError
    for pattern, error in _BY_TEXT:
        if pattern.search(text):
            return error
    return EngineKilledError if code in _KILLED else UnknownEngineError


def summary_line(text: str) -> str:
    """Give the most telling line of what restic printed, short enough for a report row."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"fatal|error|fail|denied|cannot|no space", line, re.I)]
    return (telling or lines or [""])[0].removeprefix("Fatal: ")[:500]
