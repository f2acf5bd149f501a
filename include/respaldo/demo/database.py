"""The demonstration's database: a municipality's tax system of about 30 MB, made and changed with psql.

It holds foreign keys, large objects, a view, a sequence, a trigger, domains, an enumeration, roles with
grants, and settings of the database itself. What is in it is a function of the seed alone.
"""

from __future__ import annotations

from pathlib import Path

from respaldo.demo.libpq import database_of, run_program
from respaldo.domain.values import Endpoint

_SQL = Path(__file__).parent / "sql"
_MAINTENANCE = "postgres"


def make(endpoint: Endpoint, seed: int = 1) -> None:
    """Create the endpoint's database and fill it. The user must be a superuser: it makes roles too.

    :raises SourceCommandError: the database is there already, or the server refuses.
    """
    database = database_of(endpoint)
    # The locale that every server has, whatever the machine's is.
    options = ("--template=template0", "--encoding=UTF8", "--locale=C", "--no-password")
    run_program(("createdb", *options, "--", database), endpoint, _MAINTENANCE)
    _run_files(endpoint, seed, "schema.sql", "data.sql")


def change(endpoint: Endpoint, seed: int = 2) -> None:
    """Add, modify, delete and rename some of the rows, and change and add large objects.

    :raises SourceCommandError: the database is not the one that `make` made.
    """
    _run_files(endpoint, seed, "change.sql")


def _run_files(endpoint: Endpoint, seed: int, *names: str) -> None:
    files = [f"--file={_SQL / name}" for name in names]
    # One transaction: a change that fails leaves nothing of itself.
    options = ("--no-psqlrc", "--quiet", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1")
    run_program(("psql", *options, f"--set=seed={seed}", *files), endpoint, database_of(endpoint))
