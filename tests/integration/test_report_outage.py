"""While the report database is down a backup runs on, and what it stated is written later, once, in order."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from respaldo.domain.errors import ReportUnavailableError
from respaldo.domain.values import Endpoint, Run
from respaldo.report.database import connected
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.report.upsert import apply

RUN = Run(dag_id="backup__erp", run_id="scheduled__1", scope_id="erp")


@pytest.fixture
def stopped(postgres_server):
    """Stop the server; the test starts it again, or this does."""
    postgres_server.stop()
    yield postgres_server
    if postgres_server.process.poll() is not None:
        postgres_server.start()


def history(report) -> list[dict]:
    with connected(report.endpoint) as connection:
        return [
            entry["row"]
            for entry in connection.execute('SELECT "row" FROM respaldo.fm007_history ORDER BY seq')
        ]


def test_facts_wait_while_the_database_is_down_and_are_written_in_order_before_the_next(report, stopped):
    assert report.write(RowUpdate.of(RUN, state="running")) is False
    assert report.write(RowUpdate.of(RUN, files=1)) is False
    assert report.write(RowUpdate.of(RUN, files=2)) is False
    assert len(report.spool.waiting()) == 3
    stopped.start()
    assert report.write(RowUpdate.of(RUN, state="succeeded", files=3)) is True
    assert [row.get("files") for row in history(report)] == [None, 1, 2, 3]
    assert [row["state"] for row in history(report)] == ["running", "running", "running", "succeeded"]
    assert report.spool.waiting() == []


def test_what_waits_is_written_on_request_when_no_new_fact_comes(report, stopped):
    report.write(RowUpdate.of(RUN, files=1))
    with pytest.raises(ReportUnavailableError):
        report.drain()
    stopped.start()
    report.drain()
    assert report.row(RUN.key)["files"] == 1
    assert report.spool.waiting() == []


def test_reading_says_that_the_database_is_down(report, stopped):
    with pytest.raises(ReportUnavailableError):
        report.last_good("erp")
    report.progress(RUN.key, 10)


def test_a_server_that_accepts_and_never_answers_does_not_hold_a_backup(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / ".s.PGSQL.5432"))
        silent.listen()
        report = Report(Endpoint(name="silent", host=str(tmp_path)), Spool(tmp_path / "spool"))
        before = time.monotonic()
        assert report.write(RowUpdate.of(RUN, files=1)) is False
        assert time.monotonic() - before < 15
    assert len(report.spool.waiting()) == 1


def test_a_server_that_stops_in_the_middle_of_a_drain_leaves_the_rest_waiting(report, postgres_server):
    for files in range(3):
        report.spool.append(Fact.now(RowUpdate.of(RUN, files=files)))

    def apply_then_stop(fact):
        apply(connection, fact, waited=True)
        if fact.row.files == 1:
            postgres_server.stop()

    try:
        with pytest.raises(ReportUnavailableError), connected(report.endpoint) as connection:
            report.spool.drain(apply_then_stop)
        assert len(report.spool.waiting()) == 1
    finally:
        postgres_server.start()
    report.drain()
    assert [row["files"] for row in history(report)] == [0, 1, 2]


def test_a_process_killed_between_commit_and_delete_leaves_a_fact_that_counts_once(report, tmp_path):
    """The child dies by SIGKILL at the moment when it would delete the file of the applied fact."""
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from respaldo.domain.values import Endpoint, Run
        from respaldo.report.facts import Fact
        from respaldo.report.fm007 import RowUpdate
        from respaldo.report.spool import Spool
        from respaldo.report.store import Report

        host, database, folder = sys.argv[1:]
        endpoint = Endpoint(name="test", host=host, user="postgres", database=database)
        report = Report(endpoint, Spool(Path(folder)))
        run = Run(dag_id="backup__erp", run_id="scheduled__1", scope_id="erp")
        report.spool.append(Fact.now(RowUpdate.of(run, files=1)))

        def die_on_delete(event, arguments):
            if event == "os.remove" and str(arguments[0]).endswith(".json"):
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die_on_delete)
        report.drain()
        """
    )
    endpoint = report.endpoint
    child = subprocess.run(
        [sys.executable, "-c", script, endpoint.host, endpoint.database, report.spool.folder],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        timeout=60,
    )
    assert child.returncode == -signal.SIGKILL
    assert report.row(RUN.key)["files"] == 1
    assert len(report.spool.waiting()) == 1

    # Meanwhile another worker empties the column: the old fact must not fill it again.
    Report(report.endpoint, Spool(tmp_path / "other_worker")).write(RowUpdate.of(RUN, files=None))
    report.drain()
    assert report.spool.waiting() == []
    assert [row["files"] for row in history(report)] == [1, None]


def test_an_unreadable_file_in_the_spool_does_not_lose_the_others(report, stopped):
    report.write(RowUpdate.of(RUN, files=1))
    report.write(RowUpdate.of(RUN, size_bytes=7))
    first = report.spool.waiting()[0]
    first.write_bytes(first.read_bytes()[:40])
    stopped.start()
    assert report.write(RowUpdate.of(RUN, state="succeeded"))
    row = report.row(RUN.key)
    assert (row["state"], row["size_bytes"], row["files"]) == ("succeeded", 7, None)
    assert [path.name for path in report.spool.rejected()] == [first.name]


def test_a_fact_that_the_database_refuses_does_not_block_those_behind_it(report, stopped, caplog):
    report.write(RowUpdate.of(RUN, files=1))
    report.write(RowUpdate.of(RUN, files=1).model_copy(update={"run_key": "impostor"}))
    report.write(RowUpdate.of(RUN, size_bytes=7))
    stopped.start()
    assert report.write(RowUpdate.of(RUN, state="succeeded"))
    assert report.row(RUN.key)["size_bytes"] == 7
    assert report.row("impostor") is None
    (rejected,) = report.spool.rejected()
    assert str(rejected) in caplog.text


def test_only_the_worker_can_read_what_waits(report, stopped):
    report.write(RowUpdate.of(RUN, reason="personal"))
    (waiting,) = report.spool.waiting()
    assert Path(report.spool.folder).stat().st_mode & 0o777 == 0o700
    assert waiting.stat().st_mode & 0o777 == 0o600
