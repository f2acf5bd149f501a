"""A run's row grows by what each step states, whatever the order and however often."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from respaldo.actions.rows import NO_FAILURE, Effort, closed
from respaldo.domain.errors import ReportSchemaError, ReportUnavailableError
from respaldo.domain.values import Applied, Copy, Evidence, PreviousCopy, Run
from respaldo.report.contents import first_moment
from respaldo.report.database import connected
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.history import verify_log
from respaldo.report.pages import Selection, selected
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.report.upsert import apply

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
RUN = Run(dag_id="backup__erp", run_id="scheduled__2026-03-01", scope_id="erp")
COPY = Copy(item="erp", snapshot_id="a" * 64, files=1, size_bytes=700)
UNLOCKED = Applied(remedy="unlock", cause="repository_locked", step="execute", at=START)
REPAIRED = Applied(
    remedy="repair", cause="index_damaged", step="copy", at=START, facts={"packs": 2, "lost": ("abc",)}
)


def run_number(number: int) -> Run:
    return RUN.model_copy(update={"run_id": f"scheduled__{number}"})


def good_copy(run: Run = RUN, **columns) -> RowUpdate:
    known = {
        "state": "succeeded",
        "started_at": START,
        "ended_at": START + timedelta(minutes=5),
        "files": 1,
        "size_bytes": 700,
        "repository": "principal",
        "copies": (COPY,),
        "verification_result": "good",
    }
    return RowUpdate.of(run, **(known | columns))


def changes(report) -> int:
    return verify_log(report.endpoint).count


def test_a_step_writes_only_what_it_states(report):
    assert report.write(RowUpdate.of(RUN, scope_name="ERP", state="running", started_at=START))
    assert report.write(RowUpdate.of(RUN, files=3))
    row = report.row(RUN.key)
    assert (row["scope_name"], row["state"], row["started_at"], row["files"]) == ("ERP", "running", START, 3)


def test_a_stated_none_empties_its_column(report):
    report.write(RowUpdate.of(RUN, cause="timed_out"))
    report.write(RowUpdate.of(RUN, cause=None))
    assert report.row(RUN.key)["cause"] is None


def test_a_step_that_outlived_its_run_does_not_empty_why_it_was_interrupted(report):
    cancelled = {"cause": "cancelled", "failed_step": "execute", "corrective": "Ejecutar de nuevo"}
    report.write(RowUpdate.of(RUN, state="interrupted", ended_at=START, **cancelled))
    report.write(RowUpdate.of(RUN, **NO_FAILURE, files=3))
    row = report.row(RUN.key)
    assert (row["state"], row["files"]) == ("interrupted", 3)
    assert {name: row[name] for name in cancelled} == cancelled


def test_a_run_that_is_done_again_with_success_has_no_cause_left(report):
    report.write(RowUpdate.of(RUN, state="interrupted", ended_at=START, cause="cancelled"))
    report.write(RowUpdate.of(RUN, **NO_FAILURE, verification_result="good"))
    report.write(closed(RUN, "succeeded", START, Effort(step="record", attempt=2, seconds=1)))
    row = report.row(RUN.key)
    assert (row["state"], row["cause"]) == ("succeeded", None)


def test_attempts_seconds_and_console_of_the_steps_are_merged(report):
    report.write(RowUpdate.of(RUN, attempts={"plan": 1, "execute": 1}, step_seconds={"plan": 0.5}))
    report.write(
        RowUpdate.of(RUN, attempts={"execute": 2}, step_seconds={"execute": 9.25}, console={"execute": [1]})
    )
    row = report.row(RUN.key)
    assert row["attempts"] == {"plan": 1, "execute": 2}
    assert row["step_seconds"] == {"plan": 0.5, "execute": 9.25}
    assert row["console"] == {"execute": [1]}


def test_every_column_comes_back_as_it_was_written(report):
    full = RowUpdate.of(
        RUN,
        scope_name="ERP",
        department="Hacienda",
        criticality="alta",
        mode="software",
        kind="backup",
        origin="rerun",
        reason="falla eléctrica",
        requester="ana",
        ticket="GLPI-7",
        rerun_of="0123456789abcdef",
        request_key="fedcba9876543210",
        responsible="soporte",
        state="succeeded_with_warnings",
        programmed_for=START,
        started_at=START,
        ended_at=START,
        progress_percent=100,
        source_kind="postgresql",
        source="erp",
        source_host="db1",
        size_bytes=2**40,
        files=4,
        added_bytes=3,
        stored_bytes=2,
        repository="principal",
        site="Centro de datos",
        medium="disco",
        copies=(COPY,),
        second_repository="secundario",
        second_site="Sede alterna",
        second_medium="objeto",
        second_copies=(COPY,),
        second_copied_at=START,
        verification_methods=("structure", "dump"),
        verification_result="good",
        verification=(Evidence(method="dump", item="erp", facts={"entries": 12}),),
        verified_at=START,
        warnings=("un archivo no se pudo leer",),
        cause="source_unreadable",
        cause_detail="No se pudo leer",
        failed_step="execute",
        corrective="dar permiso",
        applied=(UNLOCKED,),
        attempts={"execute": 1},
        step_seconds={"execute": 1.5},
        performed_by="ana",
        verified_by="luis",
        checksum="e" * 64,
        contract="CT-1",
        contract_state="valid",
        retention="7 días",
        rpo_seconds=93600,
        rto_seconds=14400,
        observations="ninguna",
        console={"execute": [{"files_new": 4}]},
        engine_version="0.19.1",
        respaldo_version="0.1.0",
        scope_digest="d" * 64,
        worker="w1",
    )
    assert full.model_fields_set == set(RowUpdate.model_fields)
    assert report.write(full)
    row = report.row(RUN.key)
    assert RowUpdate.model_validate({name: row[name] for name in RowUpdate.model_fields}) == full


def test_a_late_fact_that_knew_fewer_correctives_takes_none_away(report):
    late = Fact.now(RowUpdate.of(RUN, applied=(UNLOCKED,)))
    report.write(RowUpdate.of(RUN, applied=(UNLOCKED, REPAIRED)))
    with connected(report.endpoint) as connection:
        apply(connection, late, waited=True)
    applied = [Applied.model_validate(one) for one in report.row(RUN.key)["applied"]]
    assert applied == [UNLOCKED, REPAIRED]


def test_text_that_is_not_unicode_and_nul_bytes_are_written_visibly(report):
    assert report.write(RowUpdate.of(RUN, warnings=("/srv/a\udce9o", "x\0y"), console={"execute": "\0"}))
    row = report.row(RUN.key)
    assert row["warnings"] == [r"/srv/a\udce9o", r"x\x00y"]
    assert row["console"] == {"execute": r"\x00"}


def test_updates_of_a_row_use_up_no_number_of_the_form(report):
    for number in range(3):
        for files in range(5):
            report.write(RowUpdate.of(run_number(number), files=files))
    assert [row["numero"] for row in report.rows()] == [1, 2, 3]


def test_a_fact_that_is_sent_twice_counts_once(report):
    fact = Fact.now(RowUpdate.of(RUN, corrective="ampliar el disco"))
    with connected(report.endpoint) as connection:
        apply(connection, fact, waited=False)
        apply(connection, Fact.now(RowUpdate.of(RUN, corrective=None)), waited=False)
        apply(connection, fact, waited=False)
    assert report.row(RUN.key)["corrective"] is None
    assert changes(report) == 2


def test_a_fact_from_another_workers_spool_that_comes_late_only_fills_what_is_unknown(report):
    old = Fact.now(
        RowUpdate.of(
            RUN,
            state="failed",
            cause="engine_killed",
            ended_at=START,
            started_at=START,
            worker="w1",
            attempts={"execute": 1, "plan": 1},
        )
    )
    report.write(RowUpdate.of(RUN, state="succeeded", worker="w2", attempts={"execute": 2}))
    with connected(report.endpoint) as connection:
        apply(connection, old, waited=True)
    row = report.row(RUN.key)
    assert row["state"] == "succeeded"
    assert row["cause"] is None
    assert row["ended_at"] is None
    assert row["worker"] == "w2"
    assert row["started_at"] == START
    assert row["attempts"] == {"plan": 1, "execute": 2}


def test_a_worker_whose_clock_is_behind_is_heard_all_the_same(report):
    behind = Fact.now(RowUpdate.of(RUN, state="succeeded")).model_copy(update={"at": START})
    report.write(RowUpdate.of(RUN, state="running"))
    with connected(report.endpoint) as connection:
        apply(connection, behind, waited=False)
    assert report.row(RUN.key)["state"] == "succeeded"


def test_eight_writers_at_once_lose_nothing(report, tmp_path):
    # Four share this worker's spool, four are other workers.
    others = [Report(report.endpoint, Spool(tmp_path / f"worker{n}")) for n in range(4)]
    results = []

    def write_ten(writer, name):
        results.extend(writer.write(RowUpdate.of(RUN, attempts={f"{name}_{n}": n})) for n in range(10))

    threads = [
        threading.Thread(target=write_ten, args=(writer, f"w{index}"))
        for index, writer in enumerate([report] * 4 + others)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 80
    assert len(report.row(RUN.key)["attempts"]) == 80
    assert changes(report) == 80


def test_workers_that_begin_the_same_row_at_once_are_all_heard(report, tmp_path):
    workers = [Report(report.endpoint, Spool(tmp_path / f"worker{n}")) for n in range(3)]
    at_once = threading.Barrier(len(workers))

    def begin_twenty(worker, name):
        for number in range(20):
            at_once.wait(30)
            worker.write(RowUpdate.of(run_number(number), attempts={name: 1}))

    threads = [
        threading.Thread(target=begin_twenty, args=(worker, f"w{index}"))
        for index, worker in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [worker.spool.rejected() for worker in workers] == [[], [], []]
    assert [len(row["intentos_por_paso"]) for row in report.rows()] == [3] * 20
    assert [row["numero"] for row in report.rows()] == list(range(1, 21))


def test_a_value_that_the_database_never_takes_is_rejected_with_its_reason_and_harms_nobody(report):
    impostor = RowUpdate.of(RUN, files=1).model_copy(update={"run_key": "another_key"})
    report.write(RowUpdate.of(RUN, files=1))
    assert report.write(impostor) is False
    assert report.spool.waiting() == []
    (rejected,) = report.spool.rejected()
    assert "fm007_dag_id_run_id_key" in rejected.with_suffix(".reason").read_text()
    assert report.write(RowUpdate.of(RUN, files=2))


def test_progress_is_written_and_is_not_history(report):
    report.write(RowUpdate.of(RUN, state="running"))
    report.progress(RUN.key, 42)
    assert report.row(RUN.key)["progress_percent"] == 42
    assert changes(report) == 1


@pytest.mark.parametrize("percent", [101, 2**40])
def test_progress_never_raises(report, percent):
    report.write(RowUpdate.of(RUN, state="running"))
    report.progress(RUN.key, percent)
    assert report.row(RUN.key)["progress_percent"] is None


def test_progress_does_not_wait_for_a_row_that_somebody_holds(report, postgres_server):
    report.write(RowUpdate.of(RUN, state="running"))
    with postgres_server.connect(report.endpoint) as other, other.transaction():
        other.execute("SELECT 1 FROM respaldo.fm007 FOR UPDATE")
        before = datetime.now(UTC)
        report.progress(RUN.key, 42)
        assert datetime.now(UTC) - before < timedelta(seconds=5)


def test_the_last_good_copy_is_the_newest_verified_one(report):
    report.write(good_copy(run_number(1), ended_at=START, files=1, size_bytes=100))
    report.write(good_copy(run_number(2), ended_at=START + timedelta(days=1), files=2, size_bytes=200))
    report.write(good_copy(run_number(3), ended_at=START + timedelta(days=2), verification_result="bad"))
    report.write(good_copy(run_number(4), ended_at=START + timedelta(days=3), kind="drill"))
    report.write(good_copy(run_number(5).model_copy(update={"scope_id": "web"})))
    assert report.last_good("erp") == PreviousCopy(
        run_id="scheduled__2", ended_at=START + timedelta(days=1), files=2, size_bytes=200
    )
    assert report.last_good("never_saved") is None


def test_a_good_copy_may_tell_no_files(report):
    report.write(good_copy(ended_at=START, files=None, size_bytes=100))
    assert report.last_good("erp") == PreviousCopy(
        run_id=RUN.run_id, ended_at=START, files=None, size_bytes=100
    )


def test_the_report_knows_in_which_repositories_a_scope_has_copies(report):
    report.write(good_copy(second_repository="secundario", second_copies=(COPY,)))
    report.write(good_copy(run_number(2), repository="otro", verification_result="bad"))
    assert report.has_copies("erp", "principal")
    assert report.has_copies("erp", "secundario")
    assert not report.has_copies("erp", "otro")
    assert not report.has_copies("web", "principal")


def test_a_good_copy_that_waits_in_the_spool_is_known(report):
    report.spool.append(Fact.now(good_copy()))
    assert report.has_copies("erp", "principal")
    assert report.spool.waiting() == []


def test_rows_are_chosen_by_period_and_scope(report):
    for day in range(4):
        report.write(RowUpdate.of(run_number(day), started_at=START + timedelta(days=day)))
    report.write(RowUpdate.of(run_number(9).model_copy(update={"scope_id": "web"}), programmed_for=START))
    chosen = report.rows(since=START + timedelta(days=1), until=START + timedelta(days=3))
    assert [row["ejecucion"] for row in chosen] == ["scheduled__1", "scheduled__2"]
    assert [row["alcance_id"] for row in report.rows(scope="web", until=START + timedelta(1))] == ["web"]


def test_a_copy_that_is_older_than_its_run_counts_in_the_period_of_the_run(report):
    eve = START - timedelta(hours=8)
    report.write(RowUpdate.of(RUN, programmed_for=START, started_at=eve, ended_at=eve + timedelta(hours=1)))
    midnight = START.replace(hour=0)
    assert report.rows(since=midnight - timedelta(days=28), until=midnight) == []
    assert [row["inicio"] for row in report.rows(since=midnight, until=midnight + timedelta(31))] == [eve]
    assert [row["inicio"] for row in selected(report.endpoint, Selection(since=midnight), most=2)] == [eve]
    assert first_moment(report.endpoint) == START


def test_a_row_that_is_not_there_is_none(report):
    assert report.row("nothing") is None


def test_a_database_without_tables_keeps_facts_waiting_and_says_what_to_do(empty_database, tmp_path):
    report = Report(empty_database, Spool(tmp_path / "spool"))
    assert report.write(RowUpdate.of(RUN, files=1)) is False
    with pytest.raises(ReportSchemaError) as caught:
        report.rows()
    assert caught.value.facts["problem"] == "not_migrated"
    assert len(report.spool.waiting()) == 1


def test_a_spool_that_cannot_be_made_is_told_and_not_passed_over(report_database, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportUnavailableError) as caught:
        Report(report_database, Spool(tmp_path / "file" / "spool")).write(RowUpdate.of(RUN))
    assert caught.value.facts["spool"] == str(tmp_path / "file" / "spool")
