"""The policy by which the tasks of a request that need a scope's disk run on that scope's worker."""

import uuid
from collections import Counter
from types import SimpleNamespace

import pytest
from airflow import settings
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.serialization.serialized_objects import DagSerialization

from respaldo.domain.errors import InvalidRequestError
from respaldo.flows import routing
from respaldo.flows.requests import steps
from respaldo.flows.requests.names import RESTORE_REQUEST
from respaldo.texts.requests import TASK_TITLES

VERSION = uuid.uuid4()


@pytest.fixture(autouse=True)
def new_configuration():
    """What another test's configuration says is not known any more."""
    routing._queue_of.cache_clear()


@pytest.fixture
def request_of(write_scope, dags):
    """Make the task instances of a request, as Airflow does when somebody sends the form."""
    write_scope("nomina")
    write_scope("sede_norte", queue="sede")

    def make(scope_id):
        dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dags()[RESTORE_REQUEST]))
        run = DagRun(dag_id=dag.dag_id, run_id="manual__1", conf={"scope": scope_id}, run_type="manual")
        hook = settings.task_instance_mutation_hook
        create = run._get_task_creator(Counter(), hook, hook.is_noop, VERSION)
        return run, {task.task_id: one for task in dag.tasks for one in create(task, (-1,))}

    return make


def of_queue(instances, queue):
    return {name for name, one in instances.items() if one.queue == queue}


def test_airflow_knows_the_policy_and_asks_it_about_new_tasks():
    hook = settings.get_policy_plugin_manager().hook.task_instance_mutation_hook
    assert routing in [one.plugin for one in hook.get_hookimpls()]
    assert settings.task_instance_mutation_hook.is_noop is False


def test_what_touches_the_disk_of_a_scope_with_a_queue_runs_on_its_worker_and_nothing_else_does(request_of):
    _, instances = request_of("sede_norte")
    assert of_queue(instances, "sede") == {"identify", "restore", "second_identify", "second_restore"}
    assert of_queue(instances, "default") == set(TASK_TITLES) - of_queue(instances, "sede")


def test_a_request_of_a_scope_without_a_queue_runs_on_any_worker(request_of):
    _, instances = request_of("nomina")
    assert of_queue(instances, "default") == set(TASK_TITLES)


def test_the_tasks_keep_their_titles(request_of):
    _, instances = request_of("nomina")
    assert {name: one.task_display_name for name, one in instances.items()} == TASK_TITLES


def test_a_task_that_is_cleared_goes_to_the_queue_that_its_scope_has_then(request_of, write_scope):
    run, instances = request_of("sede_norte")
    identify = instances["identify"]
    write_scope("sede_norte", queue="sede_nueva")
    routing._queue_of.cache_clear()
    identify.refresh_from_task(identify.task, dag_run=run)
    assert identify.queue == "sede_nueva"


@pytest.mark.parametrize("scope_id", ["no_such", "../scopes/sede_norte", "", None, 5, ["sede_norte"]])
def test_a_request_of_what_is_no_scope_is_for_its_first_task_to_refuse(request_of, scope_id):
    _, instances = request_of(scope_id)
    assert of_queue(instances, "default") == set(TASK_TITLES)


def test_a_configuration_that_cannot_be_read_stops_nothing(request_of, configuration, caplog):
    run, _ = request_of("sede_norte")
    (configuration / "organization.yaml").write_text("{")
    routing._queue_of.cache_clear()
    identify = SimpleNamespace(dag_id=RESTORE_REQUEST, task_id="identify", queue="default")
    settings.task_instance_mutation_hook(identify, dag_run=run)
    assert identify.queue == "default"
    assert "the queue of identify of a request was not set" in caplog.text


def test_the_tasks_of_other_dags_keep_their_queue_and_their_titles(write_scope, scope_dags):
    write_scope("sede_norte", queue="sede")
    dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(scope_dags()["backup__sede_norte"]))
    run = DagRun(dag_id=dag.dag_id, run_id="manual__1", conf={"scope": "other"}, run_type="manual")
    for task in dag.tasks:
        one = TaskInstance(task, run_id=run.run_id, dag_version_id=VERSION)
        settings.task_instance_mutation_hook(one, dag_run=run)
        assert (one.queue, one.task_display_name) == ("sede", task.task_display_name)


def place(scope_queue, runs_in):
    """What a step sees of where it runs."""
    scope = SimpleNamespace(id="erp", settings=SimpleNamespace(queue=scope_queue))
    ti, task = SimpleNamespace(queue=runs_in), SimpleNamespace(queue="default")
    return SimpleNamespace(scope=scope, ti=ti, work=SimpleNamespace(context={"task": task}))


@pytest.mark.parametrize(("scope_queue", "runs_in"), [("sede", "default"), ("sede", "otra"), (None, "sede")])
def test_a_step_refuses_to_touch_the_disk_of_a_worker_that_is_not_the_scopes(scope_queue, runs_in):
    with pytest.raises(InvalidRequestError) as refused:
        steps._see_where_this_is(place(scope_queue, runs_in))
    assert "no llegó al trabajador del alcance «erp»" in refused.value.facts["problem"]
    assert not refused.value.transient


@pytest.mark.parametrize(("scope_queue", "runs_in"), [("sede", "sede"), (None, "default")])
def test_a_step_on_the_scopes_worker_goes_on(scope_queue, runs_in):
    steps._see_where_this_is(place(scope_queue, runs_in))


def test_the_steps_that_look_where_they_are_are_those_that_are_sent_there():
    assert set(steps._WORK) - {"register", "inform", "record"} == routing.AT_THE_SCOPE
