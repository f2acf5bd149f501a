"""Which of two repositories is at fault when a copy from one to the other fails: restic does not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from respaldo.domain.errors import (
    ConfigDamagedError,
    RepositoryDamagedError,
    RepositoryMissingError,
    RespaldoError,
    WrongPasswordError,
)
from respaldo.restic.classify import cause_of, named_file
from respaldo.restic.events import Report

if TYPE_CHECKING:
    from respaldo.restic.call import Explain
    from respaldo.restic.repository import Repository

_OF_OPENING = (RepositoryMissingError, WrongPasswordError, ConfigDamagedError)


def explain_copy(
    first: Repository, second: Repository, failure: Callable[[int, Report], RespaldoError]
) -> Explain:
    """Give what tells a copy's failure of the first repository.

    :param failure: makes the error of the first one; of the second the call itself makes it.
    """

    def explain(code: int, report: Report) -> RespaldoError | None:
        cause = cause_of(code, report.text)
        if cause in _OF_OPENING:
            first.open()  # raises what keeps this one from opening
        elif issubclass(cause, RepositoryDamagedError) and not second.holds(named_file(report.text)):
            # The other one is only written to, but for its lists: what cannot be read is of this one.
            return failure(code, report)
        return None

    return explain
