"""A task or its restic is killed: the retry finishes the run with one snapshot in each repository."""

import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

# The first test waits for the installation to start and for a round of runs.
pytestmark = pytest.mark.timeout(900)

MEGABYTES = 240


def _at_work(live, verb, scope, repository):
    """Give the restic that does ``verb`` when data is already in the repository."""
    data = live.location(repository, scope) / "data"
    _wait_for(lambda: any(data.glob("*/*")))
    return _wait_for(lambda: live.restic_process(verb, scope))


def _kill_task(live, verb, scope, repository):
    psutil.Process(_at_work(live, verb, scope, repository).ppid()).kill()


def _kill_task_when_saved(live, scope):
    """Kill the task when its snapshot is in the repository, before it can tell anybody."""
    task = psutil.Process(_at_work(live, "backup", scope, "principal").ppid())
    snapshots = live.location("principal", scope) / "snapshots"
    _wait_for(lambda: any(snapshots.iterdir()))
    task.kill()


AMBUSHES = {
    "muerte_temprana": lambda live, scope: _kill_task(live, "backup", scope, "principal"),
    "muerte_tardia": _kill_task_when_saved,
    "muerte_copia": lambda live, scope: _kill_task(live, "copy", scope, "secundario"),
    "muerte_restic": lambda live, scope: _at_work(live, "backup", scope, "principal").kill(),
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
