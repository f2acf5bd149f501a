"""What a scheduler does with a thousand scopes that are all due at once.

    .venv/bin/python tests/bench/scheduling.py [SCOPES]

An installation of its own, in ``var/bench_scheduling``. No task runs: the pool is closed, so what is
measured is Airflow's own work until a task waits for a worker. Keep what it prints in docs/performance.md.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))

from parsing import write_scopes

from respaldo.embedded import processes
from respaldo.embedded.configured import settings_of
from respaldo.embedded.installation import Installation

PROJECT = Path(__file__).parents[2]
SCOPES = 1000
LONGEST_SECONDS = 300
IDLE_SECONDS = 30
PROGRAMS = ("scheduler", "dag-processor", "api_server", "triggerer", "postgres")

# Airflow makes one run of what it missed as soon as it may.
_UNPAUSE = "UPDATE dag SET is_paused = false WHERE dag_id LIKE 'backup\\_\\_%'"
_CLOSE = "UPDATE slot_pool SET slots = 0 WHERE pool = 'default_pool'"
_KNOWN = "SELECT count(*) FROM dag WHERE dag_id LIKE 'backup\\_\\_%' AND NOT is_stale"
_WAITING = """
SELECT count(*), percentile_disc(ARRAY[0.5, 1]) WITHIN GROUP (ORDER BY run.queued_at) AS made,
    percentile_disc(ARRAY[0.5, 1]) WITHIN GROUP (ORDER BY task.scheduled_dttm) AS waits
FROM dag_run run JOIN task_instance task ON task.dag_id = run.dag_id AND task.run_id = run.run_id
WHERE run.dag_id LIKE 'backup\\_\\_%' AND task.task_id = 'plan' AND task.state = 'scheduled'
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SCOPES
    home = PROJECT / "var" / "bench_scheduling"
    shutil.rmtree(home, ignore_errors=True)
    os.environ["RESPALDO_HOME"], os.environ["RESPALDO_CONFIG"] = str(home), str(home / "config")
    shutil.copytree(PROJECT / "include" / "config", home / "config")
    shutil.rmtree(home / "config" / "scopes")
    write_scopes(home / "config" / "scopes", count)
    installation = Installation.open(PROJECT, print)
    console = Console(width=120)
    try:
        installation.start(settings_of(installation.layout))
        began = time.monotonic()
        _until(lambda: _ask(installation, _KNOWN)[0] == count)
        console.print(f"{count} DAGs known {time.monotonic() - began:.0f} s after the start")
        console.print(f"at rest, share of a core: {_shares(installation)}")
        _ask(installation, _CLOSE)
        [due] = _ask(installation, _UNPAUSE + " RETURNING now()")
        before = _cpu(installation)
        _until(lambda: _ask(installation, _WAITING)[0] == count)
        used = _cpu(installation)
        _, made, waits = _ask(installation, _WAITING)
        for what, moments in (("run made", made), ("first task waits for a worker", waits)):
            half, last = ((moment - due).total_seconds() for moment in moments)
            console.print(
                f"{count} due at once, {what}: half of them after {half:.1f} s, all after {last:.1f} s"
            )
        console.print({name: f"{used[name] - before[name]:.1f} CPU s" for name in PROGRAMS})
        [connections] = _ask(installation, "SELECT count(*) FROM pg_stat_activity WHERE datname = 'airflow'")
        console.print(f"connections to Airflow's database: {connections}, ours among them")
    finally:
        installation.stop()
        shutil.rmtree(home, ignore_errors=True)


def _ask(installation: Installation, statement: str) -> Any:
    """Ask Airflow's database, and give the first row."""
    import psycopg

    endpoint = installation.endpoint("airflow")
    with psycopg.connect(
        host=endpoint.host, port=endpoint.port, user=endpoint.user, dbname="airflow", autocommit=True
    ) as connection:
        asked = connection.execute(statement)
        return asked.fetchone() if asked.description else None


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"not after {LONGEST_SECONDS} s")
        time.sleep(1)


def _shares(installation: Installation) -> dict[str, str]:
    before = _cpu(installation)
    time.sleep(IDLE_SECONDS)
    after = _cpu(installation)
    return {name: f"{(after[name] - before[name]) / IDLE_SECONDS:.0%}" for name in PROGRAMS}


def _cpu(installation: Installation) -> Counter[str]:
    """CPU seconds of each program and of the children that it has waited for."""
    used: Counter[str] = Counter()
    for process in processes.of_installation(installation.layout):
        try:
            words, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        program = next((name for name in PROGRAMS if name in words), "others")
        used[program] += sum(times[:4])
    return used


if __name__ == "__main__":
    main()
