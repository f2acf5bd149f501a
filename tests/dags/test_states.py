"""What a task that closes a run sees of the others."""

from types import SimpleNamespace

import pytest

from respaldo.config.home import Home
from respaldo.domain.values import Endpoint, Run
from respaldo.flows.workplace import Workplace
from respaldo.report.spool import Spool
from respaldo.report.store import Report

STATES = {
    "plan": "success",
    "execute": "failed",
    "verify": "upstream_failed",
    "copy": None,
    "record": "running",
    "watcher": "failed",
}


@pytest.fixture
def seen_by(write_scope, dags, tmp_path):
    """Give the states that a task sees when Airflow answers with ``STATES``."""
    write_scope("nomina")
    dag = dags()["backup__nomina"]
    run = Run(dag_id="backup__nomina", run_id="manual__1", scope_id="nomina")
    airflow = SimpleNamespace(
        dag_id=run.dag_id, run_id=run.run_id, get_task_states=lambda **_: {run.run_id: STATES}
    )

    def states(task):
        context = {"ti": airflow, "task": dag.task_dict[task]}
        report = Report(Endpoint(name="report"), Spool(tmp_path / "spool"))
        return Workplace(run, context, report, Home(tmp_path)).states()

    return states


def test_record_does_not_take_the_watcher_that_failed_beside_it_for_a_cause(seen_by):
    assert seen_by("record") == {"plan": "success", "execute": "failed", "verify": "upstream_failed"}


def test_the_watcher_sees_every_step_that_failed(seen_by):
    assert {task for task, state in seen_by("watcher").items() if state == "failed"} == {"execute"}
