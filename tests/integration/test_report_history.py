"""The history holds every change of the form, and shows when somebody altered it."""

import hashlib
import threading

import pytest

from respaldo.domain.errors import ReportTamperedError
from respaldo.domain.values import Run
from respaldo.report.fm007 import RowUpdate
from respaldo.report.history import Verdict, verify_log
from respaldo.report.migrate import MIGRATIONS, migrate
from respaldo.report.spool import Spool
from respaldo.report.store import Report

RUNS = [Run(dag_id="backup__erp", run_id=f"scheduled__{n}", scope_id="erp") for n in range(4)]


@pytest.fixture
def kept(report):
    """A report with three rows of two changes each: entries 1 to 6."""
    for run in RUNS[:3]:
        report.write(RowUpdate.of(run, state="running", files=1))
        report.write(RowUpdate.of(run, state="succeeded", size_bytes=100))
    return report


@pytest.fixture
def superuser(kept, postgres_server):
    """A superuser's connection on which no trigger fires."""
    with postgres_server.connect(kept.endpoint) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def altered(report) -> dict[str, str]:
    with pytest.raises(ReportTamperedError) as caught:
        verify_log(report.endpoint)
    return caught.value.facts


def about(run: int, seq: int, check: str) -> dict[str, str]:
    return {
        "check": check,
        "seq": str(seq),
        "run_key": RUNS[run].key,
        "number": str(run + 1),
        "scope_id": "erp",
    }


REHASH = """
    UPDATE respaldo.fm007_history SET hash = sha256(convert_to(jsonb_build_object(
        'seq', seq, 'changed_at', changed_at, 'changed_by', changed_by, 'operation', operation,
        'run_key', run_key, 'row', "row", 'previous_hash', encode(previous_hash, 'hex'))::text, 'UTF8'))
    WHERE seq = %s
"""


def test_an_empty_report_is_intact(report):
    assert verify_log(report.endpoint) == Verdict(count=0, head="00" * 32)


def test_an_untouched_report_is_intact_and_its_head_is_that_of_the_last_entry(kept, postgres_server):
    with postgres_server.connect(kept.endpoint) as connection:
        last = connection.execute("SELECT hash FROM respaldo.fm007_history WHERE seq = 6").fetchone()[0]
    assert verify_log(kept.endpoint) == Verdict(count=6, head=last.hex())


def test_the_chain_is_the_same_whatever_the_settings_of_the_session_that_writes(kept, postgres_server):
    with postgres_server.connect(kept.endpoint) as connection:
        connection.execute("SET timezone = 'America/Bogota'")
        connection.execute("SET datestyle = 'German'")
        connection.execute("SET extra_float_digits = -5")
        connection.execute("UPDATE respaldo.fm007 SET observations = 'á', ended_at = now()")
        written = connection.execute('SELECT "row" FROM respaldo.fm007_history WHERE seq = 7').fetchone()[0]
    assert written["ended_at"].endswith("+00:00")
    assert verify_log(kept.endpoint).count == 9


def test_an_auditor_can_follow_the_chain_with_nothing_but_sha256(kept, postgres_server):
    with postgres_server.connect(kept.endpoint) as connection:
        connection.execute("SET timezone = 'UTC'")
        text, digest = connection.execute(
            "SELECT jsonb_build_object('seq', seq, 'changed_at', changed_at, 'changed_by', changed_by, "
            "'operation', operation, 'run_key', run_key, 'row', \"row\", "
            "'previous_hash', encode(previous_hash, 'hex'))::text, hash "
            "FROM respaldo.fm007_history WHERE seq = 4"
        ).fetchone()
    assert hashlib.sha256(text.encode()).digest() == digest


def test_a_change_that_changes_nothing_is_not_history(kept):
    kept.write(RowUpdate.of(RUNS[0], state="succeeded", size_bytes=100))
    kept.progress(RUNS[0].key, 50)
    assert verify_log(kept.endpoint).count == 6


def test_eight_writers_at_once_leave_one_chain_without_forks_or_gaps(kept, tmp_path):
    def write_some(index):
        report = Report(kept.endpoint, Spool(tmp_path / f"worker{index}"))
        for number in range(10):
            report.write(RowUpdate.of(RUNS[index % 4], attempts={f"{index}_{number}": 1}))

    threads = [threading.Thread(target=write_some, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify_log(kept.endpoint).count == 6 + 80


def test_a_transaction_that_is_rolled_back_leaves_no_gap(kept, postgres_server):
    with postgres_server.connect(kept.endpoint) as connection:
        with connection.transaction(force_rollback=True):
            connection.execute("UPDATE respaldo.fm007 SET files = 9")
        connection.execute("UPDATE respaldo.fm007 SET files = 8")
    assert verify_log(kept.endpoint).count == 9


def test_a_row_that_is_deleted_openly_is_an_entry_of_the_history(kept, postgres_server):
    with postgres_server.connect(kept.endpoint) as connection:
        connection.execute("DELETE FROM respaldo.fm007 WHERE run_key = %s", (RUNS[1].key,))
        entry = connection.execute(
            "SELECT operation, \"row\" ->> 'files', changed_by FROM respaldo.fm007_history WHERE seq = 7"
        ).fetchone()
    assert entry == ("delete", "1", "postgres")
    assert verify_log(kept.endpoint).count == 7


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE respaldo.fm007_history SET changed_by = 'nobody'",
        "DELETE FROM respaldo.fm007_history WHERE seq = 6",
        "TRUNCATE respaldo.fm007_history",
        "TRUNCATE respaldo.fm007",
    ],
)
def test_the_history_cannot_be_rewritten_even_by_its_owner(kept, postgres_server, statement):
    from psycopg.errors import InsufficientPrivilege

    with (
        postgres_server.connect(kept.endpoint) as connection,
        pytest.raises(InsufficientPrivilege),
    ):
        connection.execute(statement)
    assert verify_log(kept.endpoint).count == 6


def test_a_row_keeps_its_key(kept, postgres_server):
    from psycopg.errors import IntegrityError

    with (
        postgres_server.connect(kept.endpoint) as connection,
        pytest.raises(IntegrityError),
    ):
        connection.execute("UPDATE respaldo.fm007 SET run_key = 'other' WHERE number = 1")


def test_a_row_altered_behind_the_trigger_is_named(kept, superuser):
    superuser.execute("UPDATE respaldo.fm007 SET size_bytes = 1 WHERE run_key = %s", (RUNS[1].key,))
    assert altered(kept) == about(run=1, seq=4, check="row_differs")


def test_the_first_of_several_altered_rows_is_named(kept, superuser):
    superuser.execute("UPDATE respaldo.fm007 SET cause = 'timed_out' WHERE number IN (2, 3)")
    assert altered(kept) == about(run=1, seq=4, check="row_differs")


def test_a_row_deleted_behind_the_trigger_is_named(kept, superuser):
    superuser.execute("DELETE FROM respaldo.fm007 WHERE run_key = %s", (RUNS[2].key,))
    assert altered(kept) == about(run=2, seq=6, check="row_vanished")


def test_a_row_put_in_behind_the_trigger_is_named(kept, superuser):
    superuser.execute(
        "INSERT INTO respaldo.fm007 (run_key, dag_id, run_id, scope_id, updated_at) "
        "VALUES (%s, 'backup__erp', 'scheduled__3', 'erp', now())",
        (RUNS[3].key,),
    )
    facts = about(run=3, seq=0, check="row_without_history")
    del facts["seq"]
    assert altered(kept) == facts


def test_a_row_that_came_back_after_its_deletion_is_named(kept, superuser):
    superuser.execute("CREATE TABLE public.stash AS SELECT * FROM respaldo.fm007 WHERE number = 1")
    superuser.execute("SET session_replication_role = origin")
    superuser.execute("DELETE FROM respaldo.fm007 WHERE number = 1")
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("INSERT INTO respaldo.fm007 OVERRIDING SYSTEM VALUE SELECT * FROM public.stash")
    assert altered(kept) == about(run=0, seq=7, check="row_without_history")


@pytest.mark.parametrize(
    "change",
    [
        "SET \"row\" = jsonb_set(\"row\", '{size_bytes}', '1')",
        "SET changed_by = 'somebody_else'",
        "SET changed_at = changed_at - interval '1 microsecond'",
        "SET operation = 'insert'",
    ],
)
def test_an_altered_entry_of_the_history_is_named(kept, superuser, change):
    superuser.execute(" ".join(["UPDATE respaldo.fm007_history", change, "WHERE seq = 4"]))
    assert altered(kept) == about(run=1, seq=4, check="hash")


@pytest.mark.parametrize(("seq", "run"), [(1, 0), (4, 1)])
def test_an_entry_rewritten_together_with_its_hash_is_named(kept, superuser, seq, run):
    superuser.execute("UPDATE respaldo.fm007_history SET changed_by = 'somebody_else' WHERE seq = %s", (seq,))
    superuser.execute(REHASH, (seq,))
    assert altered(kept) == about(run=run, seq=seq, check="link")


def test_a_first_entry_that_claims_another_before_it_is_named(kept, superuser):
    superuser.execute("UPDATE respaldo.fm007_history SET previous_hash = hash WHERE seq = 1")
    superuser.execute(REHASH, (1,))
    assert altered(kept) == about(run=0, seq=1, check="link")


@pytest.mark.parametrize("seq", [1, 3])
def test_an_entry_that_was_cut_out_is_named(kept, superuser, seq):
    superuser.execute("DELETE FROM respaldo.fm007_history WHERE seq = %s", (seq,))
    assert altered(kept) == {"check": "gap", "seq": str(seq)}


def test_a_history_cut_off_at_its_end_no_longer_fits_the_form(kept, superuser):
    superuser.execute("DELETE FROM respaldo.fm007_history WHERE seq = 6")
    assert altered(kept) == about(run=2, seq=5, check="row_differs")


def test_a_column_that_a_later_migration_adds_breaks_nothing(kept, tmp_path):
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "0099_later.sql").write_text("ALTER TABLE respaldo.fm007 ADD COLUMN later text;")
    migrate(kept.endpoint, tmp_path)
    kept.write(RowUpdate.of(RUNS[0], files=2))
    assert verify_log(kept.endpoint).count == 7


def test_verifying_sees_one_moment_while_others_write(kept):
    stop = threading.Event()

    def write_on():
        files = 0
        while not stop.is_set():
            files += 1
            kept.write(RowUpdate.of(RUNS[0], files=files))

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        counts = [verify_log(kept.endpoint).count for _ in range(10)]
    finally:
        stop.set()
        writer.join()
    assert counts == sorted(counts)
    assert counts[-1] > 6
