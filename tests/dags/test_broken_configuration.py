"""A broken file shows as red DAGs that say what is wrong, and hides nobody else's."""

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowFailException

from respaldo.domain.errors import InvalidConfigurationError
from respaldo.flows.backup import STEPS
from respaldo.flows.scopes import airflow_backup_dags

INVALID = "alcance-invalido"


@pytest.fixture(autouse=True)
def no_report(monkeypatch):
    """Without a report: that its row is written, the campaign of faults shows."""
    monkeypatch.setattr("respaldo.flows.closing.refuse", lambda *_: None)


def _told(dag):
    [task] = dag.tasks
    with pytest.raises(AirflowFailException) as told:
        task.execute({})
    return str(told.value)


def test_a_broken_scope_has_its_own_red_dag_and_the_others_load(write_scope, scope_dags):
    write_scope("nomina")
    broken = write_scope("compras", repository="principl")
    found = scope_dags()
    assert {dag_id: INVALID in dag.tags for dag_id, dag in found.items()} == {
        "backup__nomina": False,
        "backup__compras": True,
    }
    red = found["backup__compras"]
    told = _told(red)
    line = broken.read_text().splitlines().index("repository: principl") + 1
    assert told.startswith(f"{broken}:{line}: repository: no hay un repositorio «principl»")
    assert told.endswith("¿Quiso escribir «principal»?")
    assert told in red.doc_md
    assert red.dag_display_name == "Alcance inválido · compras"
    assert red.schedule is not None
    assert red.tasks[0].retries == 0


def test_a_scope_that_is_no_yaml_has_its_red_dag(write_scope, scope_dags, configuration):
    write_scope("nomina")
    (configuration / "scopes" / "compras.yaml").write_text("name: [\n")
    found = scope_dags()
    assert INVALID not in found["backup__nomina"].tags
    assert "compras.yaml:2:" in _told(found["backup__compras"])


@pytest.mark.parametrize("name", ["organization.yaml", "repositories.yaml"])
def test_a_broken_common_file_makes_every_scope_red(write_scope, scope_dags, configuration, name):
    for scope_id in ("nomina", "compras"):
        write_scope(scope_id)
    with (configuration / name).open("a") as file:
        file.write("sobra: {a: 1}\n")
    found = scope_dags()
    assert set(found) == {"backup__nomina", "backup__compras"}
    for dag in found.values():
        assert INVALID in dag.tags
        assert name in _told(dag)


def test_the_tasks_of_a_run_that_began_before_the_file_was_broken_still_find_themselves(
    write_scope, as_a_task_of
):
    write_scope("compras", repository="principl")
    as_a_task_of("backup__compras")
    dag = airflow_backup_dags()["backup__compras"]
    steps = {*STEPS, "inspect", "perform"}
    assert set(dag.task_dict) == {"configuration", *steps, "watcher"}
    assert dag.task_dict["record"].get_flat_relative_ids(upstream=True) == steps - {"record"}
    # An answer, or the end of its time, wakes a question by this name.
    assert all(hasattr(dag.task_dict[question], "execute_complete") for question in ("perform", "verify"))
    decision = dag.task_dict["plan"].retry_policy.evaluate(InvalidConfigurationError(), 1, 3)
    assert decision.action is RetryAction.FAIL


def test_a_red_dag_survives_being_serialized(write_scope, scope_dags):
    from airflow.serialization.serialized_objects import DagSerialization

    write_scope("compras", rpo="mañana")
    told = DagSerialization.to_dict(scope_dags()["backup__compras"])
    DagSerialization.validate_schema(told)
    assert DagSerialization.from_dict(told).dag_id == "backup__compras"


def test_a_scope_with_a_file_name_that_is_no_identifier_still_shows(write_scope, scope_dags):
    write_scope("nomina")
    write_scope("Copia Vieja (2)")
    found = scope_dags()
    assert INVALID not in found["backup__nomina"].tags
    [red] = (dag for dag in found.values() if INVALID in dag.tags)
    assert "Copia Vieja (2)" in _told(red)
