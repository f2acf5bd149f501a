"""A whole embedded installation, with a real scheduler: started, used, broken, stopped."""

import contextlib
import os
import re
import shutil
import signal
import socket
import stat
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from respaldo.embedded import processes
from respaldo.embedded.installation import Installation
from respaldo.embedded.settings import Settings
from respaldo.embedded.supervisor import Supervisor

pytestmark = pytest.mark.timeout(300)

SETTINGS = Settings(
    title="Prueba",
    users={"admin": "admin", "director": "user"},
    pools={"copias": 2},
    repositories={"principal": "respaldo_principal"},
)

DAGS = """
import time
from airflow.sdk import dag, task

@dag(schedule=None)
def short():
    @task
    def one(): return 1
    @task
    def two(number): assert number == 1
    two(one())

@dag(schedule=None)
def long():
    @task
    def wait(): time.sleep(600)
    wait()

short()
long()
"""


@pytest.fixture(scope="module")
def installation():
    # Not pytest's folder: there, a user other than root could not reach PostgreSQL's.
    project = Path(tempfile.mkdtemp(prefix="respaldo-embedded-", dir="/tmp"))
    project.chmod(0o755)
    (project / "dags").mkdir()
    (project / "plugins").mkdir()
    (project / "dags" / "prueba.py").write_text(DAGS)
    installation = Installation.open(project)
    try:
        yield installation
    finally:
        installation.stop()
        shutil.rmtree(project)


@pytest.fixture
def running(installation, monkeypatch):
    # What another Airflow left in the shell must not reach ours.
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "NoSuchExecutor")
    installation.start(SETTINGS)
    return installation


def trigger(installation, dag: str) -> str:
    """Trigger a DAG as soon as it is known, and give the path of its run."""
    wait_for(lambda: dag in [known["dag_id"] for known in installation.api.get("dags")["dags"]])
    installation.api.patch(f"dags/{dag}", {"is_paused": False})
    run = installation.api.post(f"dags/{dag}/dagRuns", {"logical_date": None})
    return f"dags/{dag}/dagRuns/{run['dag_run_id']}"


def wait_for(condition, seconds=90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


def state(installation, run: str) -> str:
    return installation.api.get(run)["state"]


def marked(installation) -> dict[int, float]:
    """Give each process of the installation and when it began."""
    return {process.pid: process.create_time() for process in processes.of_installation(installation.layout)}


def programs(installation) -> dict[int, float]:
    """Give what the supervisor started, and when: not what comes and goes, such as who reads a DAG."""
    marked_now = processes.of_installation(installation.layout)
    [supervisor] = [one for one in marked_now if "supervisor.supervisord" in one.cmdline()]
    return {one.pid: one.create_time() for one in supervisor.children()}


def test_a_dag_of_the_project_runs(running):
    run = trigger(running, "short")
    wait_for(lambda: state(running, run) in ("success", "failed"))
    assert state(running, run) == "success"


def test_starting_what_runs_changes_nothing(running):
    before = programs(running)
    assert len(before) > 3
    running.start(SETTINGS)
    assert programs(running) == before


def test_it_says_that_it_is_well(running):
    status = running.status()
    assert set(status.programs.values()) == {"RUNNING"}
    assert status.health.is_good()
    assert status.orphans == ()


def test_the_people_of_the_configuration_can_enter(running):
    assert running.api_of("director").get("dags")["total_entries"] == 2


def test_a_connection_that_somebody_changed_stays_so(running):
    path = "connections/respaldo_principal"
    changed = {"connection_id": "respaldo_principal", "conn_type": "restic", "description": "la mía"}
    running.api.patch(path, changed, update_mask="description")
    running.start(SETTINGS.model_copy(update={"pools": {"copias": 3, "nuevo": 1}}))
    assert running.api.get(path)["description"] == "la mía"
    assert running.api.get("pools/nuevo")["slots"] == 1
    assert running.api.get("pools/copias")["slots"] == 3


def test_it_listens_on_this_machine_only(running):
    listening = set()
    for process in processes.of_installation(running.layout):
        # An ordinary user may not look into a worker that has run a task.
        with contextlib.suppress(psutil.AccessDenied):
            opened = process.net_connections("inet")
            listening |= {one.laddr for one in opened if one.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", running.port)}


def test_secrets_are_readable_by_the_owner_only_and_written_nowhere_else(running):
    layout = running.layout
    private = [layout.airflow_cfg, *layout.secrets.iterdir()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in private} == {0o600}
    assert stat.S_IMODE(layout.secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE(layout.server_sockets.stat().st_mode) == 0o700
    secrets = [file.read_text() for file in layout.secrets.iterdir() if file != layout.passwords]
    secrets += [running.password_of(user) for user in SETTINGS.users]
    told = re.compile("|".join(map(re.escape, secrets)))
    others = [layout.env_file, *(file for file in layout.run.rglob("*") if file.is_file())]
    assert [file for file in others if told.search(file.read_text(errors="replace"))] == []


def test_it_comes_back_after_everything_was_killed_and_its_port_was_taken(running):
    port = running.port
    for process in processes.of_installation(running.layout):
        process.kill()
    wait_for(lambda: not marked(running))
    with socket.create_server(("127.0.0.1", port), reuse_port=False):
        running.start(SETTINGS)
        assert running.port > port
    run = trigger(running, "short")
    wait_for(lambda: state(running, run) in ("success", "failed"))
    assert state(running, run) == "success"


def test_stopping_leaves_nothing_even_after_the_scheduler_was_killed(running):
    run = trigger(running, "long")
    wait_for(lambda: running.api.get(f"{run}/taskInstances/wait")["state"] == "running")
    before = marked(running)
    os.kill(Supervisor(running.layout).pid("scheduler"), signal.SIGKILL)
    running.stop()
    assert marked(running) == {}
    left = [pid for pid in before if psutil.pid_exists(pid)]
    assert [pid for pid in left if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE] == []
    assert not running.layout.sockets.exists()
