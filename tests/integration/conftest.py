"""The report's database, with and without its tables; the pages of the UI."""

import json

import pytest

from respaldo.domain.values import Endpoint
from respaldo.report.migrate import migrate
from respaldo.report.spool import Spool
from respaldo.report.store import Report

NOWHERE = json.dumps({"conn_type": "postgres", "host": "/nonexistent", "schema": "none", "login": "nobody"})


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

    from respaldo.web.access import sees_website
    from respaldo.web.app import build

    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", NOWHERE)
    app = build()
    app.dependency_overrides[sees_website] = lambda: None
    return TestClient(app)
