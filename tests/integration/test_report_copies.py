"""The report knows which verified copies of a scope must be in the repositories."""

from datetime import UTC, datetime, timedelta

import pytest

from respaldo.domain.errors import ReportUnavailableError
from respaldo.domain.restoring import KnownCopy
from respaldo.domain.values import Copy, Endpoint, Evidence, Run
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.spool import Spool
from respaldo.report.store import Report

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
EVIDENCE = Evidence(method="dump", item="erp", facts={"entries": 12}, rows={"public.invoice": 9})


def run_number(number: int, scope: str = "erp") -> Run:
    return Run(dag_id=f"backup__{scope}", run_id=f"scheduled__{number}", scope_id=scope)


def copy(name: str) -> Copy:
    return Copy(item="erp", snapshot_id=name * 8, files=1, size_bytes=700)


def verified(number: int, snapshot: str, scope: str = "erp", **columns) -> RowUpdate:
    """A good copy that began so many days after the start."""
    known = {
        "state": "succeeded",
        "started_at": START + timedelta(days=number),
        "files": 1,
        "size_bytes": 700,
        "repository": "principal",
        "copies": (copy(snapshot),),
        "verification_result": "good",
        "verification": (EVIDENCE,),
    }
    return RowUpdate.of(run_number(number, scope), **(known | columns))


@pytest.fixture
def filled(report):
    """Three good copies of one scope, and rows of which none is one."""
    report.write(verified(1, "aaaaaaaa", second_repository="secundario", second_copies=(copy("11111111"),)))
    report.write(verified(3, "cccccccc", state="succeeded_with_warnings"))
    report.write(verified(2, "bbbbbbbb", second_repository="secundario"))
    report.write(verified(4, "dddddddd", verification_result="bad"))
    report.write(verified(5, "eeeeeeee", verification_result="not_done", state="running"))
    report.write(verified(6, "ffffffff", kind="restore"))
    report.write(verified(7, "99999999", copies=()))
    report.write(verified(8, "88888888", scope="web"))
    return report


def test_a_known_copy_says_where_it_is_and_how_it_was_verified(filled):
    *_, oldest = filled.copies("erp")
    assert oldest == KnownCopy(
        run_key=run_number(1).key,
        run_id="scheduled__1",
        number=1,
        taken_at=START + timedelta(days=1),
        state="succeeded",
        files=1,
        size_bytes=700,
        repository="principal",
        copies=(copy("aaaaaaaa"),),
        second_repository="secundario",
        second_copies=(copy("11111111"),),
        verification=(EVIDENCE,),
    )


def test_copies_come_newest_first_and_only_verified_ones_of_the_scope(filled):
    assert [known.run_id for known in filled.copies("erp")] == [
        "scheduled__3",
        "scheduled__2",
        "scheduled__1",
    ]
    assert [known.run_id for known in filled.copies("web")] == ["scheduled__8"]
    assert filled.copies("never_saved") == ()


def test_copies_are_chosen_by_the_moment_at_which_they_began(filled):
    at = START + timedelta(days=2)
    assert [known.run_id for known in filled.copies("erp", as_of=at)] == ["scheduled__2", "scheduled__1"]
    before = at - timedelta(microseconds=1)
    assert [known.run_id for known in filled.copies("erp", as_of=before)] == ["scheduled__1"]
    assert filled.copies("erp", as_of=START) == ()


def test_no_more_copies_are_given_than_asked_for(filled):
    assert [known.run_id for known in filled.copies("erp", limit=1)] == ["scheduled__3"]


def test_a_second_copy_that_was_not_made_is_none(filled):
    second = filled.copies("erp")[1]
    assert second.place("second") == ("secundario", ())


@pytest.mark.parametrize("prefix", ["aaaaaaaa", "a" * 64, "11111111", "1" * 40])
def test_a_copy_is_found_by_the_beginning_of_its_first_or_second_snapshot(filled, prefix):
    assert filled.copy_with("erp", prefix).run_id == "scheduled__1"


@pytest.mark.parametrize(
    ("scope", "prefix"),
    [
        ("erp", "77777777"),
        ("erp", "88888888"),  # another scope's
        ("erp", "dddddddd"),  # not good
        ("erp", "%aaaaaaa"),
        ("erp", "a" * 63 + "b"),
    ],
)
def test_a_snapshot_that_is_not_a_verified_copy_of_the_scope_is_not_found(filled, scope, prefix):
    assert filled.copy_with(scope, prefix) is None


def test_a_copy_that_waits_in_the_spool_is_known(report):
    report.spool.append(Fact.now(verified(1, "aaaaaaaa")))
    assert [known.run_id for known in report.copies("erp")] == ["scheduled__1"]
    report.spool.append(Fact.now(verified(2, "bbbbbbbb")))
    assert report.copy_with("erp", "bbbbbbbb").run_id == "scheduled__2"
    assert report.spool.waiting() == []


def test_asking_for_copies_says_that_the_database_is_down(tmp_path):
    report = Report(Endpoint(name="gone", host=str(tmp_path)), Spool(tmp_path / "spool"))
    with pytest.raises(ReportUnavailableError):
        report.copies("erp")
    with pytest.raises(ReportUnavailableError):
        report.copy_with("erp", "a" * 8)
