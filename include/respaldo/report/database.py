"""How the report database is reached, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from respaldo.domain.errors import ReportError, ReportSchemaError, ReportUnavailableError
from respaldo.domain.values import Endpoint

if TYPE_CHECKING:
    from psycopg import Connection, Error
    from psycopg.rows import DictRow

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 30
"""A writer that waits longer for a lock or an answer takes the database for lost."""

_REFUSED_CLASSES = ("22", "23", "54")
"""SQLSTATE classes of a fact that no retry makes good: bad data, broken constraint, too big."""


class FactRefusedError(ReportError):
    """The database is well and will never take this fact."""

    code = "report_refused"


@contextmanager
def connected(
    endpoint: Endpoint,
    *,
    connect_seconds: int = CONNECT_SECONDS,
    statement_seconds: int = STATEMENT_SECONDS,
) -> Iterator[Connection[DictRow]]:
    """Open the report database, rows as dicts, every statement its own transaction.

    :param connect_seconds: libpq's own minimum is 2.
    :param statement_seconds: 0 for no limit.
    :raises ReportUnavailableError: it cannot be reached, or was lost on the way.
    :raises ReportSchemaError: what it holds is not what this program expects.
    """
    import psycopg
    from psycopg.rows import dict_row

    with (
        translated_errors(),
        psycopg.connect(
            **_address(endpoint),
            autocommit=True,
            row_factory=dict_row,
            application_name="respaldo",
            client_encoding="utf8",
            connect_timeout=connect_seconds,
            # A peer that went silent is not waited for: milliseconds.
            tcp_user_timeout=STATEMENT_SECONDS * 1000,
            options=f"-c statement_timeout={statement_seconds}s",
        ) as connection,
    ):
        yield connection


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn psycopg's errors into the report's own.

    :raises FactRefusedError: bad data.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _meaning(error) from error


def _meaning(error: Error) -> ReportError:
    state = error.sqlstate or ""
    reason = error.diag.message_primary or str(error).strip()
    if state[:2] in _REFUSED_CLASSES:
        return FactRefusedError(reason=reason)
    if state == "42501":
        return ReportSchemaError(problem="denied", reason=reason)
    # Class 42: a table, column or function that is not there, or is another; 3F000: no such schema.
    if state[:2] == "42" or state == "3F000":
        return ReportSchemaError(problem="not_migrated", reason=reason)
    return ReportUnavailableError(reason=reason)


def _address(endpoint: Endpoint) -> dict[str, Any]:
    known = {
        "host": endpoint.host,
        "port": endpoint.port,
        "user": endpoint.user,
        "password": endpoint.password.get_secret_value() if endpoint.password else None,
        "dbname": endpoint.database,
    }
    return {name: value for name, value in known.items() if value is not None}
