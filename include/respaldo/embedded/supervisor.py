"""The supervisor (http://supervisord.org): started as a session of its own, spoken to by a UNIX socket."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from respaldo.embedded.errors import ProgramFailedError
from respaldo.embedded.layout import Layout

_ALIVE = frozenset({"STARTING", "RUNNING", "BACKOFF"})
_START_SECONDS = 20.0
_DO_NOT_WAIT = False


@dataclass(frozen=True)
class Supervisor:
    """The supervisor of the installation at ``layout``."""

    layout: Layout

    def answers(self) -> bool:
        """Tell whether the supervisor runs and listens."""
        with contextlib.suppress(OSError, xmlrpc.client.Error):
            return bool(self._rpc().getState()["statename"] == "RUNNING")
        return False

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the supervisor, and nothing under it yet, in a session of its own.

        :raises ProgramFailedError: it does not come up.
        """
        log = self.layout.logs / "supervisord.out"
        argv = [
            sys.executable,
            "-m",
            "supervisor.supervisord",
            "-c",
            str(self.layout.run / "supervisor.conf"),
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                argv,
                env=dict(environment),
                cwd=self.layout.run,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ProgramFailedError(program="supervisord", log=log)
            time.sleep(0.05)

    def states(self) -> dict[str, str]:
        """Give each program's state, as the supervisor calls it."""
        return {info["name"]: info["statename"] for info in self._rpc().getAllProcessInfo()}

    def pid(self, program: str) -> int:
        """Give the number of a program's process, 0 when it does not run."""
        return int(self._rpc().getProcessInfo(program)["pid"])

    def is_alive(self, program: str) -> bool:
        """Tell whether a program runs, or is being started again."""
        return self.states().get(program) in _ALIVE

    def start_program(self, name: str) -> None:
        """Start a program that does not run, without waiting for it."""
        if not self.is_alive(name):
            self._rpc().startProcess(name, _DO_NOT_WAIT)

    def stop_program(self, name: str) -> None:
        """Stop a program, and wait until it has ended or was killed."""
        if self.is_alive(name):
            self._rpc().stopProcess(name)

    def shut_down(self) -> None:
        """Tell the supervisor to stop all programs, last started first, and then itself."""
        self._rpc().shutdown()

    def _rpc(self) -> Any:  # noqa: ANN401  (the proxy makes its methods up)
        from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

        transport = SupervisorTransport(serverurl=f"unix://{self.layout.supervisor_socket}")
        return xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
