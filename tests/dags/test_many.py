"""Many scopes: all of them read, and none but its own for a task. `make bench` tells what a thousand cost."""

import pytest
from airflow.sdk.definitions.param import process_params

from respaldo.config import configuration
from respaldo.flows.scopes import airflow_backup_dags

COUNT = 50


@pytest.fixture
def many(write_scope):
    for number in range(COUNT):
        write_scope(f"alcance_{number:02}")


def test_each_scope_has_its_dag(many):
    assert set(airflow_backup_dags()) == {f"backup__alcance_{number:02}" for number in range(COUNT)}


def test_a_task_reads_only_its_own_scope(many, as_a_task_of, monkeypatch):
    opened = []

    def read(path):
        opened.append(path.stem)
        return real(path)

    real = configuration.read
    monkeypatch.setattr(configuration, "read", read)
    as_a_task_of("backup__alcance_33")
    assert set(airflow_backup_dags()) == {"backup__alcance_33"}
    assert opened == ["organization", "repositories", "alcance_33"]


def test_the_form_is_checked_once_a_scope_and_its_values_reach_every_task(many):
    dag = airflow_backup_dags()["backup__alcance_33"]
    for task in dag.tasks:
        assert not task.params
        filled = process_params(dag, task, {"reason": "Cierre"}, suppress_exception=False)
        assert filled == {
            "reason": "Cierre",
            "requester": None,
            "ticket": None,
            "accept_shrink": False,
            "read_all_data": False,
            "repair": False,
        }
