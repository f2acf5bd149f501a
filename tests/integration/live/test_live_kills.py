"""A task or its restic is killed: the retry finishes the run with one snapshot in each repository."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

# The first test waits for the installation to start and for a round of runs.
pytestmark = pytest.mark.timeout(900)

MEGABYTES = 160


def _kill_while(live, verb, scope, victim):
    """Wait for the restic that does ``verb``, and kill it or the task that waits for it."""
    found = _wait_for(lambda: live.restic_process(verb, scope))
    (psutil.Process(found.ppid()) if victim == "task" else found).send_signal(signal.SIGKILL)


def _kill_when_saved(live, scope):
    """Kill the task when its snapshot is in the repository, before it can tell anybody."""
    _wait_for(lambda: live.restic_process("backup", scope))
    task = psutil.Process(live.restic_process("backup", scope).ppid())
    snapshots = live.location("principal", scope) / "snapshots"
    _wait_for(lambda: snapshots.is_dir() and any(snapshots.iterdir()))
    task.send_signal(signal.SIGKILL)


AMBUSHES = {
    "muerte_temprana": lambda live, scope: _kill_while(live, "backup", scope, "task"),
    "muerte_tardia": _kill_when_saved,
    "muerte_copia": lambda live, scope: _kill_while(live, "copy", scope, "task"),
    "muerte_restic": lambda live, scope: _kill_while(live, "backup", scope, "restic"),
}


def _wait_for(found):
    deadline = time.monotonic() + 90
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return result


@pytest.fixture(scope="module")
def killed(live):
    """All four at once: each is ambushed once, in its first attempt."""

    def case(scope):
        live.fill(scope, MEGABYTES)
        run = live.trigger(scope)
        AMBUSHES[scope](live, scope)
        return run, live.finish(run)

    with ThreadPoolExecutor() as pool:
        return dict(zip(AMBUSHES, pool.map(case, AMBUSHES), strict=True))


@pytest.mark.parametrize(
    ("scope", "step"),
    [
        ("muerte_temprana", "execute"),
        ("muerte_tardia", "execute"),
        ("muerte_copia", "copy"),
        ("muerte_restic", "execute"),
    ],
)
def test_the_retry_after_a_kill_finishes_the_run_once(killed, live, scope, step):
    run, outcome = killed[scope]
    assert outcome.state == "success", outcome
    assert outcome.tries[step] == 2
    assert outcome.row["state"] == "succeeded"
    assert outcome.row["cause"] is None
    assert outcome.row["attempts"][step] == 2
    rows = live.sql("respaldo", "SELECT count(*) FROM respaldo.fm007 WHERE scope_id = %s", scope)
    assert rows == [(1,)]
    for repository in ("principal", "secundario"):
        snapshots = live.snapshots(repository, scope)
        assert len(snapshots) == 1
        assert set(run.tags) <= set(snapshots[0]["tags"])
        live.restic(repository, scope, "check")
