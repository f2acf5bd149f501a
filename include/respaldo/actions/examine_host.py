"""Examine a machine: whether restic can run there against a repository that is carried to it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from respaldo.domain.errors import RespaldoError
from respaldo.domain.host_errors import (
    ForwardingForbiddenError,
    HostClockError,
    HostError,
    HostFullError,
    HostKeyError,
    HostToolsError,
)
from respaldo.hosts import ssh
from respaldo.hosts.refusals import as_cause
from respaldo.hosts.session import Session, entered
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host, SshError
from respaldo.hosts.worker import Command
from respaldo.restic.engine import Engine
from respaldo.restic.on_host import KEPT, programs, provide

LEAST_FREE_BYTES = 256 << 20
"""restic collects what it sends in files of some 20 MB, several at a time."""

MOST_SECONDS_APART = 120.0
"""Clocks that are further apart make copies whose times cannot be believed."""

Look = Literal["reach", "key", "login", "tools", "some", "limits", "forwarding", "room", "restic", "clock"]
Note = Literal["own", "brought", "kept", "lacking"]


class Finding(NamedTuple):
    """What one look at a machine found; ``problem`` is what is not as it should be."""

    look: Look
    found: str
    problem: RespaldoError | None = None
    note: Note | None = None
    """Whose restic it is: the machine's own, one that goes with the session, one that stays. Or: what was
    found is what it lacks, which is no problem for all that is saved there."""


def examine_host(host: Host, settings: HostSettings, engine: Engine) -> Iterator[Finding]:
    """Look at a machine, one thing after the other; where it cannot be entered, at no more.

    :param engine: the restic of this worker, which is brought there if need be.
    """
    began = time.monotonic()
    try:
        key = ssh.shown_key(host)
    except SshError as error:
        yield Finding("reach", "", as_cause(host, error))
        return
    took = time.monotonic() - began
    yield Finding("reach", f"{_way(host)} ({host.address}:{host.port}), {took:.1f} s")
    try:
        with entered(host, base=settings.folder, limits=settings.limits, dialect=settings.dialect) as session:
            yield Finding("key", key.fingerprint)
            user = session.ask(session.dialect.user()).output
            yield Finding("login", user.decode(errors="replace").strip())
            for look, ask in _LOOKS.items():
                try:
                    yield ask(session, settings, engine)
                except HostError as error:
                    yield Finding(look, "", error)
    except HostKeyError as error:
        yield Finding("key", key.fingerprint, error)
    except HostFullError as error:
        yield Finding("room", "", error)
    except HostError as error:
        yield Finding("login", "", error)


def _way(host: Host) -> str:
    """Name the machine, after those on the way to it."""
    return f"{_way(host.jump)} → {host.name}" if host.jump else host.name


def _tools(session: Session, settings: HostSettings, _: Engine) -> Finding:
    missing = session.ask(session.dialect.lacking(settings.limits)).output.decode().splitlines()
    if missing:
        raise HostToolsError(host=session.host.name, missing=", ".join(missing))
    return Finding("tools", ", ".join(session.dialect.wanted(settings.limits)))


def _some(session: Session, _: HostSettings, __: Engine) -> Finding:
    # A machine whose tar or databases are saved can do without.
    missing = session.ask(session.dialect.lacking_for_some()).output.decode().splitlines()
    return Finding("some", ", ".join(missing), note="lacking") if missing else Finding("some", "-")


def _limits(session: Session, settings: HostSettings, _: Engine) -> Finding:
    # A machine may have the program and not admit what it does, as one in a container.
    said = bytearray()
    code = session.run(Command(("whoami",)), on_output=said.extend, on_error=said.extend)
    if code != 0:
        raise HostToolsError(host=session.host.name, missing=said.decode(errors="replace").strip())
    upload = settings.upload_kib_per_second
    words = [" ".join(settings.limits.before()), f"{upload} KiB/s" if upload else ""]
    return Finding("limits", ", ".join(filter(None, words)) or "-")


def _forwarding(session: Session, settings: HostSettings, _: Engine) -> Finding:
    # Nobody comes in by it: that it may be there is what is asked. A port is what saves fall back to.
    nowhere = Path("/nonexistent")
    if settings.forwarding == "socket":
        path = f"{session.folder}/asked.sock"
        with contextlib.suppress(ForwardingForbiddenError):
            session.forward(path, nowhere)
            return Finding("forwarding", path)
    return Finding("forwarding", f"127.0.0.1:{session.forward_port(nowhere)}")


def _room(session: Session, _: HostSettings, __: Engine) -> Finding:
    free = session.free_bytes(session.folder)
    if free is not None and free < LEAST_FREE_BYTES:
        said = f"{free >> 20} MiB < {LEAST_FREE_BYTES >> 20} MiB"
        raise HostFullError(host=session.host.name, folder=session.folder, said=said)
    return Finding("room", "?" if free is None else f"{free >> 20} MiB")


def _restic(session: Session, settings: HostSettings, engine: Engine) -> Finding:
    found = provide(session, programs(engine), keep=settings.keep_restic)
    note: Note = "own"
    if found.binary == f"{session.folder}/{session.dialect.restic}":
        note = "brought"
    elif found.binary.endswith(f"/{KEPT}/restic"):
        note = "kept"
    return Finding("restic", f"{found.version}, {found.binary}", note=note)


def _clock(session: Session, _: HostSettings, __: Engine) -> Finding:
    there = session.ask(session.dialect.clock()).output
    apart = int(there) - time.time() if there.strip().isdigit() else None
    if apart is not None and abs(apart) > MOST_SECONDS_APART:
        raise HostClockError(host=session.host.name, seconds=f"{apart:+.0f}")
    return Finding("clock", "?" if apart is None else f"{apart:+.0f} s")


_LOOKS: dict[Look, Callable[[Session, HostSettings, Engine], Finding]] = {
    "tools": _tools,
    "some": _some,
    "limits": _limits,
    "forwarding": _forwarding,
    "room": _room,
    "restic": _restic,
    "clock": _clock,
}
