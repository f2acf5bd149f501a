"""The DAG of restore requests: its ways, its people, its form."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from jsonschema import ValidationError, validate

from respaldo.flows.requests.decisions import _FOLLOWING, OPTIONS
from respaldo.flows.requests.operators import DecisionOperator, RequestStepOperator
from respaldo.texts.requests import TASK_TITLES

ALWAYS = {"inform", "record", "watcher"}


@pytest.fixture
def dag(write_scope, dags):
    write_scope("nomina")
    write_scope("erp", source={"kind": "postgresql", "connection": "erp_db", "databases": "all"})
    return dags()["restore_request"]


def skipped(dag, task_id, following):
    """Give the tasks that a task skips when it goes on with some of those below it."""

    gone = []

    class Remembering(RequestStepOperator):
        def skip(self, ti, tasks):  # noqa: ARG002  (Airflow's signature)
            gone.extend(tasks)

    task = dag.get_task(task_id)
    Remembering(task_id="asks").go_on({"dag": dag, "task": task, "ti": None}, following)
    return {task.task_id for task in gone}


def test_every_task_has_its_title_and_no_other_has(dag):
    assert {task.task_id: task.task_display_name for task in dag.tasks} == TASK_TITLES


def test_whatever_happens_the_requester_is_informed_the_rows_closed_and_the_run_judged(dag):
    assert {dag.get_task(task).trigger_rule for task in ALWAYS} == {"all_done"}
    assert [task.task_id for task in dag.leaves] == ["watcher"]
    every = {task.task_id for task in dag.tasks} - ALWAYS
    assert dag.get_task("inform").get_flat_relative_ids(upstream=True) == every


@pytest.mark.parametrize(
    ("task", "following", "still_open"),
    [
        ("analyse", ("identify",), {"identify", "second_identify", "rerun"}),
        ("analyse", ("unscheduled_backup",), {"unscheduled_backup", "unscheduled_backup_result"}),
        ("analyse", ("inform",), set()),
        ("identify", ("restore",), {"restore", "accept", "second_identify", "rerun"}),
        ("identify", ("authorize",), {"authorize", "safety_backup", "restore", "accept", "rerun"}),
        ("identify", ("second_identify", "rerun"), {"second_identify", "rerun", "second_accept"}),
        ("identify", ("inform",), set()),
        ("authorize", ("inform",), set()),
        ("restore", ("accept",), {"accept", "second_identify", "second_rerun"}),
        ("restore", ("second_identify", "rerun"), {"second_identify", "rerun"}),
        ("accept", ("inform",), set()),
        ("accept", ("second_identify",), {"second_identify", "second_restore", "second_accept"}),
        ("second_identify", ("second_restore",), {"second_restore", "second_accept", "second_rerun"}),
        ("second_restore", ("inform", "second_rerun"), {"second_rerun"}),
        ("second_accept", ("inform",), set()),
    ],
)
def test_what_only_other_ways_lead_to_is_skipped(dag, task, following, still_open):
    gone = skipped(dag, task, following)
    below = dag.get_task(task).get_flat_relative_ids(upstream=False)
    assert not gone & (ALWAYS | still_open | set(following))
    assert below - gone >= still_open | ALWAYS
    if not still_open:
        assert gone == below - ALWAYS


def test_a_restoration_is_never_reached_but_through_the_copy_that_was_identified(dag):
    for prefix in ("", "second_"):
        above = dag.get_task(f"{prefix}restore").get_flat_relative_ids(upstream=True)
        assert {f"{prefix}identify", "analyse", "register"} <= above


def test_questions_have_no_default_end_in_time_and_lead_to_tasks_below_them(dag):
    for task_id, options in OPTIONS.items():
        question = dag.get_task(task_id)
        assert isinstance(question, DecisionOperator)
        assert question.defaults is None
        assert question.response_timeout == timedelta(days=3)
        assert question.options == list(options.values())
        below = question.get_flat_relative_ids(upstream=False)
        assert {_FOLLOWING[(task_id, code)] for code in options} <= below


MANUAL = {
    "mode": "manual", "what": "Actas", "instructions": "Copie.",
    "repository": "principal", "folder": "/media",
    "perform_within": "5d", "verify_within": "9d", "source": None, "second_copy": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("special", "least"),
    [(MANUAL, timedelta(days=14)), ({"timeout": "4d"}, timedelta(days=4)), (None, timedelta(days=365))],
)
def test_a_request_waits_longer_than_the_run_that_it_waits_for_may_take(
    write_scope, configuration, dags, monkeypatch, tmp_path, special, least
):
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", "postgres://nowhere/")
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path))
    write_scope("actas")
    sensor = dags()["restore_request"].get_task("unscheduled_backup_result")
    write_scope("actas", **special) if special else (configuration / "scopes" / "actas.yaml").write_text("[")
    ti = SimpleNamespace(
        dag_id="restore_request", run_id="1", try_number=1,
        get_dagrun_state=lambda *_: SimpleNamespace(value="running"),
    )  # fmt: skip
    assert not sensor.poke({"ti": ti, "params": {"scope": "actas"}})
    assert sensor.timeout > least.total_seconds()


def test_the_form_offers_scopes_by_their_names_and_refuses_others(dag):
    field = dag.params.get_param("scope").schema
    assert field["enum"] == ["erp", "nomina"]
    assert field["values_display"] == {"erp": "Base de nómina", "nomina": "Base de nómina"}
    with pytest.raises(ValidationError):
        validate("otro", field)


def test_the_form_refuses_an_address_that_is_none_and_a_snapshot_that_is_none(dag):
    for name, bad, good in (("email", "ana", "ana@example.org"), ("snapshot", "hoy", "0a1b2c3d")):
        field = json.loads(json.dumps(dag.params.get_param(name).schema))
        validate(good, field)
        with pytest.raises(ValidationError):
            validate(bad, field)


def test_the_form_refuses_a_moment_that_nobody_can_tell_from_others(dag):
    for name in ("moment", "as_of"):
        field = json.loads(json.dumps(dag.params.get_param(name).schema))
        for good in (None, "2026-11-20T10:41:07-05:00", "2026-11-20T15:41:07.25Z"):
            validate(good, field)
        for bad in ("ayer", "2026-11-20T10:41:07", "2026-11-20"):
            with pytest.raises(ValidationError):
                validate(bad, field)


def test_the_analysis_cannot_name_another_copy_by_too_few_digits(dag):
    field = dag.get_task("analyse").params.get_param("snapshot").schema
    for good in (None, "0a1b2c3d"):
        validate(good, field)
    for bad in ("0", " 0a1b2c3d", "latest"):
        with pytest.raises(ValidationError):
            validate(bad, field)


def test_while_a_task_runs_the_scopes_are_not_even_read(write_scope, as_a_task_of, dags):
    write_scope("nomina")
    as_a_task_of("restore_request")
    assert "enum" not in dags()["restore_request"].params.get_param("scope").schema
    as_a_task_of("backup__nomina")
    assert set(dags()) == {"backup__nomina"}


def test_a_broken_organization_shows_as_a_red_dag(configuration, dags):
    (configuration / "organization.yaml").write_text("name: [")
    dag = dags()["restore_request"]
    assert "alcance-invalido" in dag.tags
    assert "organization.yaml:1" in dag.doc_md


def test_the_dag_survives_being_serialized(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert set(again.task_dict) == set(dag.task_dict)
