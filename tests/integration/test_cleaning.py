"""What the daily cleaning removes from a real Airflow's database, and what it must leave there."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from respaldo.domain.values import Run
from respaldo.production import old_runs
from respaldo.production.__main__ import app

NOW = datetime.now(UTC)
LONG_AGO, LATELY = NOW - timedelta(days=400), NOW - timedelta(days=3)
BEFORE = NOW - timedelta(days=180)
DAG = "backup__erp"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


@pytest.fixture(scope="module")
def airflow_database(postgres_server, tmp_path_factory):
    """Airflow's own tables, made once by Airflow."""
    made = postgres_server.fresh()
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://postgres@/{made.database}?host={made.host}",
    }
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return made


class Database:
    """Airflow's database, with what tests put into it."""

    def __init__(self, connection) -> None:
        self.connection = connection

    def put(self, table: str, **columns) -> None:
        names = ", ".join(columns)
        places = ", ".join("%s" for _ in columns)
        statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608  (the test's own words)
        self.connection.execute(statement, list(columns.values()))

    def dag(self, dag_id: str = DAG) -> None:
        self.put(
            "dag",
            dag_id=dag_id,
            is_paused=False,
            is_stale=False,
            bundle_name="respaldo",
            max_active_tasks=16,
            max_consecutive_failed_dag_runs=0,
            has_task_concurrency_limits=False,
            timetable_type="",
            partition_mapper_info="[]",
        )

    def version(self, number: int, at: datetime, dag_id: str = DAG) -> str:
        made = str(uuid4())
        self.put(
            "dag_version",
            id=made,
            version_number=number,
            dag_id=dag_id,
            created_at=at,
            last_updated=at,
        )
        return made

    def run(
        self, run_id, ended=LONG_AGO, *, begun=None, state="success", conf=None, dag_id=DAG, kind="manual"
    ):
        from psycopg.types.json import Jsonb

        self.put(
            "dag_run",
            dag_id=dag_id,
            run_id=run_id,
            run_type=kind,
            state=state,
            start_date=begun or ended,
            end_date=ended if state in ("success", "failed") else None,
            run_after=begun or ended,
            span_status="not_started",
            conf=Jsonb(conf) if conf is not None else None,
        )

    def task(self, run_id, version, *, state="success", at=LONG_AGO, dag_id=DAG) -> str:
        made = str(uuid4())
        self.put(
            "task_instance",
            id=made,
            task_id="execute",
            dag_id=dag_id,
            run_id=run_id,
            map_index=-1,
            state=state,
            start_date=at,
            pool="default_pool",
            pool_slots=1,
            try_number=1,
            max_tries=0,
            dag_version_id=version,
            span_status="not_started",
        )
        return made

    def runs(self, dag_id=DAG):
        return old_runs.runs_of(self.connection, dag_id)

    def count(self, table: str) -> int:
        return self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  (as above)

    def clean(self) -> int:
        return old_runs.remove(self.connection, BEFORE)


@pytest.fixture
def database(postgres_server, airflow_database):
    with postgres_server.connect(airflow_database) as connection:
        made = Database(connection)
        for table in (
            "dag_run",
            "dag_version",
            "dag",
            "log",
            "job",
            "asset_event",
            "session",
            "revoked_token",
        ):
            connection.execute(f"TRUNCATE {table} CASCADE")
        connection.execute("TRUNCATE trigger CASCADE")
        connection.execute("INSERT INTO dag_bundle (name) VALUES ('respaldo') ON CONFLICT DO NOTHING")
        made.dag()
        made.run("newest", NOW)
        yield made


def test_what_ended_long_ago_goes_with_all_that_hangs_on_it(database):
    version = database.version(1, LONG_AGO)
    database.run("old")
    task = database.task("old", version)
    database.run("lately", LATELY)
    database.task("lately", version, at=LATELY)
    for run_id in ("old", "lately"):
        [[number]] = database.connection.execute("SELECT id FROM dag_run WHERE run_id = %s", [run_id])
        database.put(
            "xcom",
            dag_run_id=number,
            dag_id=DAG,
            run_id=run_id,
            task_id="execute",
            map_index=-1,
            key="x",
            value='"1"',
            timestamp=LONG_AGO,
        )
    assert database.clean() == 1
    assert database.runs() == {"lately", "newest"}
    for table in ("task_instance", "xcom"):
        assert database.count(table) == 1, table
    assert not database.connection.execute("SELECT 1 FROM task_instance WHERE id = %s", [task]).fetchone()


def test_everything_that_refers_to_a_run_or_a_task_goes_or_forgets_it(database):
    refuses = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE contype = 'f' AND confrelid IN ('dag_run'::regclass, 'task_instance'::regclass)
      AND confdeltype NOT IN ('c', 'n')
    """
    assert database.connection.execute(refuses).fetchall() == []


@pytest.mark.parametrize("state", ["running", "queued"])
def test_a_run_that_is_not_over_stays_however_long_it_waits_for_somebody(database, state):
    version = database.version(1, LONG_AGO)
    [[trigger]] = database.connection.execute(
        "INSERT INTO trigger (classpath, kwargs, created_date) VALUES ('x', '{}', %s) RETURNING id",
        [LONG_AGO],
    )
    database.run("waits", LONG_AGO, state=state)
    task = database.task("waits", version, state="deferred")
    database.connection.execute("UPDATE task_instance SET trigger_id = %s WHERE id = %s", [trigger, task])
    assert database.clean() == 0
    assert "waits" in database.runs()
    assert database.count("task_instance") == 1


def test_the_failed_run_that_somebody_is_still_to_judge_stays(database):
    for run_id in ("judged", "waits"):
        database.run(run_id, state="failed")
    failed = Run(dag_id=DAG, run_id="waits", scope_id="erp")
    database.run("again", conf={"rerun_of": failed.key})
    asks = {"dag": DAG, "run": "waits", "scope": "erp"}
    database.run(f"failure__{failed.key}", state="running", conf=asks, dag_id="failure_analysis")
    assert database.clean() == 1
    assert database.runs() == {"waits", "again", "newest"}


def test_the_copies_that_a_request_under_way_has_begun_stay(database):
    waits = Run(dag_id="restore_request", run_id="manual__1", scope_id="erp")
    database.run("manual__1", state="running", dag_id=waits.dag_id)
    database.run("its own", conf={"request_key": waits.key})
    database.run("of one that is over", conf={"request_key": "0123456789abcdef"})
    assert database.clean() == 1
    assert database.runs() == {"its own", "newest"}


def test_the_newest_of_each_kind_stays_so_that_no_hour_is_made_twice(database):
    older = LONG_AGO - timedelta(days=1)
    database.run("scheduled 1", older, kind="scheduled")
    database.run("scheduled 2", LONG_AGO, kind="scheduled")
    assert database.clean() == 1
    assert database.runs() == {"scheduled 2", "newest"}


def test_more_runs_than_one_transaction_takes_all_go(database, monkeypatch):
    monkeypatch.setattr(old_runs, "_AT_ONCE", 2)
    for number in range(5):
        database.run(f"old {number}")
    assert database.clean() == 5
    assert database.runs() == {"newest"}


def test_versions_of_a_dag_that_no_run_has_go_but_for_the_last(database):
    used = database.version(2, LONG_AGO)
    database.version(1, LONG_AGO)
    database.version(3, LONG_AGO)
    database.run("lately", LATELY)
    database.task("lately", used, at=LATELY)
    database.clean()
    left = database.connection.execute("SELECT version_number FROM dag_version ORDER BY 1").fetchall()
    assert left == [(2,), (3,)]


def test_the_page_forgets_what_was_done_long_ago_and_keeps_what_was_done_lately(database):
    for at in (LONG_AGO, LATELY):
        database.put("log", dttm=at, event="trigger")
        database.put("job", job_type="SchedulerJob", latest_heartbeat=at)
        database.put("session", session_id=str(at), expiry=at.replace(tzinfo=None))
    database.clean()
    for table in ("log", "job", "session"):
        assert database.count(table) == 1, table


def write(file, at):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}")
    for path in (file, *list(file.parents)[:3]):
        os.utime(path, (at.timestamp(), at.timestamp()))
    return file


@pytest.fixture
def command(airflow_database, postgres_server, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(old_runs, "enter", lambda: postgres_server.connect(airflow_database))
    return lambda *words: CliRunner().invoke(app, ["clean", *words])


@pytest.fixture
def logs(tmp_path):
    return tmp_path / "airflow" / "logs" / f"dag_id={DAG}"


def test_the_command_removes_old_runs_and_logs_and_nothing_that_anybody_needs(
    database, command, logs, tmp_path
):
    database.run("old")
    database.run("waits", state="running")
    gone = write(logs / "run_id=old" / "task_id=plan" / "attempt=1.log", LONG_AGO)
    daily = write(logs.parent / "dag_processor" / "2025-01-01" / "respaldo" / "dags.log", LONG_AGO)
    (logs.parent / "dag_processor" / "latest").symlink_to("2025-01-01")
    cache = write(tmp_path / "home" / "cache" / "abc" / "data" / "00", LONG_AGO)
    left = [
        write(logs / "run_id=waits" / "task_id=plan" / "attempt=1.log", LONG_AGO),
        write(logs / "run_id=unknown" / "task_id=plan" / "attempt=1.log", LATELY),
        *(
            write(tmp_path / "home" / each / "x" / "file", LONG_AGO)
            for each in ("restored", "spool", "archivo")
        ),
    ]
    done = command()
    assert done.exit_code == 0, done.output
    assert "que se borraron de Airflow: 1\n" in done.stdout
    assert "registros que se borraron: 2\n" in done.stdout
    assert not any(path.exists() for path in (gone.parents[1], daily, cache.parents[1]))
    assert all(path.exists() for path in left)
    assert database.runs() == {"waits", "newest"}


def test_at_another_site_files_go_by_their_age_and_no_database_is_asked(command, logs, monkeypatch):
    monkeypatch.setattr(old_runs, "enter", lambda: pytest.fail("it was asked"))
    gone = write(logs / "run_id=old" / "task_id=plan" / "attempt=1.log", LONG_AGO)
    left = write(logs / "run_id=new" / "task_id=plan" / "attempt=1.log", LATELY)
    done = command("--only-files")
    assert done.exit_code == 0, done.output
    assert (gone.exists(), left.exists()) == (False, True)


@pytest.mark.parametrize("given", ["29", "-1", "muchos", "30.5"])
def test_fewer_days_than_thirty_are_refused_and_nothing_is_removed(command, logs, monkeypatch, given):
    monkeypatch.setenv("RESPALDO_KEEP_DAYS", given)
    old = write(logs / "run_id=old" / "task_id=plan" / "attempt=1.log", LONG_AGO)
    done = command("--only-files")
    assert done.exit_code == 1
    assert "30 o más" in done.stderr
    assert old.exists()


def test_a_database_that_is_away_is_told_and_no_log_goes(command, logs, monkeypatch):
    import psycopg

    def away():
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(old_runs, "enter", away)
    old = write(logs / "run_id=old" / "task_id=plan" / "attempt=1.log", LONG_AGO)
    done = command()
    assert done.exit_code == 1
    assert "connection refused" in done.stderr
    assert old.exists()


def test_what_cannot_be_removed_is_told_and_the_rest_goes(command, logs, monkeypatch):
    import shutil

    stays, goes = (write(logs / f"run_id={name}" / "t" / "1.log", LONG_AGO) for name in ("a", "b"))
    real = shutil.rmtree

    def refuse(folder):
        if folder == stays.parents[1]:
            raise PermissionError(13, "Permission denied", str(folder))
        real(folder)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    done = command("--only-files")
    assert done.exit_code == 1
    assert "Permission denied" in done.stderr
    assert (stays.exists(), goes.exists()) == (True, False)
