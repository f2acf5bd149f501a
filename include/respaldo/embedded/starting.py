"""Start what does not run of an installation, in the order in which one part needs the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from respaldo.embedded import (
    airflow_cfg,
    databases,
    environment,
    health,
    ports,
    postgres,
    preparation,
    server_user,
    stopping,
    supervisor_conf,
)
from respaldo.embedded.api import Api
from respaldo.embedded.errors import ApiError
from respaldo.embedded.layout import Layout
from respaldo.embedded.postgres import Server
from respaldo.embedded.settings import Memory, Settings
from respaldo.embedded.supervisor import Supervisor
from respaldo.preparing import secret_files
from respaldo.texts import embedded as texts

Say = Callable[[str], None]

_GIVEN_UP = ("FATAL", "EXITED")
_LOG_BYTES = 20_000_000


def start(layout: Layout, settings: Settings, say: Say) -> None:
    """Start the server, prepare the databases, start Airflow, and wait until it is healthy.

    :raises EmbeddedError: why it cannot be.
    """
    layout.make_folders()
    supervisor = Supervisor(layout)
    if not supervisor.answers():
        stopping.end_left(layout, say, texts.ENDING_LEFT)
    server = server_at(layout)
    port = _port(layout, supervisor, say)
    if _write_files(layout, settings, server, port) and supervisor.answers():
        say(texts.RESTARTING)
        stopping.stop(layout, say)
        # With the files as they should be now, this comes by here no more.
        start(layout, settings, say)
        return
    _start_server(layout, supervisor, server, say)
    _prepare(layout, settings, server, port, say)
    _start_airflow(layout, settings, supervisor, port, say)


def server_at(layout: Layout) -> Server:
    """Give the installation's PostgreSQL, with a user who can run it.

    :raises ServerUserError: as root, when nobody can.
    """
    folders = (layout.postgres, layout.server_sockets)
    user = server_user.choose(postgres.programs() / "postgres", folders, layout.project)
    return Server(layout.data, layout.server_sockets, user)


def memory_file(layout: Layout) -> Memory:
    """Read what the installation remembers."""
    return Memory.read(layout.run / "memory.json")


def _port(layout: Layout, supervisor: Supervisor, say: Say) -> int:
    wanted = memory_file(layout).port or ports.FIRST
    if supervisor.answers() and supervisor.is_alive("api-server"):
        return wanted
    port = ports.free(wanted)
    if port != wanted:
        say(texts.PORT_TAKEN.format(wanted=wanted, port=port))
    return port


def _write_files(layout: Layout, settings: Settings, server: Server, port: int) -> bool:
    """Write the configuration files, and tell whether a running installation has others."""
    secret_files.passwords(layout.passwords, settings.users)
    programs = (supervisor_conf.postgres_program(server.argv), *supervisor_conf.airflow_programs())
    texts_by_file = {
        layout.airflow_cfg: airflow_cfg.render(layout, settings, port),
        layout.run / "supervisor.conf": supervisor_conf.render(layout, programs),
        layout.env_file: environment.shell_file(layout),
    }
    changed = {file: text for file, text in texts_by_file.items() if secret_files.read(file) != text}
    for file, text in changed.items():
        secret_files.write_private(file, text)
    return bool(changed)


def _start_server(layout: Layout, supervisor: Supervisor, server: Server, say: Say) -> None:
    if not supervisor.answers():
        if not server.data.exists():
            say(texts.PREPARING_SERVER.format(folder=server.data))
        server.prepare()
        supervisor.start(environment.of_programs(layout))
    if not supervisor.is_alive("postgres"):
        say(texts.STARTING_SERVER)
    supervisor.start_program("postgres")
    server.wait_until_ready(lambda: supervisor.is_alive("postgres"), layout.logs / "postgres.log")


def _prepare(layout: Layout, settings: Settings, server: Server, port: int, say: Say) -> None:
    before = memory_file(layout)
    wanted = preparation.request(layout, settings, server, before.written)
    prepared_for = preparation.fingerprint(wanted, databases.ensure(server))
    after = before
    if before.prepared != prepared_for:
        say(texts.PREPARING_AIRFLOW)
        after = preparation.prepare_airflow(layout, wanted, prepared_for)
    after.model_copy(update={"port": port}).write(layout.run / "memory.json")
    migrated = preparation.prepare_report(server)
    if migrated:
        say(texts.MIGRATED_REPORT.format(count=len(migrated)))
    problem = preparation.prepare_archive(settings.archive) if settings.archive else None
    if problem is not None:
        say(problem)


def _start_airflow(layout: Layout, settings: Settings, supervisor: Supervisor, port: int, say: Say) -> None:
    names = [program.name for program in supervisor_conf.airflow_programs()]
    stopped = [name for name in names if not supervisor.is_alive(name)]
    since = health.now() if stopped else None
    if stopped:
        say(texts.STARTING_AIRFLOW)
    for name in stopped:
        _turn_over(layout.logs / f"{name}.log")
        supervisor.start_program(name)

    def given_up() -> str | None:
        states = supervisor.states()
        return next((name for name in names if states.get(name) in _GIVEN_UP), None)

    def is_ours() -> bool:
        try:
            api.get("version")
        except ApiError:
            return False
        return True

    passwords = secret_files.passwords(layout.passwords, settings.users)
    administrator = next(user for user, role in settings.users.items() if role == "admin")
    api = Api(f"http://{ports.HOST}:{port}", administrator, passwords[administrator])
    health.wait(port, since, given_up, is_ours, layout.logs)


def _turn_over(log: Path) -> None:
    """Begin a log anew when it is long. The supervisor does so for those that go through it."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
