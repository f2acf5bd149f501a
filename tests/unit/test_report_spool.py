"""The spool keeps facts in order, whole, and one at a time."""

import json
import threading

import pytest

from respaldo.domain.errors import ReportUnavailableError
from respaldo.domain.values import Run
from respaldo.report.database import FactRefusedError
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.requests import RequestUpdate
from respaldo.report.spool import Spool

RUN = Run(dag_id="backup__erp", run_id="scheduled__1", scope_id="erp")
REQUEST = Run(dag_id="restore_request", run_id="manual__1", scope_id="erp")


@pytest.fixture
def spool(tmp_path) -> Spool:
    return Spool(tmp_path / "var" / "spool")


def fact(files: int) -> Fact:
    return Fact.now(RowUpdate.of(RUN, files=files))


def drained(spool) -> list[int]:
    seen = []
    spool.drain(lambda fact: seen.append(fact.row.files))
    return seen


def test_facts_come_out_whole_and_in_the_order_in_which_they_went_in(spool):
    facts = [fact(number) for number in range(12)]
    for one in facts:
        spool.append(one)
    seen = []
    spool.drain(seen.append)
    assert seen == facts
    assert spool.waiting() == []


def test_facts_of_both_tables_keep_their_order_and_their_table(spool):
    facts = [fact(1), Fact.now(RequestUpdate.of(REQUEST, state="restoring")), fact(2)]
    for one in facts:
        spool.append(one)
    seen = []
    spool.drain(seen.append)
    assert seen == facts
    assert [type(one.row) for one in seen] == [RowUpdate, RequestUpdate, RowUpdate]


def test_a_file_of_a_version_that_knew_only_the_form_is_a_fact_of_the_form(spool):
    spool.append(fact(1)).write_text(
        json.dumps(
            {
                "event_id": "8b1f5a52-5ad5-4d5e-9a3c-0a1b2c3d4e5f",
                "at": "2026-03-01T12:00:00+00:00",
                "row": {
                    "run_key": RUN.key,
                    "dag_id": RUN.dag_id,
                    "run_id": RUN.run_id,
                    "scope_id": RUN.scope_id,
                    "started_at": "2026-03-01T11:59:00Z",
                    "copies": [
                        {"item": "erp", "snapshot_id": "a" * 64, "files": 1, "size_bytes": 7}
                        | {"added_bytes": 0, "stored_bytes": 0}
                    ],
                    "verification": [{"method": "dump", "item": "erp", "facts": {"entries": 12}}],
                    "cause": None,
                    "files": 3,
                },
            }
        )
    )
    seen = []
    spool.drain(seen.append)
    (read,) = seen
    assert isinstance(read.row, RowUpdate)
    assert (read.row.files, read.row.run_key, read.row.copies[0].size_bytes) == (3, RUN.key, 7)
    assert "cause" in read.row.columns()
    assert spool.rejected() == []


def test_a_folder_that_is_not_there_holds_nothing(spool):
    assert drained(spool) == []
    assert not spool.folder.exists()


def test_a_drain_stops_at_the_first_fact_that_cannot_be_sent_and_keeps_it(spool):
    for number in range(4):
        spool.append(fact(number))
    seen = []

    def fails_at_two(fact):
        if fact.row.files == 2:
            raise ReportUnavailableError(reason="gone")
        seen.append(fact.row.files)

    with pytest.raises(ReportUnavailableError):
        spool.drain(fails_at_two)
    assert seen == [0, 1]
    assert drained(spool) == [2, 3]


def test_a_fact_that_arrives_during_a_drain_goes_out_with_it_and_last(spool):
    spool.append(fact(0))
    spool.append(fact(1))
    seen = []

    def add_one_more(fact_):
        if not seen:
            spool.append(fact(2))
        seen.append(fact_.row.files)

    spool.drain(add_one_more)
    assert seen == [0, 1, 2]


def test_a_refused_fact_is_put_aside_with_its_reason_and_the_rest_goes_on(spool):
    paths = [spool.append(fact(number)) for number in range(3)]
    seen = []

    def refuse_one(fact):
        if fact.row.files == 1:
            raise FactRefusedError(reason="not a number")
        seen.append(fact.row.files)

    spool.drain(refuse_one)
    assert seen == [0, 2]
    (rejected,) = spool.rejected()
    assert rejected.name == paths[1].name
    assert json.loads(rejected.read_text())["row"]["files"] == 1
    assert rejected.with_suffix(".reason").read_text() == "not a number"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"event_id": 1, "at": 2, "row": {}}'])
def test_a_file_that_says_nothing_sensible_is_put_aside_and_the_rest_goes_on(spool, content):
    paths = [spool.append(fact(number)) for number in range(3)]
    paths[0].write_bytes(content)
    assert drained(spool) == [1, 2]
    assert [path.name for path in spool.rejected()] == [paths[0].name]


def test_what_was_left_half_written_is_never_taken_for_a_fact(spool):
    spool.append(fact(0))
    (spool.folder / "000000000002-x.partial").write_bytes(b"{")
    spool.append(fact(1))
    assert drained(spool) == [0, 1]
    assert spool.rejected() == []


def test_many_threads_append_without_losing_or_overwriting(spool):
    def append_some(start):
        for number in range(start, start + 10):
            spool.append(fact(number))

    threads = [threading.Thread(target=append_some, args=(start,)) for start in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = drained(spool)
    assert sorted(seen) == list(range(80))
    for start in range(0, 80, 10):
        assert [n for n in seen if start <= n < start + 10] == list(range(start, start + 10))


def test_only_one_has_the_turn_and_the_others_do_not_wait_for_ever(spool):
    with spool.turn(), pytest.raises(ReportUnavailableError), spool.turn(seconds=0.1):
        pass
    with spool.turn(seconds=0.1):
        pass


def test_a_fact_can_be_kept_while_another_has_the_turn(spool):
    with spool.turn():
        spool.append(fact(0))
    assert drained(spool) == [0]
