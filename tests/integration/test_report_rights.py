"""In production tasks and pages write the report as a role that can do that and nothing else there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from archive_kit import BOGOTA, OCTOBER, fill, organization
from conftest import PostgresServer, throw_away_server
from respaldo.actions.archive import Asked, archive
from respaldo.domain.contracts import Term
from respaldo.domain.errors import ReportSchemaError
from respaldo.domain.values import Run
from respaldo.production import databases, mounted, report_rights
from respaldo.production.secrets import make
from respaldo.report import archives, media_pages
from respaldo.report.contracts import ContractUpdate
from respaldo.report.fm007 import RowUpdate
from respaldo.report.history import verify_log
from respaldo.report.incidents import IncidentUpdate
from respaldo.report.media import LabelledCopy, LabelsUpdate
from respaldo.report.migrate import migrate, unapplied
from respaldo.report.movements import Movement
from respaldo.report.requests import RequestUpdate
from respaldo.report.spool import Spool
from respaldo.report.store import Report

if TYPE_CHECKING:
    from psycopg import Connection

NOW = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
RUN = Run(dag_id="backup__erp", run_id="scheduled__1", scope_id="erp")
COPY = LabelledCopy(
    which="first", series="PRI-2026-######", repository="principal", keep_until=NOW + timedelta(days=30)
)
TAPE = Movement(move="registered", kind="cinta", site="Archivo", moved_by="soporte")

TABLES = """
    SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'respaldo' AND c.relkind = 'r' ORDER BY 1
"""
GIVEN = """
    SELECT privilege_type::text FROM information_schema.table_privileges
    WHERE grantee = 'registro' AND table_schema = 'respaldo' AND table_name = %s
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A stack's PostgreSQL after ``init``."""
    folder = tmp_path_factory.mktemp("stack") / "secrets"
    make(folder)
    with throw_away_server() as running, pytest.MonkeyPatch.context() as patch:
        patch.setattr(mounted, "FOLDER", folder)
        patch.setattr(
            databases, "connect", lambda database="postgres": running.connect(running.endpoint(database))
        )
        prepare(running)
        yield running


def prepare(server: PostgresServer) -> None:
    databases.ensure()
    migrate(server.endpoint("respaldo", user="respaldo"))
    databases.let_analysts_read()
    report_rights.put()


@pytest.fixture
def report(server, tmp_path) -> Iterator[Report]:
    yield Report(server.endpoint("respaldo", user="registro"), Spool(tmp_path / "spool"))
    # Whatever came of it, nothing of it is for the next.
    assert not (tmp_path / "spool" / "rejected").exists()


@pytest.fixture
def writer(server) -> Iterator[Connection]:
    with server.connect(server.endpoint("respaldo", user="registro")) as connection:
        yield connection


def test_whatever_a_run_its_people_and_its_media_state_is_written(report):
    updates = (
        RowUpdate.of(RUN, state="running", started_at=NOW),
        RowUpdate.of(RUN, state="failed", ended_at=NOW, cause="repository_full"),
        LabelsUpdate.of_copies(RUN, COPY),
        LabelsUpdate.of_copies(RUN, COPY.model_copy(update={"repository": "otro"})),
        IncidentUpdate.of(RUN, cause="repository_full", failed_at=NOW),
        IncidentUpdate.of(RUN, state="closed", resolution="closed", resolved_at=NOW),
        RequestUpdate.of(RUN, state="registered"),
        RequestUpdate.of(RUN, state="closed"),
        ContractUpdate.of(Term(number="CT-1", valid_until=date(2030, 1, 31)), scopes=("erp",)),
        ContractUpdate.of(Term(number="CT-1", valid_until=date(2030, 1, 31)), scopes=()),
    )
    assert [type(update).__name__ for update in updates if not report.write(update)] == []
    report.progress(RUN.key, 40)
    row = report.row(RUN.key)
    assert (row["state"], row["progress_percent"], row["labels"]) == ("failed", 40, ["PRI-2026-000002"])
    assert (report.incident(RUN.key)["state"], report.request(RUN.key)["state"]) == ("closed", "closed")

    moved = report.move(TAPE, series="MAN-2026-######", by="registered", at=NOW)
    out = Movement(
        move="out", label=moved.label, site="Banco", custody="Ana", reason="Custodia", moved_by="soporte"
    )
    assert report.move(out, series="MAN-2026-######", by="out", at=NOW).state == "out"
    media_pages.mark_printed(report.endpoint, [moved.label], NOW)
    assert media_pages.in_full(report.endpoint, moved.label).row["impresa"] == NOW


def test_the_form_is_read_proved_and_archived(server, report, tmp_path):
    with server.connect(server.endpoint("respaldo", user="registro")) as connection:
        fill(connection, 3)
    made = archive(
        RUN.model_copy(update={"dag_id": "fm007_archive"}),
        Asked(OCTOBER, by="soporte"),
        organization(tmp_path / "archivo"),
        report,
    )
    assert made.row_count >= 3
    assert report.write(made)
    assert archives.latest(report.endpoint, OCTOBER)["version"] == 1
    assert archives.going(report.endpoint, OCTOBER, BOGOTA) >= 0
    assert verify_log(report.endpoint).count >= 3
    assert len(report.rows()) >= 3
    assert unapplied(report.endpoint) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM respaldo.fm007",
        "TRUNCATE respaldo.fm007",
        "DROP TABLE respaldo.fm007",
        "DROP SCHEMA respaldo CASCADE",
        "DROP DATABASE respaldo",
        "ALTER TABLE respaldo.fm007 DISABLE TRIGGER ALL",
        "ALTER TABLE respaldo.fm007 OWNER TO registro",
        "DROP TRIGGER refuse_change ON respaldo.fm007_history",
        "SET session_replication_role = replica",
        "INSERT INTO respaldo.fm007_history (seq) VALUES (1)",
        "UPDATE respaldo.fm007_history SET changed_by = 'x'",
        "DELETE FROM respaldo.fm007_history",
        "UPDATE respaldo.media_movement SET moved_by = 'x'",
        "DELETE FROM respaldo.media_movement",
        "UPDATE respaldo.applied_event SET applied_at = now()",
        "DELETE FROM respaldo.contract",
        "DELETE FROM respaldo.incident",
        "DELETE FROM respaldo.restore_request",
        "DELETE FROM respaldo.archive",
        "UPDATE respaldo.cause SET title = 'x'",
        "UPDATE respaldo.term SET name = 'x'",
        "UPDATE respaldo.schema_migration SET sha256 = sha256",
        "CREATE TABLE respaldo.x (a int)",
        "CREATE TABLE public.x (a int)",
        "CREATE SCHEMA x",
        "CREATE OR REPLACE VIEW reportes.medios AS SELECT 1 AS x",
        "CREATE ROLE x",
        "ALTER ROLE respaldo PASSWORD 'x'",
        "GRANT respaldo TO registro",
        "SET ROLE respaldo",
        "SET ROLE postgres",
        "COPY respaldo.fm007 TO PROGRAM 'cat'",
    ],
)
def test_what_no_task_does_is_refused(writer, statement):
    from psycopg.errors import InsufficientPrivilege

    with pytest.raises(InsufficientPrivilege):
        writer.execute(statement)


def test_what_it_may_it_cannot_let_others_do(writer):
    # PostgreSQL warns, and does nothing.
    writer.execute("GRANT SELECT ON respaldo.fm007 TO PUBLIC, consulta")
    asked = "SELECT has_table_privilege('consulta', 'respaldo.fm007', 'SELECT')"
    assert writer.execute(asked).fetchone() == (False,)


def test_airflows_database_is_closed_to_it(server):
    from psycopg import OperationalError

    with pytest.raises(OperationalError, match="permission denied for database"):
        server.connect(server.endpoint("airflow", user="registro"))


def test_it_cannot_migrate_and_says_who_does(report):
    with pytest.raises(ReportSchemaError) as refused:
        migrate(report.endpoint)
    assert refused.value.facts["problem"] == "denied"


def test_every_table_has_the_rights_that_are_written_down_and_no_other(server):
    with server.connect(server.endpoint("respaldo")) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        for table in tables:
            wanted = {"SELECT"}
            wanted |= {"INSERT"} if table in report_rights.ADDED else set()
            wanted |= {"UPDATE"} if table in report_rights.CHANGED else set()
            assert {right for (right,) in connection.execute(GIVEN, (table,))} == wanted, table
    assert {*report_rights.ADDED, *report_rights.CHANGED} <= set(tables)


def test_rights_that_somebody_added_are_taken_away_and_those_taken_away_come_back(server, writer):
    from psycopg.errors import InsufficientPrivilege

    server.run_sql("GRANT DELETE ON respaldo.fm007 TO registro", "respaldo")
    server.run_sql("REVOKE ALL ON respaldo.incident, respaldo.term FROM registro", "respaldo")
    prepare(server)
    with pytest.raises(InsufficientPrivilege):
        writer.execute("DELETE FROM respaldo.fm007")
    writer.execute("SELECT FROM respaldo.incident, respaldo.term")


def test_what_a_later_migration_adds_is_read_and_not_written(server, writer):
    from psycopg.errors import InsufficientPrivilege

    owner = server.endpoint("respaldo", user="respaldo")
    with server.connect(owner) as connection:
        connection.execute("CREATE TABLE respaldo.later (a int)")
        connection.execute("CREATE VIEW reportes.despues AS SELECT a FROM respaldo.later")
    try:
        assert writer.execute("SELECT count(*) FROM respaldo.later").fetchone() == (0,)
        assert writer.execute("SELECT count(*) FROM reportes.despues").fetchone() == (0,)
        with pytest.raises(InsufficientPrivilege):
            writer.execute("INSERT INTO respaldo.later VALUES (1)")
    finally:
        with server.connect(owner) as connection:
            connection.execute("DROP TABLE respaldo.later CASCADE")


def test_the_history_names_it(report, writer):
    run = RUN.model_copy(update={"run_id": "scheduled__2"})
    assert report.write(RowUpdate.of(run, state="running", started_at=NOW))
    asked = "SELECT changed_by FROM respaldo.fm007_history WHERE run_key = %s"
    assert writer.execute(asked, (run.key,)).fetchall() == [("registro",)]
