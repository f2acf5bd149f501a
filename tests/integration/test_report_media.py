"""Labels: each copy gets one, none is given twice, and the form and its history have them."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from respaldo.domain.values import Run
from respaldo.report.database import connected
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.history import verify_log
from respaldo.report.media import LabelledCopy, LabelsUpdate
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.report.upsert import apply

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
FIRST = LabelledCopy(
    which="first",
    series="PRI-2026-######",
    kind="disco",
    site="Centro de datos",
    repository="principal",
    keep_until=NOW + timedelta(days=30),
)
SECOND = FIRST.model_copy(
    update={
        "which": "second",
        "series": "SEC-2026-######",
        "site": "Sede alterna",
        "repository": "secundario",
    }
)


def run_of(number: int) -> Run:
    return Run(dag_id="backup__erp", run_id=f"scheduled__{number}", scope_id="erp")


def labels(number: int, *copies: LabelledCopy) -> LabelsUpdate:
    return LabelsUpdate.of_copies(run_of(number), *(copies or (FIRST, SECOND)))


def given(report, number: int) -> list[str] | None:
    return report.row(run_of(number).key)["labels"]


def test_each_copy_gets_the_next_label_of_its_series(report):
    for number in (1, 2):
        report.write(RowUpdate.of(run_of(number), scope_name="ERP", state="succeeded"))
        report.write(labels(number))
    assert given(report, 1) == ["PRI-2026-000001", "SEC-2026-000001"]
    assert given(report, 2) == ["PRI-2026-000002", "SEC-2026-000002"]
    medium = report.medium(" sec'2026-000002 ")
    assert (medium.site, medium.repository, medium.copies) == ("Sede alterna", "secundario", 1)
    assert medium.keep_until == NOW + timedelta(days=30)


def test_labels_are_in_the_history_and_the_chain_holds(report):
    report.write(RowUpdate.of(run_of(1), state="succeeded"))
    before = verify_log(report.endpoint).count
    report.write(labels(1))
    assert verify_log(report.endpoint).count == before + 1
    with connected(report.endpoint) as connection:
        [last] = connection.execute(
            """SELECT "row" -> 'labels' AS labels FROM respaldo.fm007_history ORDER BY seq DESC LIMIT 1"""
        )
    assert last["labels"] == ["PRI-2026-000001", "SEC-2026-000001"]


def test_labels_that_arrive_before_their_row_are_in_it(report):
    report.write(labels(1))
    report.write(RowUpdate.of(run_of(1), scope_name="ERP", state="succeeded"))
    assert given(report, 1) == ["PRI-2026-000001", "SEC-2026-000001"]


def test_a_fact_that_comes_twice_gives_one_label(report):
    fact = Fact.now(labels(1))
    with connected(report.endpoint) as connection:
        for _ in range(2):
            apply(connection, fact, waited=True)
    report.write(labels(2, FIRST))
    assert given(report, 2) == ["PRI-2026-000002"]


def test_a_run_that_is_recorded_again_keeps_its_labels_and_adds_what_it_lacks(report):
    report.write(labels(1, FIRST))
    report.write(labels(1))
    assert given(report, 1) == ["PRI-2026-000001", "SEC-2026-000001"]


def test_an_old_fact_of_another_worker_takes_no_label_away(report):
    old = Fact.now(labels(1, FIRST))
    report.write(labels(1))
    with connected(report.endpoint) as connection:
        apply(connection, old, waited=True)
    assert given(report, 1) == ["PRI-2026-000001", "SEC-2026-000001"]


def test_what_waits_in_a_spool_is_labelled_when_the_report_is_back(report_database, tmp_path):
    down = report_database.model_copy(update={"host": "/nonexistent"})
    spool = Spool(tmp_path / "spool")
    assert not Report(down, spool).write(labels(1))
    back = Report(report_database, spool)
    back.drain()
    assert given(back, 1) == ["PRI-2026-000001", "SEC-2026-000001"]


def test_a_label_that_people_registered_is_not_given_again(report):
    with connected(report.endpoint) as connection:
        connection.execute(
            "INSERT INTO respaldo.media (label, registered_at) VALUES ('PRI-2026-000001', now())"
        )
    report.write(labels(1, FIRST))
    assert given(report, 1) == ["PRI-2026-000002"]


def test_a_named_medium_holds_the_copies_of_many_runs(report):
    named = FIRST.model_copy(update={"label": "MAN-2026-000007", "repository": None})
    later = named.model_copy(update={"keep_until": NOW + timedelta(days=90)})
    report.write(labels(1, named))
    report.write(labels(2, later))
    medium = report.medium("MAN-2026-000007")
    assert (medium.copies, medium.keep_until) == (2, NOW + timedelta(days=90))
    assert given(report, 2) == ["MAN-2026-000007"]


def test_a_copy_that_is_made_anew_on_a_medium_without_a_label_gets_one_of_its_own(report):
    first, second = (
        FIRST.model_copy(update={"repository": None, "description": name}) for name in ("Disco 1", "Disco 2")
    )
    named = first.model_copy(update={"label": "CINTA-1", "description": None})
    report.write(labels(1, named, SECOND))
    for copy, label in (
        (first, "PRI-2026-000001"),
        (first.model_copy(update={"description": "disco 1", "site": "Bodega"}), "PRI-2026-000001"),
        (second, "PRI-2026-000002"),
    ):
        report.write(labels(1, copy, SECOND))
        assert given(report, 1) == [label, "SEC-2026-000001"]
    media = [report.medium(label) for label in ("CINTA-1", "PRI-2026-000001", "PRI-2026-000002")]
    assert [medium.copies for medium in media] == [0, 0, 1]


def test_an_old_word_of_another_medium_gives_no_label(report):
    first, second = (
        FIRST.model_copy(update={"repository": None, "description": name}) for name in ("Disco 1", "Disco 2")
    )
    report.write(labels(1, first))
    old = Fact.now(labels(1, first))
    report.write(labels(1, second))
    with connected(report.endpoint) as connection:
        apply(connection, old, waited=True)
    report.write(labels(2, first))
    assert (given(report, 1), given(report, 2)) == (["PRI-2026-000002"], ["PRI-2026-000003"])


def test_a_copy_that_is_made_anew_on_another_medium_is_on_that_one_only(report):
    first, second = (
        FIRST.model_copy(update={"label": label, "repository": None}) for label in ("CINTA-1", "CINTA-2")
    )
    report.write(labels(1, first))
    old = Fact.now(labels(1, first))
    report.write(labels(1, second))
    with connected(report.endpoint) as connection:
        apply(connection, old, waited=True)
    assert given(report, 1) == ["CINTA-2"]
    assert (report.medium("CINTA-1").copies, report.medium("CINTA-2").copies) == (0, 1)


def test_a_copy_of_another_product_has_one_label_however_many_runs_read_of_it(report):
    evening, days = NOW - timedelta(hours=7), timedelta(days=1)
    copy = FIRST.model_copy(update={"repository": None})
    for number, made_at in ((1, evening), (2, evening), (3, evening + days)):
        report.write(RowUpdate.of(run_of(number), state="succeeded", ended_at=made_at))
        report.write(labels(number, copy.model_copy(update={"made_at": made_at})))
    other = Run(dag_id="backup__web", run_id="1", scope_id="web")
    report.write(RowUpdate.of(other, state="succeeded", ended_at=evening))
    report.write(LabelsUpdate.of_copies(other, copy.model_copy(update={"made_at": evening})))
    assert [given(report, number) for number in (1, 2, 3)] == [
        ["PRI-2026-000001"], ["PRI-2026-000001"], ["PRI-2026-000002"]
    ]  # fmt: skip
    assert report.row(other.key)["labels"] == ["PRI-2026-000003"]
    assert report.medium("PRI-2026-000001").copies == 2


def test_a_longer_number_than_its_width_is_written_in_full(report):
    with connected(report.endpoint) as connection:
        connection.execute("INSERT INTO respaldo.media_series VALUES ('PRI-2026-######', 999999)")
    report.write(labels(1, FIRST))
    assert given(report, 1) == ["PRI-2026-1000000"]


def test_an_unknown_label_has_no_medium(report):
    assert report.medium("PRI-2026-999999") is None


@pytest.mark.parametrize("workers", [2, 8])
def test_workers_that_write_at_once_never_get_one_label_twice(report_database, tmp_path, workers):
    """200 runs of several workers, each with its own spool; half name their places the other way round."""
    each = 200 // workers
    swapped = (
        FIRST.model_copy(update={"series": SECOND.series}),
        SECOND.model_copy(update={"series": FIRST.series}),
    )
    begun = threading.Barrier(workers)
    refused: list[str] = []

    def work(worker: int) -> None:
        report = Report(report_database, Spool(tmp_path / str(worker)))
        begun.wait()
        for number in range(worker * each, (worker + 1) * each):
            report.write(labels(number, *(swapped if number % 2 else (FIRST, SECOND))))
        report.drain()
        refused.extend(map(str, report.spool.waiting() + report.spool.rejected()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    with connected(report_database) as connection:
        found = connection.execute("SELECT unnest(labels) AS label FROM respaldo.fm007").fetchall()
        held = connection.execute("SELECT count(DISTINCT label) AS count FROM respaldo.media_holding")
        assert held.fetchone()["count"] == 400
    assert sorted(row["label"] for row in found) == sorted(
        f"{place}-2026-{number:06}" for place in ("PRI", "SEC") for number in range(1, 201)
    )
    assert verify_log(report_database).count >= 200


def test_the_same_run_recorded_by_two_at_once_has_one_label_a_copy(report_database, tmp_path):
    begun = threading.Barrier(4)

    def work(worker: int) -> None:
        report = Report(report_database, Spool(tmp_path / str(worker)))
        begun.wait()
        report.write(labels(1))
        assert report.spool.rejected() == []

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connected(report_database) as connection:
        found = connection.execute("SELECT label FROM respaldo.media ORDER BY label").fetchall()
    assert [row["label"] for row in found] == ["PRI-2026-000001", "SEC-2026-000001"]


def test_movements_are_never_changed(report):
    with connected(report.endpoint) as connection:
        connection.execute("INSERT INTO respaldo.media (label, registered_at) VALUES ('CIN-1', now())")
        connection.execute(
            "INSERT INTO respaldo.media_movement (label, move, moved_at, moved_by, recorded_by) "
            "VALUES ('CIN-1', 'registered', now(), 'soporte', %s)",
            (str(uuid4()),),
        )
    for statement in (
        "UPDATE respaldo.media_movement SET moved_by = 'otro'",
        "DELETE FROM respaldo.media_movement",
        "TRUNCATE respaldo.media_movement",
    ):
        with connected(report.endpoint) as connection, pytest.raises(Exception, match="not allowed"):
            connection.execute(statement)
