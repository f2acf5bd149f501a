"""The report's database, with and without its tables; the UI's pages; an Airflow with FAB's users."""

import os
import shutil
import subprocess
import sys

import pytest

from airflow_kit import NOWHERE, connection_to
from respaldo.domain.values import Endpoint
from respaldo.report.migrate import migrate
from respaldo.report.spool import Spool
from respaldo.report.store import Report

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


@pytest.fixture
def empty_database(postgres_server) -> Endpoint:
    return postgres_server.fresh()


@pytest.fixture
def report_database(empty_database) -> Endpoint:
    migrate(empty_database)
    return empty_database


@pytest.fixture
def report(report_database, tmp_path) -> Report:
    return Report(report_database, Spool(tmp_path / "spool"))


@pytest.fixture
def page(airflow_home, monkeypatch):
    """The application for a user who may see the website, its database nowhere."""
    from fastapi.testclient import TestClient

    from respaldo.web.access import sees_page, sees_website
    from respaldo.web.app import build

    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", NOWHERE)
    app = build()
    app.dependency_overrides |= {sees_website: lambda: None, sees_page: lambda: None}
    return TestClient(app)


@pytest.fixture(scope="session")
def database_of_fab(tmp_path_factory):
    """Make the database of an Airflow whose users are FAB's, once: it takes ten seconds."""
    home = tmp_path_factory.mktemp("fab")
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=_beside_fab(home),
        capture_output=True,
        check=True,
    )
    return home / "airflow.db"


@pytest.fixture
def airflow_with_fab(database_of_fab, tmp_path):
    """Give a way to run programs beside an Airflow of their own, of which no program runs."""
    shutil.copy(database_of_fab, tmp_path)

    def run(*argv, exit_code=0, **others):
        environment = _beside_fab(tmp_path) | others
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == exit_code, done.stderr
        return done.stdout

    return run


def _beside_fab(home):
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }
    environment.pop("RESPALDO_CONFIG", None)
    return environment


@pytest.fixture
def shown(page, report_database, monkeypatch):
    """The application on the report's own database."""
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(report_database))
    return page
