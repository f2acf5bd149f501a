"""``make bench``: restic by hand against a whole run under Airflow, and against ``respaldo restore``.

Figures are medians of the rounds, wall clock and CPU seconds (of everything that belongs to either side), and
their ratio in the same session. Run it on a quiet machine; keep what it prints in docs/performance.md.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import psutil
from rich.console import Console
from rich.table import Table

from respaldo.demo import runs
from respaldo.embedded import environment, processes
from respaldo.embedded.configured import settings_of
from respaldo.embedded.installation import Installation

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1]))

from by_hand import ByHand
from dataset import make
from documents import documents
from growing import growing
from parsing import parsing

PROJECT = Path(__file__).parents[2]
SIZES = {"small": (1_000, 4_700_000, 5), "large": (100_000, 2_500_000_000, 3)}
"""Scope -> files, bytes, rounds of the run without changes."""

SCOPE = """
name: Banco de pruebas {scope}
department: Pruebas
criticality: baja
rpo: 26h
rto: 4h
responsible: soporte
source: {{kind: files, paths: ["{source}"]}}
repository: principal
second_copy: secundario
retention: {{daily: 7d}}
"""


class Cost(NamedTuple):
    """Seconds of wall clock and of CPU."""

    wall: float
    cpu: float


def main() -> None:
    wanted = sys.argv[1:] or list(SIZES)
    home = PROJECT / "var" / "bench"
    shutil.rmtree(home, ignore_errors=True)
    os.environ["RESPALDO_HOME"], os.environ["RESPALDO_CONFIG"] = str(home), str(home / "config")
    for scope in wanted:
        files, size, _ = SIZES[scope]
        make(home / "source" / scope, files, size)
    write_configuration(home, wanted)
    installation = Installation.open(PROJECT, print)
    console = Console(width=120)
    installation.start(settings_of(installation.layout))
    try:
        environment.adopt(installation.layout)
        console.print(idle(installation))
        by_hand = {scope: ByHand(home / "source" / scope, home / "by_hand" / scope) for scope in wanted}
        console.print(measured(installation, by_hand))
        console.print(restored(by_hand, home))
        console.print(parsing(home / "config"))
        console.print(documents(installation))
    finally:
        installation.stop()
    growing(console)


def write_configuration(home: Path, scopes: list[str]) -> None:
    shutil.copytree(PROJECT / "include" / "config", home / "config")
    shutil.rmtree(home / "config" / "scopes")
    (home / "config" / "scopes").mkdir()
    for scope in scopes:
        text = SCOPE.format(scope=scope, source=home / "source" / scope)
        (home / "config" / "scopes" / f"bench_{scope}.yaml").write_text(text)


def measured(installation: Installation, sides: dict[str, ByHand]) -> Table:
    table = Table("run", "by hand: wall s", "CPU s", "Airflow: wall s", "CPU s", "more: wall s", "ratio")
    for scope, by_hand in sides.items():

        def under_airflow(scope: str = scope) -> float:
            run = runs.trigger(installation.api, f"bench_{scope}", "bench", 1)
            runs.wait(installation.api, [run], lambda _: None)
            if run.state != "success":
                raise SystemExit(f"bench_{scope}: {run.state}")
            told = installation.api.get(f"dags/{run.run.dag_id}/dagRuns/{run.run.run_id}")
            queued, ended = (datetime.fromisoformat(told[moment]) for moment in ("queued_at", "end_date"))
            return (ended - queued).total_seconds()

        def typed(by_hand: ByHand = by_hand) -> float:
            began = time.monotonic()
            by_hand.run()
            return time.monotonic() - began

        rounds = [("first", 1), ("no change", SIZES[scope][2])]
        for title, count in rounds:
            # Alternating, so that neither side always has the warmer cache.
            costs = [
                (cost(typed, of_children), cost(under_airflow, lambda: of_installation(installation)))
                for _ in range(count)
            ]
            hand, whole = (median([pair[side] for pair in costs]) for side in (0, 1))
            table.add_row(
                f"{scope}, {title} (n={count})",
                *(f"{value:.1f}" for value in (*hand, *whole, whole.wall - hand.wall)),
                f"{whole.wall / hand.wall:.2f}",
            )
    return table


def restored(sides: dict[str, ByHand], home: Path) -> Table:
    """Restore everything: the verified restore typed by hand, and the command that also looks and reports."""
    table = Table("restore", "restic: wall s", "CPU s", "respaldo: wall s", "CPU s", "more: wall s", "ratio")
    target = home / "restored"
    for scope, by_hand in sides.items():

        def command(scope: str = scope) -> float:
            began = time.monotonic()
            words = ("respaldo", "restore", f"bench_{scope}", "--to", str(target), "--yes")
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            took = time.monotonic() - began
            shutil.rmtree(target)
            return took

        def typed(by_hand: ByHand = by_hand) -> float:
            began = time.monotonic()
            by_hand.restore()
            return time.monotonic() - began

        rounds = [(cost(typed, of_children), cost(command, of_children)) for _ in range(3)]
        hand, whole = (median([pair[side] for pair in rounds]) for side in (0, 1))
        table.add_row(
            f"{scope} (n={len(rounds)})",
            *(f"{value:.1f}" for value in (*hand, *whole, whole.wall - hand.wall)),
            f"{whole.wall / hand.wall:.2f}",
        )
    return table


def cost(work: Callable[[], float], cpu: Callable[[], float]) -> Cost:
    """Do work that says how long it took; a run's own clock goes from being queued to its end."""
    before = cpu()
    wall = work()
    return Cost(wall, cpu() - before)


def median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


def of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def of_installation(installation: Installation) -> float:
    """CPU seconds of all processes of the installation, and of those that they have waited for."""
    return sum(sum(process.cpu_times()[:4]) for process in processes.of_installation(installation.layout))


def idle(installation: Installation) -> str:
    """Say what an installation costs that has nothing to do."""
    time.sleep(20)
    before, began = of_installation(installation), time.monotonic()
    time.sleep(30)
    cpu = (of_installation(installation) - before) / (time.monotonic() - began)
    pss = 0
    for process in processes.of_installation(installation.layout):
        try:
            pss += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return f"idle: {pss / 1e6:.0f} MB PSS, {cpu:.1%} of one core"


if __name__ == "__main__":
    main()
