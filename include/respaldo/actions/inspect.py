"""Activity 14: look at what a failed run worked with, as it is now: worker, disks, source, repositories."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import psutil  # type: ignore[import-untyped]
from pydantic import Field

from respaldo.actions.console.reading import HostOf, SecretOf, read
from respaldo.actions.job import Job
from respaldo.actions.reaching import reached
from respaldo.config.external import ExternalSource
from respaldo.domain.errors import RespaldoError
from respaldo.domain.values import Value
from respaldo.restic.locations import kind_of


class Probe(Value):
    """What one look showed: figures, or the error that it ended with."""

    of: Literal["worker", "space", "source", "repository"]
    name: str
    facts: dict[str, int | str] = Field(default_factory=dict)
    cause: str | None = None
    """Code of the error; None: it is as it should be."""
    told: dict[str, str] = Field(default_factory=dict)
    """The error's facts, which its words name."""
    is_looked_at: bool = True
    """False: what each copy prepares before it looks is not there now, and nothing can be said of it."""
    is_elsewhere: bool = False
    """Only the scope's own worker, which is another than this, could look at it."""


def inspect(job: Job, found: Callable[[Probe], None], *, is_elsewhere: bool = False) -> None:
    """Look at everything, whatever else is wrong, and hand on each thing as soon as it was looked at.

    :param is_elsewhere: the scope has a worker of its own, and this is another: its disks are not here.
    """
    settings = job.settings
    names = [name for name in (settings.repository, settings.second_copy) if name is not None]
    found(_worker())
    if is_elsewhere:
        found(Probe(of="source", name=settings.source.kind, is_elsewhere=True))
        _inspect_from_elsewhere(job, names, found)
        return
    for probe in _spaces(job, names):
        found(probe)
    if settings.pre:
        found(Probe(of="source", name=settings.source.kind, is_looked_at=False))
    else:
        found(_tried("source", settings.source.kind, partial(_probe, job)))
    for name in names:
        found(_tried("repository", name, partial(_open, job, name)))


def _inspect_from_elsewhere(job: Job, names: list[str], found: Callable[[Probe], None]) -> None:
    for name in names:
        if kind_of(job.configuration.repositories[name].location) == "local":
            found(Probe(of="repository", name=name, is_elsewhere=True))
        else:
            found(_tried("repository", name, partial(_open, job, name)))


def inspect_console(
    source: ExternalSource,
    host_of: HostOf,
    secret_of: SecretOf,
    zone: ZoneInfo,
    found: Callable[[Probe], None],
    *,
    is_elsewhere: bool = False,
) -> None:
    """Look at this worker, and whether the console of another product can be read.

    :param is_elsewhere: see `inspect`.
    """
    found(_worker())
    if is_elsewhere:
        found(Probe(of="source", name=source.product, is_elsewhere=True))
        return
    found(_tried("source", source.product, lambda: read(source, host_of, secret_of, zone, datetime.now(UTC))))


def _worker() -> Probe:
    memory = psutil.virtual_memory()
    load = f"{os.getloadavg()[0]:.1f}"
    facts: dict[str, int | str] = {
        "load": load,
        "cores": os.cpu_count() or 1,
        "free_memory": memory.available,
    }
    return Probe(of="worker", name=socket.gethostname(), facts=facts)


def _spaces(job: Job, names: list[str]) -> list[Probe]:
    """Give the room on the disks of this worker that the run writes to."""
    locations = [job.configuration.repositories[name].location for name in names]
    folders = [str(job.home.scratch), *(place for place in locations if place.startswith("/"))]
    probes = []
    for folder in folders:
        if Path(folder).is_dir():
            usage = shutil.disk_usage(folder)
            facts: dict[str, int | str] = {"free": usage.free, "total": usage.total}
            probes.append(Probe(of="space", name=folder, facts=facts))
    return probes


def _probe(job: Job) -> None:
    with reached(job) as reach:
        job.settings.source.probe(reach)


def _open(job: Job, repository: str) -> None:
    job.repository(repository).open()


def _tried(of: Literal["source", "repository"], name: str, look: Callable[[], object]) -> Probe:
    try:
        look()
    except RespaldoError as error:
        return Probe(of=of, name=name, cause=error.code, told=error.facts)
    return Probe(of=of, name=name)
