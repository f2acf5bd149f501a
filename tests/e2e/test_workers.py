"""Two workers share the runs; one that is lost in the middle of a copy loses nothing."""

from __future__ import annotations

import time

import pytest

from e2e.engine_kit import Container, said, wait_until
from e2e.runs_kit import finish, held, see_one_good_copy, see_whole, task_above, trigger, waiting_shell
from e2e.scopes_kit import AFTER, DEMONSTRATION, DOCUMENTS, UPLOAD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROUNDS = 4


def test_the_demonstration_runs_on_both_workers(stack):
    workers, seen = {one.host for one in stack.each("worker")}, set()
    for _ in range(ROUNDS):
        runs = [trigger(stack, scope) for scope in DEMONSTRATION]
        for run in runs:
            outcome = finish(stack, run)
            see_one_good_copy(stack, run, outcome)
            assert outcome.rows[0]["trabajador"] in workers
            seen |= set(outcome.hosts.values()) & workers
        if seen == workers:
            return
    pytest.fail(f"only {seen} of {workers} ran anything")


def _kill_main(worker: Container, _scope: str, _place: str) -> None:
    worker.kill_main()


def _stop(worker: Container, _scope: str, _place: str) -> None:
    """Stop the container, with less patience than the copy needs."""
    said("docker", "stop", "--time", "3", worker.id)


def _kill_task(worker: Container, scope: str, place: str) -> None:
    shell = waiting_shell(worker, scope, place)
    assert shell is not None
    worker.kill(task_above(worker, shell).pid)


# With AFTER the snapshot is in the repository already: the second attempt must find it, and make no other.
LOSSES = {
    "muere_trabajador": (AFTER, _kill_main),
    "muere_parada": (UPLOAD, _stop),
    "muere_tarea": (AFTER, _kill_task),
}


@pytest.fixture(scope="module")
def lost(stack):
    """Give each scope's run after its loss. All come before the first of them is noticed, after a minute."""
    runs, stopped, begun = {}, [], time.monotonic()
    for scope, (place, lose) in LOSSES.items():
        with held(stack, scope, place) as (run, worker):
            lose(worker, scope, place)
        runs[scope] = run
        stopped += [worker] if not worker.is_running else []
        print(f"\n{scope}: lost after {time.monotonic() - begun:.0f} s")  # noqa: T201
    for worker in stopped:
        said("docker", "start", worker.id)
    return runs


@pytest.mark.parametrize("scope", list(LOSSES))
def test_a_copy_that_loses_its_worker_ends_well_and_once(stack, lost, scope):
    begun = time.monotonic()
    outcome = finish(stack, lost[scope])
    print(f"\n{scope}: waited for {time.monotonic() - begun:.0f} s, {outcome.tries}")  # noqa: T201
    # On a busy machine a second attempt may meet the next loss.
    assert outcome.tries["execute"] >= 2, outcome
    see_one_good_copy(stack, lost[scope], outcome)
    see_whole(stack, scope)


def test_every_row_is_told_once_and_the_history_is_whole(stack, lost):
    wait_until(stack.is_healthy, "both workers to be well again")
    rows = [row for row in stack.rows() if row["alcance_id"] in LOSSES]
    assert len({row["clave"] for row in rows}) == len(rows)
    assert "En espera: 0. Rechazados: 0." in stack.respaldo("db", "flush")
    assert stack.respaldo("verify-log")
    assert "está" in stack.respaldo("copies", DOCUMENTS)
