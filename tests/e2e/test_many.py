"""Two hundred scopes at once on two workers: all rows right, and what it took."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from e2e import scopes_kit
from e2e.engine_kit import facts_of, said, wait_until
from e2e.runs_kit import GOOD, OVER, dag_of, wait_for_dag
from e2e.scopes_kit import MANY
from e2e.stack_kit import PROJECT, Stack
from respaldo.domain.values import Run
from respaldo.embedded.errors import ApiError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

RESULT = PROJECT / "var" / "e2e" / "many.json"
PATTERN = "backup__muchos_%"
READ_SECONDS = 300
RUN_SECONDS = 2700
TRIGGERS = 8
UNITS = {"B": 1 / (1 << 20), "KiB": 1 / (1 << 10), "MiB": 1.0, "GiB": 1 << 10}


class Scales(threading.Thread):
    """Weighs all containers again and again: what each needed at most, and all of them at once, in MiB."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.names = {one.id: f"{one.service} {one.id[:4]}" for one in stack.all() if one.is_running}
        self.most: dict[str, float] = {}
        self.all_at_once = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(5):
            told = said("docker", "stats", "--no-stream", "--no-trunc", "--format", "{{json .}}", *self.names)
            now = {self.names[one["ID"]]: _mib(one["MemUsage"]) for one in map(json.loads, told.splitlines())}
            self.all_at_once = max(self.all_at_once, sum(now.values()))
            self.most = {name: max(weight, self.most.get(name, 0)) for name, weight in now.items()}

    def stop(self) -> None:
        self._over.set()
        self.join()


def _mib(told: str) -> float:
    """Read what the engine says of memory: `283.1MiB / 2GiB`."""
    amount = told.split(" / ")[0]
    number = amount.rstrip("KMGiB")
    return float(number) * UNITS[amount[len(number) :]]


@pytest.fixture(scope="module")
def many(stack, alone):
    """All of the scopes, known to Airflow and switched on."""
    for scope in MANY:
        scopes_kit.fill(stack.data / scope, files=5)
        stack.write(scope, scopes_kit.settings(scope, second_copy=None))
    wait_until(lambda: _known(stack) == len(MANY), "all of the DAGs", READ_SECONDS, pause=2)
    for scope in MANY:
        # It is named before all of it is written.
        wait_for_dag(stack, scope)
    stack.api.patch("dags", {"is_paused": False}, dag_id_pattern=PATTERN, limit=len(MANY))
    yield MANY
    for scope in MANY:
        (stack.config / "scopes" / f"{scope}.yaml").unlink()


def _known(stack: Stack) -> int:
    return int(stack.api.get("dags", dag_id_pattern=PATTERN, limit=1, exclude_stale=True)["total_entries"])


def _trigger(stack: Stack, scope: str) -> Run:
    made = stack.api.post(f"dags/{dag_of(scope)}/dagRuns", {"logical_date": None, "conf": {}})
    return Run(dag_id=dag_of(scope), run_id=made["dag_run_id"], scope_id=scope)


def _states(stack: Stack) -> dict[str, str]:
    """Give the state of each run; nothing while nobody answers."""
    found: dict[str, str] = {}
    while True:
        try:
            page = stack.api.get(
                "dags/~/dagRuns", dag_id_pattern=PATTERN, limit=100, offset=len(found), order_by="id"
            )["dag_runs"]
        except ApiError:
            return {}
        found |= {one["dag_run_id"] + one["dag_id"]: one["state"] for one in page}
        if len(page) < 100:
            return found


def test_two_hundred_scopes_at_once_are_all_saved_and_told(stack, many):
    before = {facts["Id"]: facts["RestartCount"] for facts in facts_of(stack.all())}
    scales = Scales(stack)
    scales.start()
    begun = time.monotonic()
    try:
        with ThreadPoolExecutor(TRIGGERS) as pool:
            runs = list(pool.map(lambda scope: _trigger(stack, scope), many))
        triggered = time.monotonic() - begun

        def are_over() -> bool:
            states = _states(stack)
            return len(states) == len(runs) and all(state in OVER for state in states.values())

        wait_until(are_over, "all of the runs to be over", RUN_SECONDS, pause=3)
        took = time.monotonic() - begun
    finally:
        scales.stop()
    _keep(stack, triggered, took, scales)
    assert set(_states(stack).values()) == {"success"}
    rows = {row["clave"]: row for row in stack.rows() if row["alcance_id"] in many}
    assert set(rows) == {run.key for run in runs}
    assert {row["estado"] for row in rows.values()} <= GOOD
    assert {row["verificacion_resultado"] for row in rows.values()} == {"Satisfactoria"}
    assert all(row["archivos"] == 5 and len(row["copia"]) == 1 for row in rows.values())
    assert len({row["copia"][0] for row in rows.values()}) == len(rows)
    assert {row["intentos"] for row in rows.values()} == {1}
    failed = stack.api.get("dags/~/dagRuns/~/taskInstances", dag_id_pattern=PATTERN, state="failed", limit=1)
    assert failed["total_entries"] == 0
    assert {row["trabajador"] for row in rows.values()} == {one.host for one in stack.each("worker")}
    assert {facts["Id"]: facts["RestartCount"] for facts in facts_of(stack.all())} == before
    assert stack.respaldo("verify-log")


def _keep(stack: Stack, triggered: float, took: float, scales: Scales) -> None:
    """Keep the figures for docs/performance.md."""
    told = {
        "scopes": len(MANY),
        "workers": len(stack.each("worker")),
        "cpus": os.cpu_count(),
        "triggered_seconds": round(triggered, 1),
        "wall_seconds": round(took, 1),
        "peak_mib": round(scales.all_at_once),
        "peak_mib_by_container": {name: round(weight) for name, weight in sorted(scales.most.items())},
        "made_seconds": stack.seconds,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=2) + "\n")
    print(f"\n{json.dumps(told)}")  # noqa: T201
