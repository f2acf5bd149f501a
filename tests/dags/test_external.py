"""The DAG of a scope whose copies another product makes: it runs nothing, it reads, judges and reports."""

import pytest

from respaldo.config.configuration import folder, load
from respaldo.domain.causes import cause_of_code

STEPS = ["plan", "inspect", "verify", "record"]
SOURCE = {
    "kind": "external",
    "product": "Veeam",
    "record": {"from": "file", "path": "/srv/consola/*.csv", "host": "veeam_ssh"},
    "entries": {"format": "csv", "fields": {"job": "Job", "result": "Result", "end": "End"}},
    "job": "Nomina diaria",
    "good": ["Success"],
    "failed": ["*"],
}


@pytest.fixture
def dag(write_scope, dags):
    write_scope("nomina", source=SOURCE, repository=None, second_copy=None, queue="sede_norte")
    return dags()["backup__nomina"]


def test_steps_follow_each_other_and_record_and_the_watcher_come_below_all(dag):
    follows = {task.task_id: task.downstream_task_ids - {"watcher"} for task in dag.tasks}
    order = dict(zip(STEPS, [{step} for step in STEPS[1:]], strict=False))
    assert follows == order | {"record": set(), "watcher": set()}
    assert [task.task_id for task in dag.leaves] == ["watcher"]
    assert dag.task_dict["watcher"].upstream_task_ids == set(STEPS)
    assert dag.task_dict["watcher"].trigger_rule == "one_failed"
    assert dag.task_dict["record"].trigger_rule == "all_done"


def test_the_form_asks_who_and_why_and_nothing_else(dag):
    assert list(dag.params) == ["reason", "requester", "ticket"]


def test_operators_read_spanish(dag):
    titles = {task.task_id: task.task_display_name for task in dag.tasks}
    assert titles["inspect"] == "8 · Leer el registro de la consola"
    assert not [task for task, title in titles.items() if title == task]
    assert dag.tags >= {"respaldo", "herramienta externa"}
    for told in ("Veeam", "/srv/consola/*.csv", "veeam_ssh", "Nomina diaria", "26h / 4h"):
        assert told in dag.doc_md


def test_limits_are_what_the_scope_says(dag):
    assert {dag.task_dict[step].queue for step in STEPS} == {"sede_norte"}
    assert dag.max_active_runs == 1
    assert dag.catchup is False


def test_a_good_copy_publishes_the_scopes_asset(dag):
    assert [asset.name for asset in dag.task_dict["verify"].outlets] == ["respaldo_nomina"]


def test_a_dag_survives_being_serialized(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    told = DagSerialization.to_dict(dag)
    DagSerialization.validate_schema(told)
    assert DagSerialization.from_dict(told).task_dict.keys() == dag.task_dict.keys()


def test_it_is_no_scope_that_restic_saves(dag):
    configuration = load(folder())
    assert configuration.scopes == {}
    assert list(configuration.all_scopes) == ["nomina"]


def test_a_machine_that_does_not_answer_is_tried_again_and_what_makes_no_sense_is_not(dag):
    from respaldo.domain.host_errors import HostUnreachableError
    from respaldo.domain.people_errors import ConsoleUnreadableError

    away = HostUnreachableError(reason="host_unreachable")
    policy = dag.task_dict["inspect"].retry_policy
    assert policy.evaluate(away, 1, 4).action.value == "retry"
    assert policy.evaluate(ConsoleUnreadableError(), 1, 4).action.value == "fail"
    assert cause_of_code(away.code) is HostUnreachableError
