"""A failure has one row, from its analysis to the good copy that ends it."""

from datetime import UTC, datetime, timedelta

import pytest

from respaldo.domain.errors import ReportUnavailableError
from respaldo.domain.values import Applied, Endpoint, Evidence, Run
from respaldo.report.database import connected
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.incidents import IncidentUpdate, OpenIncident, Recurrence, UnfinishedRun
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.report.upsert import apply

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def run(number: int, scope: str = "erp") -> Run:
    return Run(dag_id=f"backup__{scope}", run_id=f"scheduled__{number}", scope_id=scope)


def row(of: Run, began: float, state: str = "failed", **columns) -> RowUpdate:
    """A backup that began so many hours after the start, and took half of one."""
    known = {"state": state, "started_at": after(began), "ended_at": after(began + 0.5)}
    if state.startswith("succeeded"):
        known["verification_result"] = "good"
    if state == "failed":
        known |= {"cause": "repository_full", "failed_step": "execute"}
    return RowUpdate.of(of, **(known | columns))


def failure(of: Run, began: float, **columns) -> IncidentUpdate:
    """The incident of a backup that began so many hours after the start."""
    known = {"cause": "repository_full", "failed_at": after(began + 0.5), "opened_at": after(began + 0.6)}
    return IncidentUpdate.of(of, **(known | columns))


def fail(report: Report, of: Run, began: float, **columns) -> None:
    report.write(row(of, began, **columns))
    report.write(failure(of, began))


def resolve(report: Report, of: Run, by: Run, hours: float) -> None:
    report.write(
        IncidentUpdate.of(
            of, state="resolved", resolution="next_good", resolved_by=by.key, resolved_at=after(hours)
        )
    )


def applied_late(report: Report, update, at: datetime) -> None:
    with connected(report.endpoint) as connection:
        apply(connection, Fact.now(update).model_copy(update={"at": at}), waited=True)


# --- the row


def test_every_column_comes_back_as_it_was_written(report):
    full = IncidentUpdate.of(
        run(1),
        scope_name="ERP",
        department="Hacienda",
        opened_at=START,
        failed_at=START,
        failed_step="execute",
        cause="unknown",
        cause_detail="No se sabe",
        advised="Revise",
        recurrence=3,
        evidence={"probes": [{"of": "worker"}], "excerpt": ["no space left"]},
        state="resolved",
        decision="rerun",
        confirmed_cause="repository_full",
        corrective="Se amplió el disco",
        decided_by="soporte1",
        decided_at=START,
        is_automatic=False,
        rerun_key="1" * 16,
        resolution="rerun",
        resolved_by="1" * 16,
        resolved_at=START,
        analysis_run_id="failure__1",
        notices={"failed": "sent"},
        respaldo_version="0.1.0",
    )
    assert full.model_fields_set == set(IncidentUpdate.model_fields)
    assert report.write(full)
    kept = report.incident(run(1).key)
    assert IncidentUpdate.model_validate({name: kept[name] for name in IncidentUpdate.model_fields}) == full
    assert kept["number"] == 1


def test_an_incident_that_is_not_there_is_none(report):
    assert report.incident("nothing") is None


def test_evidence_and_notices_are_merged_by_kind_and_a_stated_none_empties_its_column(report):
    report.write(failure(run(1), 0, evidence={"probes": [1]}, notices={"failed": "sent"}))
    report.write(IncidentUpdate.of(run(1), cause=None, evidence={"excerpt": [2]}, notices={"resolved": "no"}))
    kept = report.incident(run(1).key)
    assert kept["evidence"] == {"probes": [1], "excerpt": [2]}
    assert kept["notices"] == {"failed": "sent", "resolved": "no"}
    assert (kept["cause"], kept["state"]) == (None, "open")


def test_a_late_fact_never_opens_again_what_is_resolved_and_fills_what_is_unknown(report):
    report.write(failure(run(1), 0))
    resolve(report, run(1), run(2), 25)
    late = IncidentUpdate.of(
        run(1),
        state="decided",
        resolution=None,
        resolved_by=None,
        resolved_at=None,
        decided_by="soporte1",
        is_automatic=True,
        cause="unknown",
        evidence={"excerpt": [1]},
    )
    applied_late(report, late, START)
    kept = report.incident(run(1).key)
    assert (kept["state"], kept["resolution"], kept["resolved_by"], kept["resolved_at"]) == (
        "resolved",
        "next_good",
        run(2).key,
        after(25),
    )
    assert (kept["decided_by"], kept["is_automatic"], kept["cause"]) == ("soporte1", True, "repository_full")
    assert kept["evidence"] == {"excerpt": [1]}


def test_a_run_that_fails_again_after_it_was_continued_is_open_again(report):
    report.write(failure(run(1), 0))
    resolve(report, run(1), run(2), 25)
    report.write(IncidentUpdate.of(run(1), state="open", resolution=None, resolved_by=None, resolved_at=None))
    assert [one.incident_key for one in report.unresolved()] == [run(1).key]


@pytest.mark.parametrize(
    "column",
    [{"state": "finished"}, {"decision": "wait"}, {"resolution": "luck"}, {"evidence": None}, {"number": 1}],
)
def test_what_the_table_could_not_hold_cannot_be_stated(column):
    with pytest.raises(ValueError, match=next(iter(column))):
        IncidentUpdate.of(run(1), **column)


def test_incidents_wait_in_the_spool_among_rows_of_other_tables(report, tmp_path):
    away = Report(report.endpoint.model_copy(update={"host": str(tmp_path)}), report.spool)
    assert away.write(row(run(1), 0)) is False
    assert away.write(failure(run(1), 0)) is False
    assert Report(report.endpoint, Spool(report.spool.folder)).incident(run(1).key)["scope_id"] == "erp"
    assert report.row(run(1).key)["state"] == "failed"
    assert report.spool.rejected() == []


# --- how often


def test_recurrence_counts_failures_of_a_cause_in_the_90_days_before(report):
    for number, began in enumerate((0, 24, 48)):
        report.write(row(run(number), began))
    report.write(row(run(10), -24 * 91))
    report.write(row(run(11), 30, state="interrupted", cause="repository_full"))
    report.write(row(run(12), 31, state="not_executed", cause="repository_full"))
    report.write(row(run(13), 32, cause="timed_out"))
    report.write(row(run(14), 33, kind="restore"))
    report.write(row(run(15), 34, state="succeeded"))
    report.write(row(run(1, "web"), 12))
    assert report.recurrence("erp", "repository_full", after(48.5)) == Recurrence(
        of_scope=4, of_all=5, last_at=after(31.5)
    )
    assert report.recurrence("web", "repository_full", after(48.5)).of_scope == 1
    assert report.recurrence("erp", "wrong_password", after(48.5)) == Recurrence(
        of_scope=0, of_all=0, last_at=None
    )


def test_recurrence_looks_90_days_back_and_no_further(report):
    report.write(row(run(1), -0.5))
    day = timedelta(days=90)
    assert report.recurrence("erp", "repository_full", START + day).of_scope == 1
    assert report.recurrence("erp", "repository_full", START + day + timedelta(seconds=1)).of_scope == 0


# --- what is not over


def test_a_failure_without_a_good_copy_after_it_is_unresolved(report):
    report.write(row(run(0), -24, state="succeeded"))
    fail(report, run(1), 0)
    report.write(row(run(1, "web"), 24, state="succeeded"))
    report.write(row(run(2), 24, state="succeeded", kind="restore"))
    report.write(row(run(3), 24, state="running", ended_at=None))
    assert report.unresolved() == (
        OpenIncident(
            incident_key=run(1).key,
            dag_id="backup__erp",
            run_id="scheduled__1",
            scope_id="erp",
            scope_name="erp",
            number=2,
            cause="repository_full",
            state="open",
            failed_at=after(0.5),
            analysis_run_id=None,
            is_told=False,
            good_run_key=None,
            good_run_id=None,
            good_number=None,
            good_at=None,
            is_rerun=False,
        ),
    )


@pytest.mark.parametrize("state", ["succeeded", "succeeded_with_warnings"])
def test_the_first_good_copy_after_a_failure_ends_it(report, state):
    fail(report, run(1), 0)
    report.write(row(run(2), 24, state=state))
    report.write(row(run(3), 48, state="succeeded"))
    [one] = report.unresolved()
    assert (one.good_run_key, one.good_run_id) == (run(2).key, run(2).run_id)
    assert (one.good_number, one.good_at, one.is_rerun) == (2, after(24.5), False)


def test_the_number_says_which_copy_came_later_not_a_clock_that_was_set_back(report):
    report.write(row(run(2), 5, state="succeeded"))
    fail(report, run(1), 0)
    assert report.unresolved()[0].good_run_key is None
    report.write(row(run(3), -1, state="succeeded"))
    assert report.unresolved()[0].good_run_key == run(3).key


def test_a_failure_is_over_when_a_copy_that_others_made_before_it_was_verified(report):
    fail(report, run(1), 0)
    report.write(row(run(2), -4, state="succeeded", verified_at=after(2)))
    [one] = report.unresolved()
    assert (one.good_run_key, one.good_at) == (run(2).key, after(2))


def test_a_copy_that_nobody_verified_ends_nothing(report):
    fail(report, run(1), 0)
    report.write(row(run(2), 24, state="succeeded", verification_result="not_done"))
    assert report.unresolved()[0].good_run_key is None


def test_damage_is_over_when_it_was_repaired_or_all_was_read(report):
    report.write(row(run(1), 0, cause="repository_damaged"))
    report.write(failure(run(1), 0, cause="repository_damaged"))
    report.write(row(run(2), 24, state="succeeded"))
    assert report.unresolved()[0].good_run_key is None
    read = Evidence(method="read_data", item="", facts={"percent": "100.0"})
    report.write(row(run(4), 72, state="succeeded", verification=(read,)))
    assert report.unresolved()[0].good_run_key == run(4).key
    repaired = Applied(remedy="repair", cause="repository_damaged", step="execute", at=after(48))
    report.write(RowUpdate.of(run(2), applied=(repaired,)))
    assert report.unresolved()[0].good_run_key == run(2).key


def test_what_came_to_its_end_is_known_until_people_were_told(report):
    fail(report, run(1), 0)
    report.write(row(run(2), 24, state="succeeded"))
    resolve(report, run(1), run(2), 24.5)
    [one] = report.ended(after(24))
    assert (one.state, one.is_told, one.good_run_key) == ("resolved", False, run(2).key)
    report.write(IncidentUpdate.of(run(1), notices={"over": {"to": []}}))
    assert [one.is_told for one in report.ended(after(24))] == [True]
    assert report.ended(after(25)) == ()


def test_a_rerun_of_a_rerun_is_a_rerun_of_all_that_failed_before_it(report):
    fail(report, run(1), 0)
    fail(report, run(2), 1, rerun_of=run(1).key)
    fail(report, run(9), 1.6)
    report.write(row(run(3), 3, state="succeeded", rerun_of=run(2).key))
    assert {one.run_id: (one.good_run_key, one.is_rerun) for one in report.unresolved()} == {
        "scheduled__1": (run(3).key, True),
        "scheduled__2": (run(3).key, True),
        "scheduled__9": (run(3).key, False),
    }


def test_a_rerun_is_one_even_before_the_row_that_it_repeats_arrives(report):
    report.write(failure(run(1), 0))
    report.write(row(run(2), 1, state="succeeded", rerun_of=run(1).key))
    [one] = report.unresolved()
    assert (one.number, one.is_rerun) == (None, True)


def test_runs_that_name_each_other_in_a_circle_end_the_search(report):
    fail(report, run(1), 0)
    report.write(row(run(2), 2, state="succeeded", rerun_of=run(3).key))
    report.write(row(run(3), 3, state="succeeded", rerun_of=run(2).key))
    [one] = report.unresolved()
    assert (one.good_run_key, one.is_rerun) == (run(2).key, False)


def test_a_failed_run_that_was_continued_by_hand_and_ended_well_ends_its_own_failure(report):
    fail(report, run(1), 0)
    report.write(
        RowUpdate.of(run(1), state="succeeded", cause=None, ended_at=after(2), verification_result="good")
    )
    [one] = report.unresolved()
    assert (one.good_run_key, one.good_at, one.is_rerun) == (run(1).key, after(2), True)


def test_what_is_resolved_or_closed_is_not_unresolved(report):
    for number, state in enumerate(("open", "waiting", "decided", "resolved", "closed")):
        report.write(failure(run(number), number, state=state))
    report.write(failure(run(1, "web"), 9, scope_name="Sitio web"))
    assert [(one.scope_name, one.state) for one in report.unresolved()] == [
        ("erp", "open"),
        ("erp", "waiting"),
        ("erp", "decided"),
        ("Sitio web", "open"),
    ]
    assert [one.scope_id for one in report.unresolved("web")] == ["web"]
    assert report.unresolved("never_saved") == ()


def test_runs_whose_rows_were_never_closed_are_unfinished(report):
    report.write(RowUpdate.of(run(1), programmed_for=START))
    report.write(RowUpdate.of(run(2), state="running", programmed_for=START, started_at=after(1)))
    report.write(RowUpdate.of(run(3), state="running", kind="restore"))
    report.write(RowUpdate.of(run(4), state="running", kind="drill"))
    report.write(row(run(5), 0))
    report.write(row(run(6), 0, state="succeeded"))
    first, second, third = report.unfinished()
    assert first == UnfinishedRun(
        **run(1).model_dump(), kind="backup", state="programmed", programmed_for=START, started_at=None
    )
    assert (second.key, second.state, second.started_at) == (run(2).key, "running", after(1))
    assert (third.key, third.kind) == (run(3).key, "restore")


def test_failures_that_nobody_analyses_are_unopened(report):
    report.write(row(run(1), 0))
    report.write(row(run(2), 2))
    report.write(row(run(3), 1, state="interrupted"))
    report.write(row(run(4), 1, state="succeeded"))
    report.write(row(run(5), 1, kind="restore"))
    report.write(row(run(6), 1, state="running", ended_at=None))
    fail(report, run(7), 1)
    report.write(row(run(8), 3, state="not_executed"))
    report.write(row(run(9), 3, state="not_executed", kind="restore"))
    assert report.unopened(START) == (run(1), run(3), run(2), run(8))
    assert report.unopened(after(1)) == (run(3), run(2), run(8))


def test_a_run_that_was_continued_and_failed_again_needs_another_analysis(report):
    fail(report, run(1), 0)
    assert report.unopened(START) == ()
    report.write(RowUpdate.of(run(1), ended_at=after(5)))
    assert report.unopened(START) == (run(1),)
    report.write(failure(run(1), 4.5))
    assert report.unopened(START) == ()


def test_what_waits_in_the_spool_is_known_to_every_question(report):
    questions = {
        "incident": lambda: report.incident(run(1).key) is not None,
        "recurrence": lambda: report.recurrence("erp", "repository_full", after(9)).of_scope == 2,
        "unresolved": lambda: len(report.unresolved()) == 1,
        "unfinished": lambda: len(report.unfinished()) == 1,
        "unopened": lambda: report.unopened(START) == (run(2),),
    }
    updates = {
        "incident": failure(run(1), 0),
        "recurrence": row(run(1), 0),
        "unresolved": IncidentUpdate.of(run(1), state="waiting"),
        "unfinished": RowUpdate.of(run(3)),
        "unopened": row(run(2), 1),
    }
    report.spool.append(Fact.now(row(run(2), 0.1)))
    for name, is_known in questions.items():
        report.spool.append(Fact.now(updates[name]))
        assert is_known(), name
        assert report.spool.waiting() == []


def test_every_question_says_that_the_database_is_down(tmp_path):
    report = Report(Endpoint(name="gone", host=str(tmp_path)), Spool(tmp_path / "spool"))
    for question in (
        lambda: report.incident("1"),
        lambda: report.recurrence("erp", "unknown", START),
        report.unresolved,
        report.unfinished,
        lambda: report.unopened(START),
    ):
        with pytest.raises(ReportUnavailableError):
            question()
