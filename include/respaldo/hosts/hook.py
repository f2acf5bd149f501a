"""Run one of a scope's own commands on this worker; `respaldo.hosts.hook_there` does so on a machine.

It is not run like restic (`respaldo.hosts.worker.run`): what it leaves running is what it is for, as a
service that it started. So its output goes to a file, on which nobody waits though a service inherits it, and
only a command that is stopped loses what it started.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

from respaldo.hosts.worker import dies_with_parent, environment, stop

NOT_RUNNABLE = 127
"""What a shell gives for a program that is not there. `setpriv` gives it too."""

KEPT_BYTES = 4000
"""How much of the end of what it wrote is given: a failure is told there."""


class Ended(NamedTuple):
    """How a command ended, and the end of what it wrote to both outputs."""

    exit_code: int
    timed_out: bool
    said: str


def run_hook(argv: Sequence[str], extra: Mapping[str, str], timeout_seconds: float) -> Ended:
    """Run a command on this worker. It gets no input, and ends when the task dies.

    A command that takes too long gets SIGTERM, a while to end by itself (`GRACE_SECONDS`), then SIGKILL.

    :param extra: variables for it besides the few of this process.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                [*dies_with_parent(), *argv],
                env=environment(extra),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            # Too many arguments, or a character that none can have.
            return Ended(NOT_RUNNABLE, timed_out=False, said=str(error))
        timed_out = False
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            if process.poll() is None:
                stop(process)
        return Ended(process.returncode, timed_out, _end_of(output))


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - KEPT_BYTES))
    return output.read().decode(errors="replace").strip()
