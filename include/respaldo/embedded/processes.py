"""The processes of an installation, found even when nobody is left who started them.

Three marks, because each is missing somewhere:

- the environment variable ``MARK``: an ordinary user cannot read it in tasks (Airflow forbids it), and
  commands that get an environment of their own lose it;
- the supervisor's session: left by PostgreSQL's processes and by restic;
- PostgreSQL's working folder, which is its data.

And whatever descends from a marked process belongs too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

import psutil  # type: ignore[import-untyped]

from respaldo.embedded.layout import Layout

MARK = "RESPALDO_EMBEDDED"
COMMAND_SECONDS = 70.0
"""How long a command may take to end: restic gets a minute to remove its lock (``hosts.worker``)."""

_TASK_SECONDS = 5.0
_KILL_SECONDS = 10.0
_WORKER = "airflow worker -- LocalExecutor"
_TASK = "airflow worker -- "
_AIRFLOW = (
    _TASK,
    "airflow api_server",
    *(f"{sys.executable} -m {module}" for module in ("airflow", "supervisor.supervisord")),
)
"""How the command lines of Airflow's processes begin: titles that it gives, or what we have started."""


def of_installation(layout: Layout) -> list[psutil.Process]:
    """Give all processes of the installation that run now, but for ourselves and those who called us."""
    session = _session(layout)
    callers = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.pid not in callers and _is_marked(process, layout, session):
                found |= {one.pid: one for one in (process, *process.children(recursive=True))}
    return [process for pid, process in found.items() if pid not in callers and _runs(process)]


def orphans(layout: Layout) -> list[psutil.Process]:
    """Give those that the supervisor lost: a killed scheduler's workers and their tasks."""
    supervisor = _session(layout)
    lost = []
    for process in of_installation(layout):
        with contextlib.suppress(psutil.NoSuchProcess):
            above = {process.pid, *(parent.pid for parent in process.parents())}
            if supervisor not in above:
                lost.append(process)
    return lost


def end(processes: Iterable[psutil.Process], layout: Layout) -> list[psutil.Process]:
    """End processes, commands before tasks before programs before the database; give what nothing ended."""
    ours = list(processes)
    servers = [process for process in ours if _serves(process, layout)]
    airflow = [process for process in ours if title(process).startswith(_AIRFLOW)]
    commands = [process for process in ours if process not in (*servers, *airflow)]
    _signal(commands, signal.SIGTERM)
    _wait(commands, COMMAND_SECONDS)
    # A task whose command has ended says so and ends. One without a command would not hear SIGTERM, and
    # neither would a worker; what the programs know is in the database.
    _wait([process for process in airflow if _is_task(process)], _TASK_SECONDS)
    _signal([*commands, *airflow], signal.SIGKILL)
    _wait([*commands, *airflow], _KILL_SECONDS)
    # "Fast shutdown": the server ends its sessions and leaves nothing to recover.
    _signal(servers, signal.SIGINT)
    _wait(servers, COMMAND_SECONDS)
    _signal(servers, signal.SIGKILL)
    return _wait(ours, _KILL_SECONDS)


def _is_marked(process: psutil.Process, layout: Layout, session: int | None) -> bool:
    if session is not None and _session_of(process) == session:
        return True
    with contextlib.suppress(psutil.AccessDenied):
        if process.environ().get(MARK) == str(layout.home):
            return True
    return _serves(process, layout)


def _serves(process: psutil.Process, layout: Layout) -> bool:
    with contextlib.suppress(psutil.AccessDenied, psutil.NoSuchProcess):
        return bool(process.name() == "postgres" and process.cwd() == str(layout.data))
    return False


def _session(layout: Layout) -> int | None:
    """Give the session that the supervisor leads, or led until it was killed."""
    pid_file = layout.run / "supervisor.pid"
    try:
        pid = int(pid_file.read_text())
        written = pid_file.stat().st_mtime
    except (FileNotFoundError, ValueError):
        return None
    if written < psutil.boot_time():
        return None
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        # While a session has members its number is given to no other process: an older leader is ours.
        if psutil.Process(pid).create_time() > written:
            return None
    return pid


def _session_of(process: psutil.Process) -> int | None:
    with contextlib.suppress(OSError):
        return os.getsid(process.pid)
    return None


def _is_task(process: psutil.Process) -> bool:
    shown = title(process)
    return shown.startswith(_TASK) and not shown.startswith(_WORKER)


def title(process: psutil.Process) -> str:
    """Give the command line of a process, or the title that it has put there."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _wait(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end, and give those that have not. One that only waits to be reaped has."""
    deadline = time.monotonic() + seconds
    while left := [process for process in processes if _runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return left


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
