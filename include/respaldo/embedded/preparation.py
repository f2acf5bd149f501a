"""What must be in the two databases before Airflow's programs start."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from respaldo.domain.archive_errors import ArchiveError
from respaldo.embedded import databases, environment, postgres
from respaldo.embedded.errors import ProgramFailedError
from respaldo.embedded.layout import Layout
from respaldo.embedded.postgres import Server
from respaldo.embedded.settings import Memory, Settings
from respaldo.preparing import secret_files
from respaldo.preparing.airflow_database import Request, WantedConnection, Written
from respaldo.report.archive_folder import ArchiveFolder
from respaldo.texts import embedded as texts
from respaldo.texts.telling import in_words

REPORT_CONNECTION = "respaldo_report"


def request(layout: Layout, settings: Settings, server: Server, written: Written) -> Request:
    """Say what Airflow's database should hold: the report's connection, each repository's, the pools."""
    report = postgres.endpoint(server.sockets, databases.REPORT, databases.REPORT)
    connections = {
        REPORT_CONNECTION: WantedConnection(
            conn_type="postgres",
            description=texts.REPORT_CONNECTION,
            host=report.host,
            login=report.user,
            schema_name=report.database,
        )
    }
    for repository, connection in settings.repositories.items():
        connections[connection] = WantedConnection(
            conn_type="restic",
            description=texts.REPOSITORY_CONNECTION.format(repository=repository),
            password=master_secret(layout, repository),
        )
    return Request(
        connections=connections,
        pools=settings.pools,
        written=written,
        administrator=_administrator(layout, settings),
    )


def _administrator(layout: Layout, settings: Settings) -> tuple[str, str] | None:
    if settings.manager != "fab":
        return None
    known = secret_files.passwords(layout.passwords, settings.users)
    name = next(user for user, role in settings.users.items() if role == "admin")
    return name, known[name]


def master_secret(layout: Layout, repository: str) -> str:
    """Read a repository's master secret, made when it is first asked for."""
    return secret_files.kept(layout.secrets / f"repository_{repository}", secret_files.token)


def fingerprint(wanted: Request, server_identifier: str) -> str:
    """Sum up what Airflow's database is prepared for: when it is the same, there is nothing to do."""
    parts = (
        server_identifier,
        version("apache-airflow-core"),
        wanted.model_dump_json(include={"connections", "pools", "administrator"}),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def prepare_airflow(layout: Layout, wanted: Request, prepared_for: str) -> Memory:
    """Migrate Airflow's database and put pools and connections into it.

    :raises ProgramFailedError: it could not be done.
    """
    log = layout.logs / "bootstrap.log"
    answer = layout.run / "bootstrap.json"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "respaldo.preparing.airflow_database", str(answer)],
            input=wanted.model_dump_json().encode(),
            env=environment.of_programs(layout),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise ProgramFailedError(program="bootstrap", log=log)
    return Memory(prepared=prepared_for, written=Written.model_validate_json(answer.read_bytes()))


def prepare_archive(folder: Path) -> str | None:
    """Make the folder of the archived forms: its backup needs it before the first is there.

    :return: why it cannot be made: that is for the archive's own DAG to fail for.
    """
    try:
        ArchiveFolder(folder).prepare()
    except ArchiveError as error:
        return in_words(error)
    return None


def prepare_report(server: Server) -> list[str]:
    """Apply the report's migrations, and give the names of those that were missing."""
    from respaldo.report.migrate import migrate

    return migrate(postgres.endpoint(server.sockets, databases.REPORT, databases.REPORT))
