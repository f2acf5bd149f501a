"""The programs of an installation, as the supervisor is told of them."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass

from respaldo.embedded.layout import Layout

_LOGGING_ITSELF = ("/bin/sh", "-c", 'exec "$@" >>"$0" 2>&1')


@dataclass(frozen=True)
class Program:
    """One program: started in the order of ``priority``, stopped in the opposite order."""

    name: str
    argv: tuple[str, ...]
    priority: int
    stop_signal: str = "TERM"
    stop_seconds: int = 30
    stop_as_group: bool = True
    has_own_log: bool = False
    """Whether it writes its log itself: a pipe to the supervisor breaks when the program is killed."""


def airflow_programs() -> tuple[Program, ...]:
    """Airflow's programs. The scheduler stops first: the tasks it waits for need all the others."""
    airflow = (sys.executable, "-m", "airflow")
    return (
        Program("api-server", (*airflow, "api-server"), priority=20),
        Program("dag-processor", (*airflow, "dag-processor"), priority=30),
        Program(
            "scheduler",
            # Logs are read from the disk: no second web server, open to the network, for them.
            (*airflow, "scheduler", "--skip-serve-logs"),
            priority=40,
            # It waits for the tasks that run. What is then not done is ended by `down`, and tried again.
            stop_seconds=60,
            stop_as_group=False,
            # Its workers outlive it, and would fail their tasks for want of somewhere to log to.
            has_own_log=True,
        ),
    )


def postgres_program(argv: tuple[str, ...]) -> Program:
    """PostgreSQL: SIGINT ends its sessions and closes the data properly ("fast shutdown")."""
    return Program("postgres", argv, priority=10, stop_signal="INT", stop_seconds=60, stop_as_group=False)


def render(layout: Layout, programs: tuple[Program, ...]) -> str:
    """Give the whole text of ``supervisor.conf``. Its relative paths start at the folder of the file."""
    head = f"""\
[unix_http_server]
file = {_value(str(layout.supervisor_socket))}
chmod = 0700

[supervisord]
nodaemon = true
logfile = logs/supervisord.log
logfile_maxbytes = 5MB
logfile_backups = 1
pidfile = supervisor.pid

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    return "\n".join([head, *(_section(program) for program in programs)])


def _section(program: Program) -> str:
    # A percent sign in the path of a log is expanded twice whatever one writes: the path is a relative one.
    log = f"logs/{program.name}.log"
    argv = (*_LOGGING_ITSELF, log, *program.argv) if program.has_own_log else program.argv
    return f"""\
[program:{program.name}]
command = {_value(shlex.join(argv))}
priority = {program.priority}
autostart = false
autorestart = true
startsecs = 3
startretries = 10
stopsignal = {program.stop_signal}
stopwaitsecs = {program.stop_seconds}
stopasgroup = {str(program.stop_as_group).lower()}
killasgroup = true
redirect_stderr = true
stdout_logfile = {"NONE" if program.has_own_log else log}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


def _value(text: str) -> str:
    """The supervisor expands ``%(...)s`` in every value."""
    return text.replace("%", "%%")
