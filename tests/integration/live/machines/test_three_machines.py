"""Three machines over SSH, saved at once by one scheduler; one is cut off meanwhile and comes back."""

import contextlib
import os
import subprocess

import psutil
import pytest

from live_kit import wait_until
from machines_kit import THREE
from network_kit import DATA

pytestmark = pytest.mark.timeout(900)

LARGE_MB = 48


def fill(folder):
    (folder / "actas").mkdir()
    for number in range(20):
        (folder / "actas" / f"acta {number}.txt").write_text(f"{folder} {number}\n" * 50)
    with (folder / "datos.bin").open("wb") as file:
        for _ in range(LARGE_MB):
            file.write(os.urandom(1 << 20))


@pytest.fixture(scope="module")
def machines(stage):
    found = {name: stage.machines[name] for name in THREE}
    for one in found.values():
        fill(one.data)
    return found


@pytest.fixture(scope="module")
def seen():
    """What everybody on the machines could see of restic there."""
    return set()


@pytest.fixture(scope="module")
def outcomes(live, machines, seen):
    runs = {scope: live.trigger(scope) for scope in THREE}

    def all_at_work():
        working = [is_saving(one, seen) for one in machines.values()]
        return all(working)

    wait_until(all_at_work, "restic to work on all three at once", 0.1)
    lost = machines["maquina_tres"]
    lost.cut_off()
    outcomes = {scope: live.finish(runs[scope]) for scope in THREE if scope != "maquina_tres"}
    wait_until(lambda: tries(live, runs["maquina_tres"]) > 1, "the lost one to be tried again", 0.5)
    lost.bring_back()
    return outcomes | {"maquina_tres": live.finish(runs["maquina_tres"])}


def is_saving(machine, seen):
    """Whether restic saves there now; keep what everybody there can see of it."""
    words = set()
    for process in machine.processes("restic"):
        with contextlib.suppress(psutil.Error):
            words.update(process.cmdline())
            words.update(f"{name}={value}" for name, value in process.environ().items())
    seen |= words
    return "backup" in words


def tries(live, run):
    path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/execute"
    return live.installation.api.get(path)["try_number"]


@pytest.mark.parametrize("scope", THREE)
def test_each_is_saved_once_whatever_happened_to_another(live, machines, outcomes, scope, tmp_path):
    outcome = outcomes[scope]
    assert (outcome.state, outcome.row["state"], outcome.row["cause"]) == ("success", "succeeded", None)
    assert outcome.row["files"] == 21
    assert len(live.snapshots("principal", scope)) == len(live.snapshots("secundario", scope)) == 1
    for repository in ("principal", "secundario"):
        live.restic(repository, scope, "restore", "latest", "--target", tmp_path / repository)
        restored = f"{tmp_path}/{repository}{DATA}"
        subprocess.run(["diff", "--recursive", machines[scope].data, restored], check=True)


def test_only_the_one_that_was_cut_off_was_tried_again(outcomes):
    assert [outcomes[scope].tries["execute"] > 1 for scope in THREE] == [False, False, True]


def test_nothing_is_left_on_any_of_them(machines, outcomes):
    for one in machines.values():
        # The one that was cut off notices by itself.
        wait_until(lambda one=one: not any(one.temporary.iterdir()), "the folder to go", 0.5)
        assert one.processes("restic") == []
        assert list(one.server.files.iterdir()) == []


def test_nobody_on_a_machine_sees_a_secret(live, outcomes, seen):
    assert any("backup" in word for word in seen)
    secrets = {live.password("principal", scope) for scope in THREE}
    secrets |= {live.installation.master_secret("principal")}
    assert not [word for word in seen for secret in secrets if secret in word]
