"""What a step may state about a restore request, and how it is put into words for the database."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from respaldo.domain.requests import Decision, Finding
from respaldo.domain.restoring import Identified, Part, Restored, Wanted
from respaldo.domain.values import Evidence, Run
from respaldo.report.facts import Fact
from respaldo.report.requests import RequestUpdate

RUN = Run(dag_id="restore_request", run_id="manual__1", scope_id="erp")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDENTIFIED = Identified(
    which="first",
    repository="principal",
    run_key="0123456789abcdef",
    number=7,
    taken_at=NOON,
    parts=(
        Part(item="erp", snapshot_id="a" * 64, files=1, size_bytes=70, rows={"public.invoice": 9}),
        Part(item="web", snapshot_id="b" * 64, files=2, size_bytes=30),
        Part(item="erp", snapshot_id="a" * 64),
    ),
    evidence=(Evidence(method="read_data", item="erp"),),
)


def test_only_given_columns_are_stated_under_the_key_of_the_requests_own_run():
    assert RequestUpdate.of(RUN, ticket="GLPI-7", cause=None).columns() == {
        "request_key": RUN.key,
        "dag_id": "restore_request",
        "run_id": "manual__1",
        "scope_id": "erp",
        "ticket": "GLPI-7",
        "cause": None,
    }


def test_of_an_identified_copy_the_sum_is_kept():
    stated = RequestUpdate.of(RUN, identified={"first": IDENTIFIED}).columns()["identified"]
    assert stated == {
        "first": {
            "repository": "principal",
            "run_key": "0123456789abcdef",
            "number": 7,
            "taken_at": "2026-03-01T12:00:00Z",
            "files": 3,
            "size_bytes": 100,
            "snapshots": ["a" * 64, "b" * 64],
        }
    }


def test_a_fact_says_the_same_after_a_trip_through_json():
    fact = Fact.now(
        RequestUpdate.of(
            RUN,
            wanted=Wanted(tables=("public.invoice",)),
            as_of=NOON,
            decisions={"analyse": Decision(option="restoration", by="ana", at=NOON, extra={"a": [1]})},
            findings={"first": Finding(which="first", state="bad", cause="damaged")},
            identified={"second": IDENTIFIED},
            restored={"second": Restored(where=("/srv/restored",), files=2, started_at=NOON)},
            outcome=None,
        )
    )
    told = {"event_id": str(fact.event_id), "at": fact.at.isoformat(), "row": fact.row.columns()}
    back = Fact.model_validate(told)
    assert back == fact
    assert back.row.model_fields_set == fact.row.model_fields_set


def test_text_of_people_and_of_paths_is_made_storable_in_values_too():
    told = RequestUpdate.of(
        RUN,
        decisions={"accept": Decision(option="does_not", by="ana", at=NOON, note="a\0b")},
        restored={"first": Restored(where=("/srv/a\udce9o",))},
    ).columns()
    assert told["decisions"]["accept"]["note"] == r"a\x00b"
    assert told["restored"]["first"]["where"] == [r"/srv/a\udce9o"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"no_such_column": 1},
        {"number": 7},
        {"run_key": "0123456789abcdef"},
        {"state": "succeeded"},
        {"state": None},
        {"outcome": "happy"},
        {"analysis": "maybe"},
        {"destination_kind": "tape"},
        {"overwrite": "sometimes"},
        {"informed_by": "pigeon"},
        {"decisions": {"inform": {"option": "a", "by": "b", "at": NOON}}},
        {"findings": {"third": Finding(which="first", state="good")}},
        {"identified": None},
        {"requested_at": datetime(2026, 3, 1, 12)},  # noqa: DTZ001
        {"rto_seconds": -1},
    ],
)
def test_what_the_table_could_not_hold_cannot_be_stated(wrong):
    with pytest.raises(ValidationError):
        RequestUpdate.of(RUN, **wrong)
