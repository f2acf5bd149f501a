"""Processes that are killed, stopped or lost, and runs that end without a word."""

import fcntl
import os
import signal
import time
from collections.abc import Sequence

import psutil

from faults import acts
from faults.case import Case, Scene, each
from live_kit import Outcome
from respaldo.embedded.supervisor import Supervisor

ONCE = {"retries": {"attempts": 1, "delay": "1s"}}
READ_ALL = {"verify": {"probe_files": 3, "read_data": "100%"}}
MEGABYTES = 24


def _itself(restic: psutil.Process) -> psutil.Process:
    return restic


def _task(restic: psutil.Process) -> psutil.Process:
    return restic.parent()


def _at_record(scene: Scene, act) -> None:
    """Hold up the step that closes the row, by a lock on that row, and do something meanwhile."""
    import psycopg

    endpoint = scene.live.installation.endpoint("respaldo")
    acts.wait_for_step(scene, "copy", "success")
    with psycopg.connect(host=endpoint.host, user=endpoint.user, dbname="respaldo") as holder:
        holder.execute("SELECT FROM respaldo.fm007 WHERE run_key = %s FOR UPDATE", (scene.run.key,))
        act(acts.task_of(scene, "record"))


def _kill_record(scene: Scene) -> None:
    _at_record(scene, lambda task: task.kill())


def _hold(verb: str):
    """Hold the task up, while restic does something, until it is hit."""

    def do(scene: Scene) -> None:
        restic = acts.caught(scene, verb)
        _await_the_blow(scene, _task(restic))
        restic.resume()

    return do


def _hold_record(scene: Scene) -> None:
    _at_record(scene, lambda task: _await_the_blow(scene, task))


def _await_the_blow(scene: Scene, task: psutil.Process) -> None:
    scene.kept["task"] = task
    scene.blow.wait()


def _kill_the_workers(scenes: Sequence[Scene]) -> None:
    """Kill the processes of the executor that the tasks run below.

    Not one that is idle: it holds the lock of the queue that all wait at, and would take it to its grave.
    """
    workers = [scene.kept["task"].parent() for scene in scenes]
    assert all("LocalExecutor" in " ".join(worker.cmdline()) for worker in workers), workers
    for worker in workers:
        worker.kill()


def _kill_the_scheduler(scenes: Sequence[Scene]) -> None:
    os.kill(Supervisor(scenes[0].live.installation.layout).pid("scheduler"), signal.SIGKILL)
    time.sleep(2)


def _stop_restic(scene: Scene) -> None:
    scene.kept["stopped"] = acts.caught(scene, "backup")


def _mark_it_failed(scene: Scene) -> None:
    restic = acts.caught(scene, "backup")
    scene.live.give_up(scene.run)
    restic.resume()


def _delete_it(scene: Scene) -> None:
    """Delete the run when somebody has ended it: Airflow deletes none that runs."""
    _mark_it_failed(scene)
    scene.live.installation.api.delete(f"dags/{scene.run.dag_id}/dagRuns/{scene.run.run_id}")


def _take_the_place(scene: Scene) -> None:
    """Hold the scope's lock, as a run that hangs would."""
    lock = os.open(scene.live.home / "locks" / f"{scene.scope}.lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    scene.kept["lock"] = lock


def _leave_the_place(scene: Scene) -> None:
    os.close(scene.kept["lock"])


def _trigger_another(scene: Scene) -> None:
    scene.kept["another"] = scene.live.trigger(scene.scope)


def _both_are_good(scene: Scene, outcome: Outcome) -> None:
    another = scene.live.finish(scene.kept["another"])
    assert (another.state, another.row["state"]) == ("success", "succeeded")
    assert outcome.row["ended_at"] <= another.row["started_at"]
    for repository in scene.repositories:
        assert len(scene.live.snapshots(repository, scene.scope)) == 3


def _tried_twice(step: str):
    """A retry finished what an attempt that was killed began, once."""

    def look(scene: Scene, outcome: Outcome) -> None:
        assert outcome.row["attempts"][step] == 2, outcome.row["attempts"]
        _is_there_once(scene, outcome)

    return look


def _is_there_once(scene: Scene, _: Outcome) -> None:
    for repository in scene.repositories:
        tagged = [one for one in scene.live.snapshots(repository, scene.scope)
                  if set(scene.run.tags) <= set(one["tags"])]  # fmt: skip
        assert len(tagged) == 1


def _kill(verb: str, victim, number: int = signal.SIGKILL):
    return acts.killed(verb, victim, number)


STEPS = {
    "guardar": ("execute", _hold("backup")),
    "verificar": ("verify", _hold("check")),
    "copiar": ("copy", _hold("copy")),
    "registrar": ("record", _hold_record),
}


def _case(name: str, cause: str | None, **what) -> Case:
    return Case(name, cause, **({"inject": acts.change_all, "megabytes": MEGABYTES} | what))


CASES = (
    _case("restic_muerto", "engine_killed", during=_kill("backup", _itself), step="execute", scope=ONCE),
    _case("restic_muerto_una_vez", None, during=_kill("backup", _itself), also=_tried_twice("execute")),
    _case(
        "lectura_muerta_una_vez",
        None,
        during=_kill("check", _itself),
        scope=READ_ALL,
        also=_tried_twice("verify"),
    ),
    _case("copia_muerta_una_vez", None, during=_kill("copy", _itself), also=_tried_twice("copy")),
    _case(
        "tarea_muerta",
        "interrupted",
        during=_kill("backup", _task),
        step="execute",
        state="interrupted",
        scope=ONCE,
        is_rerun=True,
    ),
    _case(
        "verificacion_muerta",
        "interrupted",
        during=_kill("check", _task),
        step="verify",
        state="interrupted",
        scope=ONCE | READ_ALL,
        is_rerun=True,
    ),
    _case(
        "copia_sin_tarea",
        "interrupted",
        during=_kill("copy", _task),
        step="copy",
        state="interrupted",
        scope=ONCE,
        is_rerun=True,
    ),
    _case("registro_muerto_una_vez", None, during=_kill_record),
    _case(
        "registro_muerto",
        "run_lost",
        during=_kill_record,
        finish=acts.finished_by_the_watch,
        step="record",
        state="interrupted",
        scope=ONCE,
        is_rerun=True,
    ),
    _case(
        "tarea_terminada",
        "cancelled",
        during=_kill("backup", _task, signal.SIGTERM),
        step="execute",
        scope=ONCE,
    ),
    _case(
        "tarea_terminada_una_vez",
        None,
        during=_kill("backup", _task, signal.SIGTERM),
        also=_tried_twice("execute"),
    ),
    _case(
        "fuera_de_tiempo",
        "timed_out",
        during=_stop_restic,
        step="execute",
        scope={"timeout": "30s"},
        is_long=True,
    ),
    _case(
        "marcada_como_fallida",
        "cancelled",
        during=_mark_it_failed,
        finish=acts.finished_by_the_watch,
        step="execute",
        state="interrupted",
    ),
    _case(
        "ejecucion_borrada",
        "run_lost",
        during=_delete_it,
        finish=acts.finished_by_the_watch,
        step="execute",
        state="interrupted",
        is_rerun=True,
    ),
    _case(
        "ya_en_curso",
        "already_running",
        inject=_take_the_place,
        mend=_leave_the_place,
        step="execute",
        scope=ONCE,
        is_long=True,
    ),
    Case("dos_a_la_vez", None, inject=lambda _: None, during=_trigger_another, also=_both_are_good),
    *(
        _case(
            f"trabajador_muerto_al_{doing}",
            None,
            during=during,
            also=_tried_twice(step),
            scope=READ_ALL,
            disturbs=True,
            blow=_kill_the_workers,
        )
        for doing, (step, during) in STEPS.items()
    ),
    *(
        _case(
            f"planificador_muerto_al_{doing}",
            None,
            during=during,
            also=_is_there_once,
            scope=READ_ALL,
            disturbs=True,
            blow=_kill_the_scheduler,
        )
        for doing, (_, during) in STEPS.items()
    ),
)


@each(CASES)
def test_a_run_that_is_disturbed_is_told_harms_no_good_copy_and_is_made_up_for(case, campaign):
    campaign.see(case)
