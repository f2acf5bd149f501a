"""The databases of the stack's PostgreSQL, and who enters which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from respaldo.domain.values import Endpoint
from respaldo.preparing.databases import AIRFLOW_SETTINGS, ensure_database, ensure_role
from respaldo.production.mounted import secret

if TYPE_CHECKING:
    import psycopg

SERVER = "postgres"
"""The name of the server, and of its superuser."""

AIRFLOW = "airflow"
REPORT = "respaldo"
"""The report's owner, who makes and changes its tables: only ``init`` enters as that one."""

WRITER = "registro"
"""Who writes the report, and may do no more there (``report_rights``): tasks, the page, ``respaldo``."""

READER = "consulta"
"""Who looks at the report's views (role ``analista``), and at nothing else."""

COPIER = "copia"
"""Who reads what Respaldo saves of itself."""


class Account(NamedTuple):
    """A role that can enter, and the secret with its password."""

    name: str
    secret: str


ACCOUNTS = (
    Account(AIRFLOW, "airflow_database_password"),
    Account(REPORT, "report_database_password"),
    Account(WRITER, "report_writer_password"),
    Account(READER, "report_reader_password"),
    Account(COPIER, "copy_database_password"),
)
DATABASES: dict[str, dict[str, str]] = {AIRFLOW: AIRFLOW_SETTINGS, REPORT: {}}
"""Each is named after its owner."""

_VISITORS = {AIRFLOW: (COPIER,), REPORT: (COPIER, READER, WRITER)}


def ensure() -> None:
    """Make what is missing, and set all passwords as the secrets say: a new file is a new password.

    :raises psycopg.OperationalError: the server cannot be entered.
    """
    from psycopg import sql

    with connect() as connection:
        for account in ACCOUNTS:
            ensure_role(connection, account.name, secret(account.secret))
        for database, settings in DATABASES.items():
            ensure_database(connection, database, database, settings)
            name = sql.Identifier(database)
            connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))
            for visitor in _VISITORS[database]:
                connection.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(visitor))
                )
        # The report's migrations make the role of the analysts.
        connection.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(REPORT)))
        connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(COPIER)))


def ensure_analysts() -> None:
    """Make the role of the analysts as the report's migrations make it: a dump of the report grants to it."""
    from psycopg import sql

    with connect() as connection:
        row = connection.execute("SELECT to_regrole('analista')").fetchone()
        if row == (None,):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(REPORT)))
            connection.execute("CREATE ROLE analista NOLOGIN")


def let_analysts_read() -> None:
    """Give the reader what the report's migrations give to analysts; they come before."""
    from psycopg import sql

    with connect() as connection:
        connection.execute(sql.SQL("GRANT analista TO {}").format(sql.Identifier(READER)))


def connect(database: str = "postgres") -> psycopg.Connection[Any]:
    """Enter a database as the superuser; each statement is its own transaction."""
    import psycopg

    return psycopg.connect(
        host=SERVER,
        user=SERVER,
        password=secret("postgres_password"),
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def report() -> Endpoint:
    """Say how the report is made and migrated: as its owner."""
    from pydantic import SecretStr

    password = SecretStr(secret("report_database_password"))
    return Endpoint(name=REPORT, host=SERVER, port=5432, user=REPORT, password=password, database=REPORT)
