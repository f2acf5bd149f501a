"""Two workers share the runs; one that is lost in the middle of a copy loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from e2e import scopes_kit
from e2e.engine_kit import Container, said, wait_until
from e2e.runs_kit import finish, held, see_one_good_copy, task_above, trigger, waiting_shell
from e2e.scopes_kit import AFTER, DEMONSTRATION, UPLOAD

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


@pytest.mark.parametrize(
    ("scope", "place", "lose"),
    [
        # Its snapshot is already in the repository: the second attempt must find it, and not make another.
        ("muere_trabajador", AFTER, _kill_main),
        ("muere_parada", UPLOAD, _stop),
        ("muere_tarea", AFTER, _kill_task),
    ],
)
def test_a_copy_that_loses_its_worker_ends_well_and_once(
    stack, scope: str, place: str, lose: Callable[[Container, str, str], None]
):
    with held(stack, scope, place) as (run, worker):
        begun = time.monotonic()
        lose(worker, scope, place)
    outcome = finish(stack, run)
    print(f"\n{scope}: over {time.monotonic() - begun:.0f} s after the loss, {outcome.tries}")  # noqa: T201
    assert outcome.tries["execute"] == 2, outcome
    see_one_good_copy(stack, run, outcome)
    if not worker.is_running:
        said("docker", "start", worker.id)
    wait_until(stack.is_healthy, "both workers to be well again")


def test_no_copy_was_made_that_no_row_tells_of(stack):
    """What waits in a spool, or came twice, would show here."""
    rows = [row for row in stack.rows() if row["alcance_id"].startswith("muere_")]
    assert len({row["clave"] for row in rows}) == len(rows)
    assert "En espera: 0. Rechazados: 0." in stack.respaldo("db", "flush")
    assert stack.respaldo("verify-log")
    assert scopes_kit.DOCUMENTS in stack.respaldo("copies", scopes_kit.DOCUMENTS)
