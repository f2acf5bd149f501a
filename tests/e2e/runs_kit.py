"""Runs of scopes: begun, held, waited for, and looked at where they leave something."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import SecretStr

from e2e import scopes_kit
from e2e.engine_kit import Container, Process, wait_until
from e2e.stack_kit import Stack
from respaldo.domain.values import Run
from respaldo.embedded.errors import ApiError
from respaldo.restic.passwords import derive_password
from respaldo.texts.report import TERMS

RUN_SECONDS = 420
"""More than a run lasts that lost its worker once."""

OVER = ("success", "failed")
REPOSITORIES = ("principal", "secundario")
GOOD = {TERMS["state"][state] for state in ("succeeded", "succeeded_with_warnings")}
SHELL = "sh -c "


@dataclass(frozen=True)
class Outcome:
    """What Airflow and the report say of a run that is over."""

    state: str
    tasks: dict[str, str]
    tries: dict[str, int]
    hosts: dict[str, str]
    """Where each task ran last."""
    rows: list[dict[str, Any]]


def dag_of(scope: str) -> str:
    return f"backup__{scope}"


def wait_for_dag(stack: Stack, scope: str, seconds: float = 180) -> dict[str, Any]:
    """Wait until Airflow has read a scope's file, and give what it knows of its DAG."""

    def known() -> dict[str, Any] | None:
        with contextlib.suppress(ApiError):
            return stack.api.get(f"dags/{dag_of(scope)}/details")  # type: ignore[no-any-return]
        return None

    found: dict[str, Any] = wait_until(known, f"the DAG of {scope}", seconds)
    return found


def trigger(stack: Stack, scope: str, **conf: Any) -> Run:
    """Start a run as somebody would with the form."""
    stack.api.patch(f"dags/{dag_of(scope)}", {"is_paused": False})
    made = stack.api.post(f"dags/{dag_of(scope)}/dagRuns", {"logical_date": None, "conf": conf})
    return Run(dag_id=dag_of(scope), run_id=made["dag_run_id"], scope_id=scope)


def begun_by_itself(stack: Stack, scope: str) -> Run:
    """Wait for the first run that a scope's schedule begins, and give it."""

    def first() -> list[dict[str, Any]]:
        asked = {"run_type": "scheduled", "order_by": "id", "limit": 1}
        found: list[dict[str, Any]] = stack.api.get(f"dags/{dag_of(scope)}/dagRuns", **asked)["dag_runs"]
        return found

    [begun] = wait_until(first, f"{scope} to begin by itself", 120)
    return Run(dag_id=dag_of(scope), run_id=begun["dag_run_id"], scope_id=scope)


def tasks_of(stack: Stack, run: Run) -> list[dict[str, Any]]:
    path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
    found: list[dict[str, Any]] = stack.api.get(path)["task_instances"]
    return found


def state_of(stack: Stack, run: Run) -> str | None:
    """Give a run's state; None while nobody answers, because something is being killed."""
    with contextlib.suppress(ApiError):
        return str(stack.api.get(f"dags/{run.dag_id}/dagRuns/{run.run_id}")["state"])
    return None


def finish(stack: Stack, run: Run, seconds: float = RUN_SECONDS) -> Outcome:
    """Wait until a run is over, and look at all of it."""
    wait_until(lambda: state_of(stack, run) in OVER, f"{run.scope_id} to be over", seconds)
    state, tasks = state_of(stack, run), tasks_of(stack, run)
    return Outcome(
        state=str(state),
        tasks={task["task_id"]: task["state"] for task in tasks},
        tries={task["task_id"]: task["try_number"] for task in tasks},
        hosts={task["task_id"]: task["hostname"] for task in tasks},
        rows=[row for row in stack.rows(run.scope_id) if row["clave"] == run.key],
    )


# --- held runs


@contextlib.contextmanager
def held(stack: Stack, scope: str, place: str) -> Iterator[tuple[Run, Container]]:
    """Begin a run and hold it in `execute`; give it, and the container that holds it. Let it go after."""
    file = stack.data / scopes_kit.held_by(scope, place)
    file.parent.mkdir(exist_ok=True)
    file.touch()
    try:
        run = trigger(stack, scope)
        holder = wait_until(lambda: holder_of(stack, scope, place), f"{scope} to be held", 120)
        yield run, holder
    finally:
        file.unlink()


def holder_of(stack: Stack, scope: str, place: str) -> Container | None:
    """Find the container in which a scope is held."""
    workers = (one for one in stack.all() if one.service.startswith("worker"))
    return next((one for one in workers if waiting_shell(one, scope, place)), None)


def waiting_shell(container: Container, scope: str, place: str) -> Process | None:
    """Find the shell that waits for a scope's file to be gone: it has come to its first pause."""
    found = container.processes()
    sleepers = {one.parent for one in found if one.line.startswith("sleep ")}
    its_own = scopes_kit.held_by(scope, place)
    return next(
        (one for one in found if one.pid in sleepers and one.line.startswith(SHELL) and its_own in one.line),
        None,
    )


def task_above(container: Container, below: Process) -> Process:
    """Find the process of the task that a process was begun by, however far above."""
    known = {one.pid: one for one in container.processes()}
    above = known[below.pid]
    while not above.line.startswith("airflow worker"):
        above = known[above.parent]
    return above


# --- what a run leaves


def restic(stack: Stack, repository: str, scope: str, *words: str) -> str:
    """Call restic as somebody would who has only the secrets, in a container of the stack."""
    known = yaml.safe_load((stack.config / "repositories.yaml").read_text())[repository]
    master = SecretStr(stack.secret(f"master_{repository}"))
    secrets = {
        "RESTIC_PASSWORD": derive_password(master, repository, scope).get_secret_value(),
        "RESTIC_REST_USERNAME": "respaldo",
        "RESTIC_REST_PASSWORD": stack.secret(f"{repository}_password"),
    }
    where = f"{known['location'].rstrip('/')}/{scope}/"
    line = ("restic", "--repo", where, "--no-cache", "--no-lock", *words)
    return stack.one("scheduler").said(*line, secrets=secrets)


def snapshots(stack: Stack, repository: str, scope: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(restic(stack, repository, scope, "snapshots", "--json"))
    return found


def see_one_good_copy(stack: Stack, run: Run, outcome: Outcome) -> None:
    """See that a run is good, whatever befell it: one row, its attempts told, a snapshot each."""
    assert outcome.state == "success", outcome
    [row] = outcome.rows
    assert row["estado"] in GOOD, row
    assert row["causa_codigo"] is None, row
    told = {
        step: row["intentos_por_paso"][TERMS["step"][step]]
        for step, state in outcome.tasks.items()
        if state == "success"
    }
    assert told == {step: outcome.tries[step] for step in told}, (row, outcome)
    for repository, column in zip(REPOSITORIES, ("copia", "segunda_copia"), strict=True):
        its_own = [
            one for one in snapshots(stack, repository, run.scope_id) if set(run.tags) <= set(one["tags"])
        ]
        assert [one["id"] for one in its_own] == row[column], (repository, its_own, row)


def see_whole(stack: Stack, scope: str) -> None:
    """See that nothing that a scope ever left is damaged: every block of both repositories is read."""
    for repository in REPOSITORIES:
        restic(stack, repository, scope, "check", "--read-data")
