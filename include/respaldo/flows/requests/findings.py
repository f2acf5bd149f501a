"""What an error says of a copy or of a step, in the words of a request's rows."""

from __future__ import annotations

from respaldo.domain.errors import (
    CheckError,
    InterruptedRunError,
    InvalidRequestError,
    NoCopyError,
    NotInCopyError,
    RepositoryError,
    RespaldoError,
    RestoreMismatchError,
)
from respaldo.domain.requests import CopyState, Failure, Finding
from respaldo.domain.restoring import Which
from respaldo.texts import causes
from respaldo.texts.requests import PROBLEMS, TASK_TITLES

ABSENT = (NotInCopyError, NoCopyError)
"""What tells that no copy of that moment holds what is asked for."""

BAD = (RepositoryError, CheckError, RestoreMismatchError)
"""What tells that a copy is not good. Everything else is no fault of it, and another would fare the same."""


def finding_of(error: RespaldoError, which: Which, repository: str | None) -> Finding:
    """Describe a copy by the error that came of it, one of `ABSENT` or `BAD`."""
    state: CopyState = "absent" if isinstance(error, ABSENT) else "bad"
    return Finding(
        which=which,
        state=state,
        repository=repository,
        cause=error.code,
        told=causes.explain(error),
        corrective=causes.corrective(error),
    )


def failure_of(error: RespaldoError, step: str) -> Failure:
    """Describe a failed step in words."""
    return Failure(
        step=step, cause=error.code, told=causes.explain(error), corrective=causes.corrective(error)
    )


def interrupted(step: str) -> Failure:
    """Describe a step that ended without a word."""
    return failure_of(InterruptedRunError(step=TASK_TITLES[step]), step)


def refused(code: str, scope_id: str) -> InvalidRequestError:
    """Put a code of a refusal in words."""
    return InvalidRequestError(problem=PROBLEMS[code].format(scope=scope_id))


def worded(error: RespaldoError, scope_id: str) -> RespaldoError:
    """Put the code that a refusal carries in words: kinds of sources know none."""
    problem = error.facts.get("problem")
    if isinstance(error, InvalidRequestError) and problem in PROBLEMS:
        return refused(problem, scope_id)
    return error
