"""The report's tables are built once, in order, and never from a file that changed."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from respaldo.domain.causes import every_cause
from respaldo.domain.errors import ReportSchemaError
from respaldo.report.fm007 import RowUpdate
from respaldo.report.history import verify_log
from respaldo.report.incidents import IncidentUpdate
from respaldo.report.migrate import MIGRATIONS, migrate, unapplied
from respaldo.report.requests import RequestUpdate

NAMES = sorted(path.name for path in MIGRATIONS.glob("*.sql"))


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(MIGRATIONS, tmp_path / "migrations")


def test_an_empty_database_gets_every_migration_and_a_second_time_none(empty_database):
    assert unapplied(empty_database) == NAMES
    assert migrate(empty_database) == NAMES
    assert migrate(empty_database) == unapplied(empty_database) == []


def test_a_migration_that_was_edited_after_it_was_applied_is_refused_by_name(empty_database, folder):
    migrate(empty_database, folder)
    with (folder / NAMES[1]).open("a") as file:
        file.write("-- one word more\n")
    with pytest.raises(ReportSchemaError) as caught:
        migrate(empty_database, folder)
    assert caught.value.facts == {"problem": "changed", "migration": NAMES[1]}


def test_a_database_that_is_newer_than_the_program_is_refused_by_name(empty_database, folder):
    (folder / "0099_later.sql").write_text("CREATE TABLE respaldo.later (id int);")
    migrate(empty_database, folder)
    with pytest.raises(ReportSchemaError) as caught:
        migrate(empty_database)
    assert caught.value.facts == {"problem": "unknown", "migration": "0099_later.sql"}
    with pytest.raises(ReportSchemaError) as foreseen:
        unapplied(empty_database)
    assert foreseen.value.facts == caught.value.facts


def test_a_new_file_numbered_below_an_applied_one_is_refused_by_name(empty_database, folder):
    (folder / "0099_later.sql").write_text("SELECT 1;")
    migrate(empty_database, folder)
    (folder / "0098_between.sql").write_text("SELECT 1;")
    with pytest.raises(ReportSchemaError) as caught:
        migrate(empty_database, folder)
    assert caught.value.facts == {"problem": "out_of_order", "migration": "0098_between.sql"}


def test_a_migration_that_fails_leaves_nothing_and_keeps_those_before_it(
    postgres_server, empty_database, folder
):
    (folder / "0099_broken.sql").write_text("CREATE TABLE respaldo.half (id int); SELECT no_such_function();")
    with pytest.raises(ReportSchemaError):
        migrate(empty_database, folder)
    with postgres_server.connect(empty_database) as connection:
        found = connection.execute("SELECT to_regclass('respaldo.half'), to_regclass('respaldo.fm007')")
        assert found.fetchone() == (None, "respaldo.fm007")
    (folder / "0099_broken.sql").write_text("CREATE TABLE respaldo.half (id int);")
    assert migrate(empty_database, folder) == ["0099_broken.sql"]


def test_migrations_at_once_wait_for_each_other_and_apply_each_file_once(empty_database):
    with ThreadPoolExecutor(4) as workers:
        applied = list(workers.map(migrate, [empty_database] * 4))
    assert sorted(applied) == [[], [], [], NAMES]


def test_a_form_with_rows_is_upgraded_and_its_history_stays_proven(postgres_server, empty_database, folder):
    for name in NAMES[4:]:
        (folder / name).unlink()
    migrate(empty_database, folder)
    with postgres_server.connect(empty_database) as connection:
        connection.execute(
            "INSERT INTO respaldo.fm007 (run_key, dag_id, run_id, scope_id, updated_at) "
            "VALUES ('0123456789abcdef', 'backup__erp', 'scheduled__1', 'erp', now())"
        )
    assert migrate(empty_database) == NAMES[4:]
    assert verify_log(empty_database).count == 1
    with postgres_server.connect(empty_database) as connection:
        connection.execute("UPDATE respaldo.fm007 SET request_key = 'fedcba9876543210'")
        assert connection.execute("SELECT numero, requerimiento FROM reportes.tic_fm007").fetchall() == [
            (1, None)
        ]
    assert verify_log(empty_database).count == 2


def test_rows_of_before_failures_were_analysed_get_the_new_columns_and_keep_their_history(
    postgres_server, empty_database, folder
):
    for name in NAMES[7:]:
        (folder / name).unlink()
    migrate(empty_database, folder)
    with postgres_server.connect(empty_database) as connection:
        for key, state, rerun_of in (("a" * 16, "failed", None), ("b" * 16, "succeeded", "a" * 16)):
            connection.execute(
                "INSERT INTO respaldo.fm007 (run_key, dag_id, run_id, scope_id, state, rerun_of, updated_at) "
                "VALUES (%s, 'backup__erp', %s, 'erp', %s, %s, now())",
                (key, key, state, rerun_of),
            )
    assert migrate(empty_database) == NAMES[7:]
    assert verify_log(empty_database).count == 2
    with postgres_server.connect(empty_database) as connection:
        assert connection.execute("SELECT applied FROM respaldo.fm007").fetchall() == [(None,), (None,)]
        assert connection.execute(
            "SELECT numero, correctivos_aplicados, cadena FROM reportes.tic_fm007 ORDER BY numero"
        ).fetchall() == [(1, [], 1), (2, [], 1)]
        assert connection.execute(
            "SELECT numero, causa_codigo, reintento, reintentos, estado FROM reportes.fallas"
        ).fetchall() == [(1, "unknown", 2, 1, None)]


CAUSES = "SELECT code, title, passes_by_itself, remedy FROM respaldo.cause"


def test_every_migration_writes_the_catalogue_of_causes_and_deletes_none(postgres_server, empty_database):
    migrate(empty_database)
    with postgres_server.connect(empty_database) as connection:
        first = connection.execute(CAUSES).fetchall()
        connection.execute("UPDATE respaldo.cause SET title = 'otro' WHERE code = 'repository_locked'")
        connection.execute("DELETE FROM respaldo.cause WHERE code = 'timed_out'")
        connection.execute("INSERT INTO respaldo.cause VALUES ('gone', 'Ida', 'Era.', 'Nada.', false, NULL)")
    assert {code for code, *_ in first} == set(every_cause())
    assert migrate(empty_database) == []
    with postgres_server.connect(empty_database) as connection:
        second = connection.execute(CAUSES).fetchall()
    assert sorted(map(str, second)) == sorted(map(str, [*first, ("gone", "Ida", False, None)]))


def test_causes_are_read_in_spanish(postgres_server, report_database):
    with postgres_server.connect(report_database) as connection:
        rows = connection.execute(
            "SELECT codigo, causa, pasa_por_si_sola, correctivo_automatico FROM reportes.causas "
            "WHERE codigo IN ('repository_locked', 'timed_out') ORDER BY codigo"
        ).fetchall()
    assert rows == [
        ("repository_locked", "El repositorio está ocupado", True, "Bloqueo muerto retirado"),
        ("timed_out", "Se agotó el tiempo", False, None),
    ]


def test_a_user_without_the_rights_is_told_which_right_is_missing(postgres_server, empty_database):
    postgres_server.run_sql("DROP ROLE IF EXISTS nobody_special; CREATE ROLE nobody_special LOGIN")
    weak = empty_database.model_copy(update={"user": "nobody_special"})
    with pytest.raises(ReportSchemaError) as caught:
        migrate(weak)
    assert caught.value.facts["problem"] == "denied"
    assert caught.value.facts["migration"] == NAMES[0]
    assert empty_database.database in caught.value.facts["reason"]


def test_an_owner_who_may_not_create_roles_is_told_so_and_goes_on_once_the_role_is_there(
    postgres_server, empty_database
):
    database = empty_database.database
    for statement in (
        "DROP ROLE IF EXISTS report_owner",
        "CREATE ROLE report_owner LOGIN",
        f"GRANT CREATE ON DATABASE {database} TO report_owner",
    ):
        postgres_server.run_sql(statement)
    owner = empty_database.model_copy(update={"user": "report_owner"})
    drop_analista_everywhere(postgres_server)
    with pytest.raises(ReportSchemaError) as caught:
        migrate(owner)
    assert caught.value.facts["problem"] == "denied"
    assert "role" in caught.value.facts["reason"]

    postgres_server.run_sql("CREATE ROLE analista NOLOGIN")
    assert migrate(owner) == NAMES
    postgres_server.run_sql("DROP OWNED BY report_owner CASCADE", database)


def drop_analista_everywhere(postgres_server):
    """Roles belong to the server: databases of earlier tests still grant to this one."""
    with postgres_server.connect(postgres_server.endpoint()) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datallowconn")]
        exists = connection.execute("SELECT to_regrole('analista') IS NOT NULL").fetchone()[0]
    if exists:
        for name in names:
            postgres_server.run_sql("DROP OWNED BY analista", name)
        postgres_server.run_sql("DROP ROLE analista")


@pytest.mark.parametrize(
    "update", [RowUpdate, RequestUpdate, IncidentUpdate], ids=lambda update: update.TABLE
)
def test_what_an_update_can_say_is_what_its_table_can_hold(postgres_server, report_database, update):
    with postgres_server.connect(report_database) as connection:
        columns = dict(
            connection.execute(
                "SELECT column_name, is_nullable = 'YES' FROM information_schema.columns "
                "WHERE table_schema = 'respaldo' AND table_name = %s AND is_identity = 'NO' "
                "AND column_name <> 'updated_at'",
                (update.TABLE,),
            ).fetchall()
        )
    # Labels are given by the database: see LabelsUpdate.
    columns.pop("labels", None)
    assert set(update.model_fields) == set(columns)
    nullable = {name for name, field in update.model_fields.items() if field.default is None}
    assert nullable == {name for name, may_be_null in columns.items() if may_be_null}


def test_every_table_view_and_column_is_explained(postgres_server, report_database):
    with postgres_server.connect(report_database) as connection:
        silent = connection.execute(
            "SELECT c.oid::regclass::text, a.attname "
            "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 "
            "WHERE c.relnamespace IN ('respaldo'::regnamespace, 'reportes'::regnamespace) "
            "AND c.relkind IN ('r', 'v') AND NOT a.attisdropped "
            "AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"
        ).fetchall()
    assert silent == []


def test_an_analyst_reads_the_views_and_nothing_else(postgres_server, report_database):
    from psycopg.errors import InsufficientPrivilege

    for statement in (
        "DROP ROLE IF EXISTS ana",
        "CREATE ROLE ana LOGIN",
        "GRANT analista TO ana",
    ):
        postgres_server.run_sql(statement)
    analyst = report_database.model_copy(update={"user": "ana"})
    with postgres_server.connect(analyst) as connection:
        assert connection.execute("SELECT * FROM reportes.tic_fm007").fetchall() == []
        assert connection.execute("SELECT * FROM reportes.restauraciones").fetchall() == []
        for statement in (
            "TABLE respaldo.fm007",
            "TABLE respaldo.restore_request",
            "TABLE respaldo.incident",
            "TABLE respaldo.cause",
            "TABLE respaldo.fm007_history",
            "TABLE respaldo.applied_event",
            "TABLE respaldo.schema_migration",
            "TABLE respaldo.term",
            "DELETE FROM respaldo.fm007",
            "CREATE TABLE reportes.mine (id int)",
            "CREATE TABLE public.mine (id int)",
            "SELECT respaldo.refuse_change()",
        ):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(statement)
        readable = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c "
            "WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) "
            "AND c.relkind IN ('r', 'v', 'm', 'S') AND has_schema_privilege(c.relnamespace, 'USAGE') "
            "AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') "
            "ELSE has_any_column_privilege(c.oid, 'SELECT') END ORDER BY 1"
        ).fetchall()
    views = (
        "archivo",
        "causas",
        "contratos",
        "copias_medios",
        "fallas",
        "fallas_por_causa",
        "medios",
        "movimientos_medios",
        "restauraciones",
        "tic_fm007",
    )
    assert sorted(readable) == [(f"reportes.{view}",) for view in views]


def test_a_view_that_a_later_migration_adds_is_readable_by_analysts(postgres_server, empty_database, folder):
    (folder / "0099_later.sql").write_text("CREATE VIEW reportes.otra AS SELECT 1 AS uno;")
    migrate(empty_database, folder)
    with postgres_server.connect(empty_database) as connection:
        connection.execute("SET ROLE analista")
        assert connection.execute("SELECT uno FROM reportes.otra").fetchone() == (1,)
