"""Stop an installation, and see that nothing of it is left."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence

import psutil  # type: ignore[import-untyped]

from respaldo.embedded import processes
from respaldo.embedded.errors import ProcessesLeftError
from respaldo.embedded.layout import Layout
from respaldo.embedded.supervisor import Supervisor
from respaldo.embedded.supervisor_conf import airflow_programs
from respaldo.texts import embedded as texts

_SHUT_DOWN_SECONDS = 180.0
"""More than the supervisor gives to all programs together before it kills them."""

_ROUNDS = 3
"""A scheduler that is being ended may start one more task."""

_SHOWN = 6
_TITLE = 45

Say = Callable[[str], None]
Find = Callable[[Layout], list[psutil.Process]]


def stop(layout: Layout, say: Say) -> None:
    """Stop the programs in order, then end what the supervisor did not know of.

    :raises ProcessesLeftError: some process survived even SIGKILL.
    """
    supervisor = Supervisor(layout)
    running = supervisor.answers()
    if running:
        _stop_supervised(layout, supervisor, say)
    running = end_left(layout, say, texts.ENDING_ORPHANS) or running
    # They may lie in /tmp, where nothing of a project that is deleted should stay.
    shutil.rmtree(layout.sockets, ignore_errors=True)
    say(texts.STOPPED if running else texts.NOT_RUNNING)


def end_left(layout: Layout, say: Say, text: str) -> bool:
    """End what runs of an installation whose supervisor is gone, and tell whether anything did.

    :raises ProcessesLeftError: some process survived even SIGKILL.
    """
    ended = _end(processes.of_installation, layout, say, text)
    (layout.run / "supervisor.pid").unlink(missing_ok=True)
    return ended


def names(found: Sequence[psutil.Process]) -> tuple[str, ...]:
    """Give each process a name that people recognise."""
    return tuple(f"{processes.title(process)[:_TITLE]} ({process.pid})" for process in found)


def _stop_supervised(layout: Layout, supervisor: Supervisor, say: Say) -> None:
    scheduler = next(program for program in airflow_programs() if program.name == "scheduler")
    say(texts.STOPPING.format(seconds=scheduler.stop_seconds))
    supervisor.stop_program(scheduler.name)
    # Tasks that the scheduler did not wait for, or lost when it was killed: they can still say how they
    # end, because the web server and the databases are stopped after them.
    _end(processes.orphans, layout, say, texts.ENDING_ORPHANS)
    supervisor.shut_down()
    deadline = time.monotonic() + _SHUT_DOWN_SECONDS
    while processes.of_installation(layout) and time.monotonic() < deadline:
        time.sleep(0.2)


def _end(find: Find, layout: Layout, say: Say, text: str) -> bool:
    for done in range(_ROUNDS):
        found = find(layout)
        if not found:
            return done > 0
        shown = [*names(found[:_SHOWN]), *(["…"] if found[_SHOWN:] else [])]
        say(text.format(count=len(found), names=", ".join(shown)))
        left = processes.end(found, layout)
        if left:
            raise ProcessesLeftError(names=", ".join(names(left)))
    return True
