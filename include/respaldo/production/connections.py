"""Airflow's connections, from the secrets: people add theirs in the UI, and what they change stays."""

from __future__ import annotations

import json

from respaldo import connections
from respaldo.config.repositories import RepositorySettings
from respaldo.preparing.airflow_database import WantedConnection
from respaldo.production import databases
from respaldo.production.mounted import has, secret
from respaldo.texts import stack as texts

REPOSITORY_USER = "respaldo"
"""Who enters the stack's servers of repositories."""

ITSELF = "respaldo_bases"
"""The connection by which Respaldo saves its own databases."""


def wanted(repositories: dict[str, RepositorySettings]) -> dict[str, WantedConnection]:
    """Give the connections that can be made of the secrets that are there.

    A repository has one when there are ``master_<its name>`` and, for its server, ``<its name>_password``.
    """
    made = {
        connections.REPORT: _database(databases.REPORT, databases.WRITER, "report_writer_password"),
        ITSELF: _database(databases.AIRFLOW, databases.COPIER, "copy_database_password"),
    }
    for name, settings in repositories.items():
        if has(f"master_{name}"):
            made[settings.connection] = _repository(name)
    return made


def _database(database: str, user: str, password: str) -> WantedConnection:
    return WantedConnection(
        conn_type="postgres",
        description=texts.CONNECTIONS[user],
        host=databases.SERVER,
        port=5432,
        login=user,
        password=secret(password),
        schema_name=database,
    )


def _repository(name: str) -> WantedConnection:
    server = f"{name}_password"
    return WantedConnection(
        conn_type="restic",
        description=texts.REPOSITORY.format(repository=name),
        password=secret(f"master_{name}"),
        login=REPOSITORY_USER if has(server) else None,
        extra=json.dumps({"secret": secret(server)}) if has(server) else None,
    )
