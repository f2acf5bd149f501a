"""Run one of a scope's own commands on a machine over SSH, as `respaldo.hosts.hook.run_hook` does here.

What it leaves running stays (`kept.sh` forgets a command that has ended), and takes nothing of ours with it:
its output goes to a file, on which nobody waits though a service inherits it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from secrets import token_hex

from respaldo.domain.errors import RespaldoError
from respaldo.hosts.hook import KEPT_BYTES, NOT_RUNNABLE, Ended
from respaldo.hosts.limits import Limits
from respaldo.hosts.session import Session
from respaldo.hosts.worker import Command

NO_LIMITS = Limits(nice=None, idle_disk=False)
"""For the sessions of such commands: a service would keep the limits of what started it."""

_SHELL_ADDS = 128
"""What a shell adds to the number of the signal that ended a command."""

# What is ours in its environment, or open, is not for what it starts.
_APART = 'said=$1; shift; unset TMPDIR; exec "$@" >"$said" 2>&1 </dev/null 3<&-'


def run_hook_there(
    session: Session, argv: Sequence[str], extra: Mapping[str, str], timeout_seconds: float
) -> Ended:
    """Run a command on a machine. It gets no input, and ends when the machine is lost.

    :param session: entered with `NO_LIMITS`.
    :param extra: variables for it besides those that the machine gives.
    :raises HostError: the machine was lost meanwhile. It may have run, or not, or in part.
    """
    if any("\0" in word for word in argv):
        return Ended(NOT_RUNNABLE, timed_out=False, said="embedded null byte")
    # Of its own: what an earlier one left running may still write.
    said = f"{session.folder}/said.{token_hex(8)}"
    command = Command(("sh", "-c", _APART, "hook", said, *argv), extra)
    deadline = time.monotonic() + timeout_seconds
    late: list[bool] = []

    def is_late() -> bool:
        if time.monotonic() > deadline:
            late.append(True)
        return bool(late)

    code = session.run(command, on_output=_unheard, on_error=_unheard, should_stop=is_late)
    if late and code in (_SHELL_ADDS + signal.SIGTERM, _SHELL_ADDS + signal.SIGKILL):
        code = _SHELL_ADDS - code
    return Ended(code, timed_out=bool(late), said=_end_of(session, said))


def _unheard(_: bytes) -> None:
    return None


def _end_of(session: Session, path: str) -> str:
    try:
        output = session.output("tail", "-c", str(KEPT_BYTES), path).output
    except RespaldoError:
        # How it ended is known: that counts.
        return ""
    return output.decode(errors="replace").strip()
