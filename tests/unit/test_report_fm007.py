"""What a step may state about its row, and how it is put into words for the database."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from respaldo.domain.values import Copy, Run
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.row import storable

RUN = Run(dag_id="backup__erp", run_id="scheduled__1", scope_id="erp")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_only_given_columns_are_stated_and_a_given_none_is_one_of_them():
    update = RowUpdate.of(RUN, files=3, cause=None)
    assert update.columns() == {
        "run_key": RUN.key,
        "dag_id": "backup__erp",
        "run_id": "scheduled__1",
        "scope_id": "erp",
        "files": 3,
        "cause": None,
    }


def test_a_fact_says_the_same_after_a_trip_through_json():
    copy = Copy(item="erp", snapshot_id="a" * 64, files=1, size_bytes=7)
    fact = Fact.now(RowUpdate.of(RUN, copies=(copy,), started_at=NOON, cause=None, attempts={"execute": 2}))
    told = {"event_id": str(fact.event_id), "at": fact.at.isoformat(), "row": fact.row.columns()}
    back = Fact.model_validate(told)
    assert back == fact
    assert back.row.model_fields_set == fact.row.model_fields_set


def test_what_a_copy_leaves_out_is_stated_with_it():
    copy = Copy(item="erp", snapshot_id="a" * 64, files=1, size_bytes=7)
    assert RowUpdate.of(RUN, copies=(copy,)).columns()["copies"][0]["added_bytes"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"no_such_column": 1},
        {"number": 7},
        {"state": "finished"},
        {"mode": "robot"},
        {"files": -1},
        {"size_bytes": 2**63},
        {"progress_percent": 101},
        {"started_at": datetime(2026, 3, 1, 12)},  # noqa: DTZ001
        {"attempts": None},
        {"state": None},
    ],
)
def test_what_the_table_could_not_hold_cannot_be_stated(wrong):
    with pytest.raises(ValidationError):
        RowUpdate.of(RUN, **wrong)


def test_text_is_made_storable_however_deep_it_lies():
    given = {"a\0": ["x\udce9", ("\0", 1, None)], "b": {"c": "ñ 😀"}}
    assert storable(given) == {r"a\x00": [r"x\udce9", [r"\x00", 1, None]], "b": {"c": "ñ 😀"}}
