"""The rules of a restore request: what it may ask, where it goes, how it ends."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from respaldo.actions.delivery import delivery
from respaldo.actions.request_rows import closed
from respaldo.config.home import Home
from respaldo.domain.errors import InvalidRequestError
from respaldo.domain.requests import (
    GOOD_OUTCOMES,
    Decision,
    Failure,
    Finding,
    RestoreRequest,
    Story,
    after_copy,
    outcome_of,
    refusal,
)
from respaldo.domain.restoring import Destination, Identified, Wanted
from respaldo.domain.values import Run
from respaldo.texts.requests import PROBLEMS

PACKAGE = Path(__file__).parents[2] / "include" / "respaldo"

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY = "0a1b2c3d4e5f6071"
GOOD = {"requester": "Ana Ruiz", "what_happened": "Se borró la carpeta", "scope_id": "actas"}


def request(**changes):
    return RestoreRequest.model_validate(GOOD | changes)


def decided(option):
    return Decision(option=option, by="eva", at=NOW)


def failed(step, cause="timed_out"):
    return Failure(step=step, cause=cause, told="", corrective="")


def found(which, state):
    return {which: Finding(which=which, state=state)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"as_of": "2026-11-20T08:00:00-05:00", "snapshot": "0a1b2c3d"}, "moment_and_snapshot"),
        ({"destination": {"kind": "path"}}, "target_missing"),
        ({"destination": {"kind": "database"}}, "target_missing"),
        ({"destination": {"kind": "original", "target": "/srv"}}, "target_unused"),
        ({"destination": {"kind": "path", "target": "srv/x"}}, "target_relative"),
        ({"snapshot": "latest"}, "snapshot_invalid"),
        ({"snapshot": "--help"}, "snapshot_invalid"),
        ({"email": "ana"}, "string_pattern_mismatch"),
        ({"requester": "  "}, "string_too_short"),
        ({"as_of": "2026-11-20T08:00:00"}, "timezone_aware"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(changes, code):
    with pytest.raises(ValidationError) as refused:
        request(**changes)
    assert [error["type"] for error in refused.value.errors()] == [code]


@pytest.mark.parametrize(
    ("holds", "changes", "code"),
    [
        ("files", {"wanted": Wanted(tables=("factura",))}, "files_only"),
        ("files", {"destination": Destination(kind="database", target="x")}, "files_to_database"),
        ("files", {"wanted": Wanted(paths=("*.txt",))}, None),
        ("databases", {"wanted": Wanted(paths=("*.txt",))}, "databases_only"),
        ("databases", {"destination": Destination(kind="path", target="/x")}, "database_to_path"),
        ("databases", {"destination": Destination(overwrite="if_newer")}, "overwrite_databases"),
        ("databases", {"wanted": Wanted(tables=("factura",))}, None),
        ("files", {"wanted": Wanted(moment=NOW)}, "moment_of_a_server"),
        ("databases", {"wanted": Wanted(moment=NOW)}, "moment_of_a_server"),
        ("server", {"wanted": Wanted(databases=("erp",))}, "server_whole"),
        ("server", {"destination": Destination(kind="original")}, "server_to_folder"),
        (
            "server",
            {"wanted": Wanted(moment=NOW), "destination": Destination(kind="path", target="/x")},
            None,
        ),
    ],
)
def test_what_a_scope_cannot_give_is_refused_by_its_kind(holds, changes, code):
    assert refusal(holds, request(**changes)) == code


def test_only_a_request_with_all_data_can_go_without_an_analysis():
    complete = {"email": "ana@example.org", "ticket": "17", "as_of": NOW}
    assert request(**complete).is_complete
    for missing in complete:
        assert not request(**{name: value for name, value in complete.items() if name != missing}).is_complete
    as_of_a_moment = {"as_of": None, "wanted": Wanted(moment=NOW)}
    assert request(**complete | as_of_a_moment).is_complete


@pytest.mark.parametrize(
    ("which", "state", "way"),
    [
        ("first", "good", "deliver"),
        ("first", "bad", "second_copy"),
        ("first", "absent", "tell"),
        ("second", "good", "deliver"),
        ("second", "bad", "tell"),
    ],
)
def test_a_copy_that_is_not_good_leads_to_the_second_one_and_that_one_to_the_end(which, state, way):
    assert after_copy(Finding(which=which, state=state)) == way


RESTORATION = {"analyse": decided("restoration")}
BOTH_BAD = found("first", "bad") | found("second", "bad")


@pytest.mark.parametrize(
    ("story", "outcome"),
    [
        (Story(decisions=RESTORATION | {"accept": decided("satisfies")}), "satisfied"),
        (
            Story(
                decisions=RESTORATION | {"accept": decided("does_not"), "second_accept": decided("satisfies")}
            ),
            "satisfied",
        ),
        (
            Story(
                decisions=RESTORATION | {"accept": decided("does_not"), "second_accept": decided("does_not")}
            ),
            "not_satisfied",
        ),
        (
            Story(decisions=RESTORATION, findings=found("first", "bad") | found("second", "bad")),
            "not_satisfied",
        ),
        (
            Story(
                decisions=RESTORATION,
                findings=BOTH_BAD,
                failures=(failed("rerun", "scope_paused"),),
            ),
            "not_satisfied",
        ),
        (Story(decisions=RESTORATION, findings=BOTH_BAD, failures=(failed("inform"),)), "not_satisfied"),
        (
            Story(decisions={"analyse": decided("unscheduled_backup")}, failures=(failed("inform"),)),
            "backup_done",
        ),
        (Story(decisions=RESTORATION, findings=found("first", "absent")), "not_in_copy"),
        (Story(decisions=RESTORATION | {"authorize": decided("refused")}), "not_authorized"),
        (Story(decisions=RESTORATION, failures=(failed("restore", "target_full"),)), "failed"),
        (Story(decisions=RESTORATION, failures=(failed("accept", "unanswered"),)), "unanswered"),
        (Story(failures=(failed("analyse", "unanswered"),)), "unanswered"),
        (Story(failures=(failed("register", "invalid_request"),)), "failed"),
        (Story(decisions={"analyse": decided("unscheduled_backup")}), "backup_done"),
        (
            Story(
                decisions={"analyse": decided("unscheduled_backup")},
                failures=(failed("unscheduled_backup_result", "backup_failed"),),
            ),
            "backup_failed",
        ),
        (Story(decisions={"analyse": decided("not_applicable")}), "not_applicable"),
    ],
)
def test_every_way_has_its_outcome(story, outcome):
    assert outcome_of(story) == outcome


def test_the_step_that_was_killed_is_the_cause_of_a_request_that_it_ended():
    run = Run(dag_id="restore_request", run_id="r", scope_id="actas")
    failures = (failed("restore", "interrupted"), failed("rerun", "scope_paused"))
    for row in closed(run, Story(decisions=RESTORATION, failures=failures), "failed", "", NOW):
        assert (row.cause, row.failed_step) == ("interrupted", "restore")


@pytest.mark.parametrize(
    ("option", "closed_at", "may"),
    [
        ("authorized", None, True),
        ("refused", None, False),
        ("authorized", NOW - timedelta(minutes=1), True),
        ("authorized", NOW + timedelta(minutes=1), False),
    ],
)
def test_an_authorization_is_used_up_when_the_request_is_closed(option, closed_at, may):
    story = Story(decisions=RESTORATION | {"authorize": decided(option)}, closed_at=closed_at)
    assert story.may_overwrite == may


def test_nobody_who_was_not_asked_has_authorized():
    assert not Story(decisions=RESTORATION).may_overwrite


@pytest.mark.parametrize(
    ("kind", "target", "touches", "goes_to"),
    [
        ("path", "/srv/x/", (), f"/srv/x/2{KEY}"),
        ("database", "erp", (), f"erp_2{KEY}"),
        ("path", "/srv/x", ("/srv/x",), "/srv/x"),
        ("staging", None, (), None),
        ("original", None, (), None),
    ],
)
def test_the_second_copy_goes_beside_what_the_first_left_at_an_empty_place(
    tmp_path, kind, target, touches, goes_to
):
    asked = request(destination={"kind": kind, "target": target})
    first = Identified(
        which="first", repository="r", run_key="0", number=1, taken_at=NOW, parts=(), touches=touches
    )
    second = delivery(Home(tmp_path), asked, KEY, "second", first)
    assert second.destination.target == goes_to
    assert second.staging.endswith(f"/2{KEY}")
    for untouched in (
        delivery(Home(tmp_path), asked, KEY, "first", first),
        delivery(Home(tmp_path), asked, KEY, "second", None),
    ):
        assert untouched.destination == asked.destination


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ({"kind": "database", "target": "ñ" * 32}, "target_too_long"),
        ({"kind": "path", "target": "/srv/\0"}, "target_invalid"),
    ],
)
def test_a_target_that_cannot_be_a_name_is_refused(destination, code):
    with pytest.raises(ValidationError) as refused:
        request(destination=destination)
    assert [error["type"] for error in refused.value.errors()] == [code]


def test_an_outcome_that_nobody_wanted_is_never_good():
    assert {"not_satisfied", "not_in_copy", "backup_failed", "unanswered", "failed"} & GOOD_OUTCOMES == set()


def test_every_refusal_of_a_kind_of_source_has_its_words():
    codes = {
        code
        for folder in ("sources", "restic", "domain")
        for path in (PACKAGE / folder).rglob("*.py")
        for code in re.findall(r'InvalidRequestError\(\s*problem="(\w+)"', path.read_text())
    }
    assert codes
    assert codes <= set(PROBLEMS)


def test_a_mistake_in_the_form_is_told_in_words():
    from respaldo.flows.requests.form import filled_in

    with pytest.raises(InvalidRequestError, match="no ambos"):
        filled_in(
            {"requester": "Ana", "what_happened": "x", "scope": "actas", "snapshot": "0a1b2c3d"}
            | {"as_of": "2026-11-20T08:00:00-05:00"},
            {},
        )
    with pytest.raises(InvalidRequestError, match="as-of: no hay un campo con ese nombre"):
        filled_in(
            {"requester": "Ana", "what_happened": "x", "scope": "actas", "as-of": "2026-11-20T08:00:00Z"}, {}
        )
    with pytest.raises(InvalidRequestError, match="no hay un alcance «actas»"):
        filled_in({"requester": "Ana", "what_happened": "x", "scope": "actas"}, {})
