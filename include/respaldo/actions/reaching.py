"""Get to a scope's data: on this worker, at a server, or on a machine over SSH."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from respaldo.actions.job import Job
from respaldo.sources.reach import Machine, Reach


@contextlib.contextmanager
def reached(job: Job) -> Iterator[Reach]:
    """Get to the data of a job's scope, and leave nothing behind where they are."""
    name = job.settings.source.host
    if name is None:
        yield Reach(job.endpoint)
        return
    machine = Machine(job.host_of(name), job.host_settings_of(name), job.engine)
    try:
        yield Reach(job.endpoint, machine)
    finally:
        machine.close()
