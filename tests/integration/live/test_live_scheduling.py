"""What the scheduler does with runs and with scope files while the installation runs."""

from datetime import datetime

import pytest

from respaldo.flows.requests.names import RESTORE_REQUEST
from respaldo.flows.routing import AT_THE_SCOPE
from respaldo.texts.requests import TASK_TITLES

# The first test waits for the installation to start and for a round of runs.
pytestmark = pytest.mark.timeout(900)


def test_two_runs_triggered_at_once_queue_one_after_the_other(live):
    live.fill("cola")
    runs = [live.trigger("cola"), live.trigger("cola")]
    outcomes = [live.finish(run) for run in runs]
    assert [outcome.state for outcome in outcomes] == ["success", "success"]
    first, second = sorted((outcome.row for outcome in outcomes), key=lambda row: row["started_at"])
    assert isinstance(first["ended_at"], datetime)
    assert first["ended_at"] <= second["started_at"]
    assert [row["attempts"] for row in (first, second)] == [dict.fromkeys(first["attempts"], 1)] * 2
    for repository in ("principal", "secundario"):
        assert len(live.snapshots(repository, "cola")) == 2


def test_a_scope_file_broken_while_all_runs_turns_red_and_recovers(live):
    file, dag = live.scope_file("roto"), "dags/backup__roto"
    good = file.read_text()
    live.fill("roto")

    def tags():
        return {tag["name"] for tag in live.installation.api.get(dag)["tags"]}

    live.reparse("roto")
    assert "alcance-invalido" not in tags()
    file.write_text(good.replace("principal", "principl"))
    # The scheduler still has the good DAG: its tasks find the broken file.
    overtaken = live.finish(live.trigger("roto"))
    live.reparse("roto")
    assert "alcance-invalido" in tags()
    broken = live.finish(live.trigger("roto"))
    told = live.installation.api.get(f"{dag}/details")["doc_md"]

    file.write_text(good)
    live.reparse("roto")
    assert "alcance-invalido" not in tags()
    mended = live.finish(live.trigger("roto"))

    assert overtaken.state == "failed"
    assert overtaken.tries["plan"] == 1
    assert (overtaken.row["state"], overtaken.row["cause"]) == ("failed", "invalid_configuration")
    assert "¿Quiso escribir «principal»?" in overtaken.row["cause_detail"]
    assert (broken.state, broken.tasks) == ("failed", {"configuration": "failed"})
    assert (broken.row["state"], broken.row["cause"]) == ("failed", "invalid_configuration")
    assert "¿Quiso escribir «principal»?" in told
    assert mended.state == "success"


def test_what_a_request_needs_the_scopes_disk_for_is_sent_to_the_worker_of_its_queue(live):
    api = live.installation.api
    form = {"requester": "Ana Ruiz", "what_happened": "Se borró", "scope": "pide_original"}
    before = api.get(f"dags/{RESTORE_REQUEST}")["is_paused"]
    # Switched off nothing of it runs: Airflow does not remove a run that has begun.
    api.patch(f"dags/{RESTORE_REQUEST}", {"is_paused": True})
    run = api.post(f"dags/{RESTORE_REQUEST}/dagRuns", {"logical_date": None, "conf": form})
    run = f"dags/{RESTORE_REQUEST}/dagRuns/{run['dag_run_id']}"
    try:
        tasks = {task["task_id"]: task for task in api.get(f"{run}/taskInstances")["task_instances"]}
    finally:
        api.delete(run)
        api.patch(f"dags/{RESTORE_REQUEST}", {"is_paused": before})
    assert {name for name, task in tasks.items() if task["queue"] == "sede"} == AT_THE_SCOPE
    assert {task["queue"] for task in tasks.values()} == {"default", "sede"}
    assert {name: task["task_display_name"] for name, task in tasks.items()} == TASK_TITLES
