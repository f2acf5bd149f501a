"""The tree of causes by their codes: what a row keeps of a failure leads back to its class."""

from __future__ import annotations

from collections.abc import Iterator

from respaldo.domain import (
    database_errors,
    errors,
    host_errors,
    people_errors,
    repository_errors,
    source_errors,
)
from respaldo.domain.errors import RespaldoError, UnknownEngineError

_MODULES = (
    database_errors.__name__,
    errors.__name__,
    host_errors.__name__,
    people_errors.__name__,
    repository_errors.__name__,
    source_errors.__name__,
)


def every_cause() -> dict[str, type[RespaldoError]]:
    """Give each cause by its code.

    Other layers have errors of their own below RespaldoError: those never come into a row.
    """
    own = (cause for cause in _below(RespaldoError) if cause.__module__ in _MODULES)
    return {cause.code: cause for cause in own if "code" in vars(cause)}


def cause_of_code(code: str | None) -> type[RespaldoError]:
    """Give the cause of a code; one that this version does not know is unknown."""
    return every_cause().get(code or "", UnknownEngineError)


def _below(cause: type[RespaldoError]) -> Iterator[type[RespaldoError]]:
    for one in cause.__subclasses__():
        yield one
        yield from _below(one)
