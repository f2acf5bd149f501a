"""What the demonstration backs up: made anew each time, so that every demonstration begins alike."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from respaldo.demo import database, tree
from respaldo.demo.libpq import run_program
from respaldo.domain.values import Endpoint
from respaldo.embedded.errors import ApiError
from respaldo.embedded.installation import Installation

DATABASE = "demo_erp"
CONNECTION = "demo_erp"
FILES = "demo_documentos"
SCOPES = (FILES, DATABASE)


def documents(installation: Installation) -> Path:
    """Give the folder of scope ``demo_documentos``."""
    return installation.layout.home / "demo" / "documentos"


def unreadable() -> tuple[Path, ...]:
    """Name what a copy lacks where the worker is not root: it may not read it."""
    return () if os.geteuid() == 0 else (tree.UNREADABLE,)


def server(installation: Installation) -> Endpoint:
    """Give the database of scope ``demo_erp``."""
    return installation.endpoint(DATABASE)


def make(installation: Installation) -> None:
    """Make the tree and the database, and the Airflow connection to it."""
    root, endpoint = documents(installation), server(installation)
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    tree.make(root)
    run_program(("dropdb", "--if-exists", "--force", DATABASE), endpoint, "postgres")
    database.make(endpoint)
    _connect(installation, endpoint)


def change(installation: Installation) -> tree.Changes:
    """Change both, the way a day of work does."""
    database.change(server(installation))
    return tree.change(documents(installation))


def _connect(installation: Installation, endpoint: Endpoint) -> None:
    connection = {
        "connection_id": CONNECTION,
        "conn_type": "postgres",
        "host": endpoint.host,
        "login": endpoint.user,
        "schema": endpoint.database,
    }
    with contextlib.suppress(ApiError):
        installation.api.delete(f"connections/{CONNECTION}")
    installation.api.post("connections", connection)
