"""Get to a scope's data: on this worker, at a server, or on a machine over SSH."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from respaldo.actions.job import HostOf, Job
from respaldo.domain.host_errors import HostPlatformError, HostToolsError
from respaldo.hosts.hook_there import NO_LIMITS
from respaldo.hosts.session import Session, entered
from respaldo.hosts.settings import HostSettings
from respaldo.sources.reach import Machine, Reach

Enter = Callable[[str], AbstractContextManager[Session]]
"""Enters the machine that a connection leads to, for a scope's own commands."""


@contextlib.contextmanager
def reached(job: Job) -> Iterator[Reach]:
    """Get to the data of a job's scope, and leave nothing behind where they are.

    :raises HostPlatformError: they are on a Windows machine, and of a kind that cannot be worked on there.
    """
    source = job.settings.source
    name = source.host
    if name is None:
        yield Reach(job.endpoint)
        return
    settings = job.host_settings_of(name)
    if settings.platform == "windows" and not source.works_on_windows:
        raise HostPlatformError(host=name, kind=source.kind)
    machine = Machine(job.host_of(name), settings, job.engine)
    try:
        yield Reach(job.endpoint, machine)
    finally:
        machine.close()


def entering(host_of: HostOf, host_settings_of: Callable[[str], HostSettings]) -> Enter:
    """Give what enters machines for a scope's own commands: in a session of their own, that of the copy may
    be lost when they are due.

    It raises `HostToolsError` for a machine without a POSIX shell: none runs such commands yet.
    """

    def enter(name: str) -> AbstractContextManager[Session]:
        settings = host_settings_of(name)
        if settings.platform != "posix":
            raise HostToolsError(host=name, missing="sh")
        return entered(host_of(name), base=settings.folder, limits=NO_LIMITS, dialect=settings.dialect)

    return enter
