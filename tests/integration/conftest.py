"""The report's database, with and without its tables."""

import pytest

from respaldo.domain.values import Endpoint
from respaldo.report.migrate import migrate
from respaldo.report.spool import Spool
from respaldo.report.store import Report


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
