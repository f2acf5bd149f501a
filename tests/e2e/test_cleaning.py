"""What is old goes by itself, and neither what still runs nor anything of the report goes with it."""

import pytest

from e2e.runs_kit import finish, held, see_one_good_copy, trigger, wait_for_dag
from e2e.scopes_kit import DOCUMENTS, UPLOAD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LOGS = "/opt/respaldo/airflow/logs"
CLEAN = ("exec", "-T", "limpieza", "python", "-m", "respaldo.production", "clean")


def make_old(stack, run):
    """Make Airflow believe that a run ended two hundred days ago."""
    stack.sql(
        "airflow",
        f"""
        UPDATE dag_run
        SET end_date = end_date - interval '200 days', run_after = run_after - interval '200 days'
        WHERE dag_id = '{run.dag_id}' AND run_id = '{run.run_id}'
        """,  # noqa: S608  (the test's own words)
    )


def make_logs_old(stack, run):
    script = 'find "$1" -exec touch --date "200 days ago" {} +'
    stack.one("scheduler").said("sh", "-c", script, "sh", logs_of(run))


def logs_of(run):
    return f"{LOGS}/dag_id={run.dag_id}/run_id={run.run_id}"


def known(stack, run):
    """Whether Airflow knows a run, and whether its logs are there."""
    query = f"SELECT count(*) FROM dag_run WHERE dag_id = '{run.dag_id}' AND run_id = '{run.run_id}'"  # noqa: S608
    folders = stack.one("scheduler").said("ls", f"{LOGS}/dag_id={run.dag_id}").split()
    return int(stack.sql("airflow", query)), f"run_id={run.run_id}" in folders


def test_the_old_goes_and_what_runs_and_what_is_new_and_every_row_stay(stack):
    wait_for_dag(stack, DOCUMENTS)
    old, new = (trigger(stack, DOCUMENTS) for _ in range(2))
    outcomes = {run.run_id: finish(stack, run) for run in (old, new)}
    rows = stack.rows(DOCUMENTS)
    make_old(stack, old)
    make_logs_old(stack, old)
    with held(stack, "detenida", UPLOAD) as (waits, _):
        make_logs_old(stack, waits)
        told = stack.compose(*CLEAN)
        assert known(stack, old) == (0, False), told
        for run in (new, waits):
            assert known(stack, run) == (1, True), told
    outcome = finish(stack, waits)
    see_one_good_copy(stack, waits, outcome)
    assert stack.rows(DOCUMENTS) == rows
    see_one_good_copy(stack, old, outcomes[old.run_id])
    assert "que se borraron de Airflow: 1\n" in told


def test_it_says_so_by_itself_that_its_last_round_was_good(stack):
    assert stack.one("limpieza").facts["State"]["Health"]["Status"] == "healthy"
    assert "que se borraron de Airflow: " in stack.logs("limpieza")
