"""Examine a machine: whether restic can run there against a repository that is carried to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from respaldo.domain.errors import RespaldoError
from respaldo.domain.host_errors import HostError, HostFailedError, HostFullError
from respaldo.hosts.session import Session, entered
from respaldo.hosts.ssh import Host
from respaldo.restic.engine import Engine
from respaldo.restic.on_host import programs, provide

LEAST_FREE_BYTES = 256 << 20
"""restic collects what it sends in files of some 20 MB, several at a time."""

MOST_SECONDS_APART = 120.0
"""Clocks that are further apart make copies whose times cannot be believed."""

Look = Literal["enter", "tools", "forwarding", "restic", "room", "clock"]
_TOOLS = ("setsid", "mktemp", "sha256sum", "df", "nice", "ionice")


class Finding(NamedTuple):
    """What one look at a machine found; ``problem`` is what is not as it should be."""

    look: Look
    found: str
    problem: RespaldoError | None = None


def examine_host(host: Host, engine: Engine) -> Iterator[Finding]:
    """Look at a machine, one thing after the other; where it cannot be entered, at no more.

    :param engine: the restic of this worker, which is brought there if need be.
    """
    began = time.monotonic()
    try:
        with entered(host) as session:
            yield Finding("enter", f"{time.monotonic() - began:.1f} s")
            for look, ask in _LOOKS.items():
                try:
                    yield Finding(look, ask(session, engine))
                except HostError as error:
                    yield Finding(look, "", error)
    except HostError as error:
        yield Finding("enter", "", error)


def _tools(session: Session, _: Engine) -> str:
    look = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done'
    missing = session.output("sh", "-c", look, "look", *_TOOLS).output.decode().split()
    if missing:
        raise HostFailedError(host=session.host.name, said=f"command not found: {' '.join(missing)}")
    return ", ".join(_TOOLS)


def _forwarding(session: Session, _: Engine) -> str:
    # Nobody comes in by it: that it may be there is what is asked.
    session.forward(f"{session.folder}/asked.sock", Path("/nonexistent"))
    return session.folder


def _restic(session: Session, engine: Engine) -> str:
    found = provide(session, programs(engine))
    return f"{found.version} ({found.binary})"


def _room(session: Session, _: Engine) -> str:
    free = session.free_bytes(session.folder)
    if free is not None and free < LEAST_FREE_BYTES:
        said = f"{free >> 20} MiB < {LEAST_FREE_BYTES >> 20} MiB"
        raise HostFullError(host=session.host.name, folder=session.folder, said=said)
    return "?" if free is None else f"{free >> 20} MiB"


def _clock(session: Session, _: Engine) -> str:
    there = session.output("date", "+%s").output
    apart = abs(int(there) - time.time()) if there.strip().isdigit() else None
    if apart is not None and apart > MOST_SECONDS_APART:
        raise HostFailedError(host=session.host.name, said=f"clock: {apart:.0f} s")
    return "?" if apart is None else f"{apart:.0f} s"


_LOOKS: dict[Look, Callable[[Session, Engine], str]] = {
    "tools": _tools,
    "forwarding": _forwarding,
    "room": _room,
    "restic": _restic,
    "clock": _clock,
}
