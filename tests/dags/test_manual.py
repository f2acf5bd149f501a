"""The DAG of a scope that people copy by hand: its order, its people's questions, its limits, its words."""

from datetime import timedelta

import pytest
from jsonschema import validate

from respaldo.flows.manual.operators import ManualQuestionOperator
from respaldo.flows.policy import QuestionRetryPolicy
from respaldo.texts import manual as texts

STEPS = ["plan", "perform", "execute", "verify", "record"]
MANUAL = {
    "mode": "manual",
    "source": None,
    "second_copy": None,
    "repository": None,
    "what": "La carpeta de actas",
    "instructions": "1. Conecte el disco.\n2. Copie la carpeta.",
    "perform_within": "2h",
    "verify_within": "3h",
}


@pytest.fixture
def dag(write_scope, dags):
    write_scope("actas", **MANUAL)
    return dags()["backup__actas"]


def test_steps_follow_each_other_and_the_watcher_is_below_all(dag):
    follows = {task.task_id: task.downstream_task_ids - {"watcher"} for task in dag.tasks}
    order = dict(zip(STEPS, [{step} for step in STEPS[1:]], strict=False))
    assert follows == order | {"record": set(), "watcher": set()}
    assert dag.task_dict["watcher"].upstream_task_ids == set(STEPS)
    assert dag.task_dict["watcher"].trigger_rule == "one_failed"
    assert dag.task_dict["record"].trigger_rule == "all_done"


def test_every_task_has_its_title(dag):
    assert all(task.task_display_name == texts.TASK_TITLES[task.task_id] for task in dag.tasks)


@pytest.mark.parametrize(
    ("task", "hours", "options"),
    [("perform", 2, texts.RESULTS), ("verify", 3, texts.VERDICTS)],
)
def test_questions_have_no_default_end_in_time_and_are_asked_again(dag, task, hours, options):
    question = dag.task_dict[task]
    assert isinstance(question, ManualQuestionOperator)
    assert question.defaults is None
    assert question.response_timeout == timedelta(hours=hours)
    assert question.options == list(options.values())
    assert question.retries == 20
    assert isinstance(question.retry_policy, QuestionRetryPolicy)


def test_no_field_has_to_be_filled_in_for_the_page_to_send_it(dag):
    for task, fields in (("perform", texts.FIELDS), ("verify", texts.VERDICT_FIELDS)):
        params = dag.task_dict[task].params
        assert set(params) == set(fields)
        for name in params:
            validate(None, params.get_param(name).schema)


def test_a_run_that_waits_for_people_does_not_block_the_next(dag):
    assert dag.max_active_runs > 1


def test_what_brings_a_copy_into_restic_takes_a_turn_in_its_pool(write_scope, dags):
    write_scope("actas", **MANUAL | {"repository": "principal", "folder": "/media/copias"})
    pools = {task.task_id: task.pool for task in dags()["backup__actas"].tasks}
    assert pools.pop("execute") == "repositorio_principal"
    assert set(pools.values()) == {"default_pool"}


def test_a_restore_request_offers_the_copies_that_restic_keeps(write_scope, dags):
    write_scope("actas", **MANUAL | {"repository": "principal", "folder": "/media/copias"})
    write_scope("libros", **MANUAL)
    field = dags()["restore_request"].params.get_param("scope").schema
    assert field["enum"] == ["actas"]


def test_operators_read_what_to_do(dag):
    for told in ("La carpeta de actas", "Conecte el disco", "Equipo de Infraestructura", "2h"):
        assert told in dag.doc_md


def test_a_dag_survives_being_serialized(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    told = DagSerialization.to_dict(dag)
    DagSerialization.validate_schema(told)
    assert DagSerialization.from_dict(told).task_dict.keys() == dag.task_dict.keys()
