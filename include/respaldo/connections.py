"""From Airflow's connections to the values that the work is done with: the only place that reads secrets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from respaldo.domain.errors import ConnectionIncompleteError, ConnectionMissingError
from respaldo.domain.values import Endpoint

if TYPE_CHECKING:
    from airflow.sdk import Connection

REPORT = "respaldo_report"
"""The connection of the report database."""


def master_secret(name: str) -> SecretStr:
    """Give the master secret that a connection of type ``restic`` holds as its password."""
    password = _get(name).password
    if not password:
        raise ConnectionIncompleteError(connection=name, field="password")
    return SecretStr(password)


def endpoint(name: str) -> Endpoint:
    """Give the server that a connection leads to."""
    found = _get(name)
    return Endpoint(
        name=name,
        host=found.host or None,
        port=found.port,
        user=found.login or None,
        password=SecretStr(found.password) if found.password else None,
        database=found.schema or None,
    )


def exists(name: str) -> bool:
    """Whether Airflow knows a connection."""
    try:
        _get(name)
    except ConnectionMissingError:
        return False
    return True


def _get(name: str) -> Connection | Any:  # noqa: ANN401  (outside a task Airflow gives its own class)
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        if _in_a_task():
            from airflow.sdk import Connection

            return Connection.get(name)
        # At a terminal there is no task runner to ask: Airflow's own database is.
        from airflow.models.connection import Connection as StoredConnection

        return StoredConnection.get_connection_from_secrets(name)
    except AirflowNotFoundException as error:
        raise ConnectionMissingError(connection=name) from error


def _in_a_task() -> bool:
    """Whether a task runner answers for connections; Airflow itself tells it in this way."""
    return hasattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS")
