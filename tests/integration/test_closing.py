"""How a run's row is closed: what nobody did is never taken for done."""

from types import SimpleNamespace

import pytest

from airflow_kit import connection_to
from respaldo.config.home import Home
from respaldo.domain.values import Run
from respaldo.flows.closing import close
from respaldo.flows.workplace import Workplace

RUN = Run(dag_id="backup__actas", run_id="manual__1", scope_id="actas")


@pytest.fixture
def closed(report, report_database, airflow_home, tmp_path, monkeypatch):
    """Close a run whose steps ended like that, and give its row."""
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(report_database))

    def close_it(results=None, causes=None, **states):
        airflow = SimpleNamespace(
            dag_id=RUN.dag_id,
            run_id=RUN.run_id,
            get_task_states=lambda **_: {RUN.run_id: states},
            xcom_pull=lambda task_ids, key=None: ((causes if key else results) or {}).get(task_ids),
        )
        task = SimpleNamespace(get_flat_relative_ids=lambda **_: set(states))
        following = close(Workplace(RUN, {"ti": airflow, "task": task}, report, Home(tmp_path)))
        return report.row(RUN.key), following

    return close_it


def test_a_run_whose_steps_all_gave_their_results_is_good(closed):
    row, following = closed({"plan": {}, "execute": {}}, plan="success", execute="success")
    assert (row["state"], row["cause"], following) == ("succeeded", None, None)


@pytest.mark.parametrize("state", ["success", "skipped"])
def test_a_step_that_somebody_marked_makes_no_good_run(closed, state):
    row, following = closed({"plan": {}, "perform": {}}, plan="success", perform="success", verify=state)
    assert (row["state"], row["cause"], row["failed_step"]) == ("interrupted", "cancelled", "verify")
    assert following is not None


@pytest.mark.parametrize(("step", "state"), [("perform", "not_executed"), ("verify", "failed")])
def test_where_nobody_can_make_a_copy_nothing_was_executed_and_one_that_nobody_can_verify_was(
    closed, step, state
):
    row, following = closed({"plan": {}}, {step: "nobody_to_ask"}, plan="success", **{step: "failed"})
    assert row["state"] == state
    assert following is not None
