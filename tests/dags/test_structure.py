"""The DAG of a scope: its order, its leaf, its limits, its words."""

from datetime import timedelta

import pytest
from airflow.sdk import Asset

from respaldo.flows.policy import CauseRetryPolicy

STEPS = ["plan", "execute", "verify", "copy", "record"]


@pytest.fixture
def dag(write_scope, dags):
    write_scope(
        "nomina", retries={"attempts": 4, "delay": "30s"}, timeout="3h", queue="sede_norte", mode="software"
    )
    return dags()["backup__nomina"]


def test_every_scope_file_of_the_default_configuration_has_its_dag_and_there_is_no_other(
    dags, project, monkeypatch
):
    monkeypatch.delenv("RESPALDO_CONFIG", raising=False)
    files = (project / "include" / "config" / "scopes").glob("*.yaml")
    others = {
        "restore_request",
        "failure_analysis",
        "failure_watch",
        "contracting",
        "contract_watch",
        "media",
        "fm007_archive",
    }
    assert set(dags()) - others == {f"backup__{file.stem}" for file in files}
    assert not [dag_id for dag_id, dag in dags().items() if "alcance-invalido" in dag.tags]


def test_the_only_leaf_is_the_watcher_below_every_task(dag):
    assert [task.task_id for task in dag.leaves] == ["watcher"]
    watcher = dag.task_dict["watcher"]
    assert watcher.upstream_task_ids == set(dag.task_dict) - {"watcher"}
    assert watcher.trigger_rule == "one_failed"
    assert watcher.retries == 0


def test_record_runs_whatever_happened_before_it(dag):
    assert dag.task_dict["record"].trigger_rule == "all_done"
    others = set(dag.task_dict) - {"record", "watcher"}
    assert {dag.task_dict[task].trigger_rule for task in others} == {"all_success"}


def test_steps_follow_each_other_in_the_order_of_the_procedure(dag):
    follows = {task.task_id: task.downstream_task_ids - {"watcher"} for task in dag.tasks}
    order = dict(zip(STEPS, [{step} for step in STEPS[1:]], strict=False))
    assert follows == order | {"record": set(), "watcher": set()}


def test_without_a_second_copy_there_is_no_task_for_it(write_scope, dags):
    write_scope("nomina", second_copy=None)
    dag = dags()["backup__nomina"]
    assert set(dag.task_dict) == {*STEPS, "watcher"} - {"copy"}
    assert dag.task_dict["verify"].downstream_task_ids == {"record", "watcher"}


def test_what_opens_a_repository_takes_a_turn_in_its_pool(dag):
    pools = {task: dag.task_dict[task].pool for task in STEPS}
    assert pools == {
        "plan": "default_pool",
        "execute": "repositorio_principal.sede_norte",
        "verify": "repositorio_principal.sede_norte",
        "copy": "repositorio_secundario.sede_norte",
        "record": "default_pool",
    }


def test_retries_time_and_queue_are_what_the_scope_says(dag):
    for task in (dag.task_dict[step] for step in STEPS):
        assert task.retries == 3
        assert task.retry_delay == timedelta(seconds=30)
        assert isinstance(task.retry_policy, CauseRetryPolicy)
        assert task.retry_policy.delay_seconds == 30
        assert task.execution_timeout == timedelta(hours=3)
        assert task.queue == "sede_norte"


def test_a_scope_never_runs_twice_at_once_nor_makes_up_for_each_missed_run(dag):
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert str(dag.timezone) == "America/Bogota"


def test_a_scope_without_a_schedule_runs_only_by_hand(write_scope, dags):
    write_scope("nomina", schedule=None)
    assert dags()["backup__nomina"].schedule is None


def test_operators_read_spanish(dag):
    assert dag.dag_display_name == "Copia · Base de nómina"
    titles = {task.task_id: task.task_display_name for task in dag.tasks}
    assert titles["execute"] == "11 · Ejecutar la copia"
    assert not [task for task, title in titles.items() if title == task]
    assert {task.owner for task in dag.tasks} == {"Equipo de Soporte Técnico"}
    assert dag.tags == {"respaldo", "Talento Humano", "alta", "archivos"}
    for told in (
        "Base de nómina",
        "/srv/nomina",
        "principal (Centro de datos, disco)",
        "diaria 7 días",
        "26h / 4h",
    ):
        assert told in dag.doc_md


def test_the_form_asks_who_and_why(dag):
    form = {name: dag.params.get_param(name) for name in dag.params}
    assert {name: param.value for name, param in form.items()} == {
        "reason": None,
        "requester": None,
        "ticket": None,
        "accept_shrink": False,
        "read_all_data": False,
        "repair": False,
    }
    assert [param.schema["title"] for param in form.values()] == [
        "Motivo",
        "Solicitante",
        "Caso",
        "Aceptar que sea mucho menor que la anterior",
        "Leer todos los datos guardados",
        "Reparar los repositorios",
    ]
    assert all(param.description for param in form.values())
    assert {form[name].schema["type"] for name in ("accept_shrink", "read_all_data", "repair")} == {"boolean"}


def test_a_verified_copy_publishes_the_scopes_asset(dag):
    # As anybody writes it who schedules a DAG on it: Airflow adds a slash to both.
    wanted = Asset(name="respaldo_nomina", uri="respaldo://nomina")
    assert dag.task_dict["verify"].outlets == [wanted]


def test_a_dag_survives_being_serialized(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    told = DagSerialization.to_dict(dag)
    DagSerialization.validate_schema(told)
    again = DagSerialization.from_dict(told)
    assert again.task_dict.keys() == dag.task_dict.keys()
    assert again.task_dict["record"].trigger_rule == "all_done"
    assert again.task_dict["watcher"].trigger_rule == "one_failed"
    assert again.dag_display_name == dag.dag_display_name
    assert {t.task_id: t.downstream_task_ids for t in again.tasks} == {
        t.task_id: t.downstream_task_ids for t in dag.tasks
    }


def test_reading_a_dag_twice_makes_no_new_version_of_it(write_scope, dags):
    from airflow.serialization.serialized_objects import DagSerialization

    write_scope("nomina")
    first, second = (DagSerialization.to_dict(dags()["backup__nomina"]) for _ in range(2))
    assert first == second


def test_what_is_on_a_machine_is_told_with_its_name(write_scope, scope_dags):
    write_scope("nomina", source={"kind": "files", "host": "archivo", "paths": ["/srv/nomina"]})
    assert "`archivo:/srv/nomina`" in scope_dags()["backup__nomina"].doc_md
