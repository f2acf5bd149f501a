"""From restic's exit code and words to a cause.

The code is asked first: summaries can claim success for a call that failed. Where the code is the general 1,
the text decides, by the rules below, first match first. What matches nothing is unknown, and a failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from respaldo.domain.errors import (
    CacheUnusableError,
    ConfigDamagedError,
    EngineKilledError,
    IndexDamagedError,
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
    TemporarySpaceError,
    ToolMissingError,
    UnknownEngineError,
    WrongPasswordError,
)
from respaldo.domain.repository_errors import RepositoryClockError, RepositoryUntrustedError

OK: Final = 0
PARTIAL: Final = 3
"""A snapshot was made, and something in the source could not be read."""

_BY_CODE: Final[dict[int, type[RepositoryError]]] = {
    10: RepositoryMissingError,
    11: RepositoryLockedError,
    12: WrongPasswordError,
}
_KILLED: Final = (130, 137, 143)

# What a store of objects says, in its words or by its code alone. restic asks it for a quarter of an hour.
_NO_BUCKET: Final = r"specified bucket does not exist|NoSuchBucket"
_NOT_WHO_MAY: Final = (
    r"access key id you provided|InvalidAccessKeyId|request signature we calculated|SignatureDoesNotMatch"
    r"|no credentials found"
)
_OTHER_CLOCK: Final = r"difference between the request time|RequestTimeTooSkewed"
_VAIN: Final = re.compile(f"{_NO_BUCKET}|{_NOT_WHO_MAY}|{_OTHER_CLOCK}|x509: ", re.IGNORECASE)

_BY_TEXT: Final[tuple[tuple[re.Pattern[str], type[RespaldoError]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), error)
    for pattern, error in (
        (r"failed to start command", ToolMissingError),
        (r"command failed: ", SourceCommandError),
        (r"all source directories/files do not exist", SourceMissingError),
        # A copy of what was loaded is put into the cache, which has no room then.
        (r"Load\(<\w+/\w+>.* Copy: write .*no space left on device", CacheUnusableError),
        (r"(restic-temp-pack|write pack-).*no space left on device", TemporarySpaceError),
        (
            r"no space left on device|disk quota exceeded|insufficient storage"
            # Stores of objects have a word of their own for it, each its own.
            r"|quota ?exceeded|minimum free drive threshold|StorageFull|storage cap exceeded",
            RepositoryFullError,
        ),
        (r"repository is already locked", RepositoryLockedError),
        (r"wrong password or no key found", WrongPasswordError),
        (
            r"no matching ID found|no snapshot found|failed to load snapshot .*(no such file|does not exist)",
            SnapshotMissingError,
        ),
        (
            r"config or key \S+ is damaged|config file has zero size"
            r"|<(key|config)/\w*>\): invalid data returned",
            ConfigDamagedError,
        ),
        # Before all that a server can be: it may be another one.
        (
            r"x509: |tls: failed to verify certificate|Host key verification failed"
            r"|HTTP response to HTTPS client|first record does not look like a TLS handshake",
            RepositoryUntrustedError,
        ),
        (_NO_BUCKET, RepositoryMissingError),
        (_NOT_WHO_MAY, RepositoryDeniedError),
        (_OTHER_CLOCK, RepositoryClockError),
        # A store of objects that is not well, or wants to be asked less.
        (
            r"encountered an internal error|reduce your request rate|SlowDown|InternalError",
            RepositoryUnreachableError,
        ),
        # OpenSSH's words: the session that does not start then is no server that is away.
        (r"Permission denied \((publickey|password|keyboard|gssapi)", RepositoryDeniedError),
        # Data that did not arrive whole is not damaged.
        (
            r"connection refused|no route to host|network is unreachable|i/o timeout|no such host"
            r"|connection reset|TLS handshake",
            RepositoryUnreachableError,
        ),
        (r"<index/\w+>\): invalid data returned|error loading index|failed to load index", IndexDamagedError),
        (
            r"ciphertext verification failed|invalid data returned|unexpected file size|file is too short"
            r"|pack \S+: does not exist|ReadFull|does not match|<data/\w+> does not exist"
            r"|/data/[0-9a-f]{2}/[0-9a-f]{64}: no such file"
            # restic 0.18 breaks down over a folder that it cannot read.
            r"|internal/walker\.walk\(",
            RepositoryDamagedError,
        ),
        (
            r"not found in (the )?(repository )?index|not found in repository|is not known; the repository"
            r"|Unknown blob \w{64}",
            IndexDamagedError,
        ),
        (r"number of errors|repository contains errors|is damaged", RepositoryDamagedError),
        # restic 0.18 only warns of it: what it ended with is told by the rules above.
        (r"unable to (open|create) cache|unable to locate cache", CacheUnusableError),
        (r"read-only file system", RepositoryReadOnlyError),
        (
            r"unable to start the sftp session|broken pipe|EOF$",
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


_FILE: Final = re.compile(
    r"<(?P<tree>data|index|snapshot)/(?P<a>[0-9a-f]{8,})>|\b(from|pack|from pack) (?P<b>[0-9a-f]{8,64})\b"
)
_LISTS: Final = {"data": "packs", "index": "index", "snapshot": "snapshots", None: "packs"}


def damage_in(messages: Iterable[str]) -> type[RespaldoError] | None:
    """Tell whether a save that ended well met damage: it stores what it misses again, and says so."""
    met = [message for message in messages if _MET.search(message)]
    return cause_of(1, "\n".join(met)) if met else None


_MET: Final = re.compile(r"the repository could be damaged|not found in the repository index; storing")


def is_vain(message: str) -> bool:
    """Tell whether a server will answer the same however often it is asked."""
    return _VAIN.search(message) is not None


def refused(text: str) -> bool:
    """Tell whether a call that ended well says that it was not let do what it was for."""
    return cause_of(1, text) in (RepositoryDeniedError, RepositoryReadOnlyError)


def named_file(text: str) -> tuple[str, str] | None:
    """Give the file of a repository that a message is about: what lists it, and how its name begins."""
    found = None
    for found in _FILE.finditer(text):
        # The pieces in a pack are named like it, and before it.
        if found["b"]:
            break
    return (_LISTS[found["tree"]], found["a"] or found["b"]) if found else None


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
    # That restic was ended says nothing of what it was ended for.
    causes = [line for line in telling if "context canceled" not in line]
    return (causes or telling or lines or [""])[0].removeprefix("Fatal: ")[:500]
