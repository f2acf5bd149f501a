"""Where what is restored goes: to this worker, or to the machine that its data are on."""

from __future__ import annotations

from respaldo.domain.errors import InvalidRequestError
from respaldo.domain.restoring import Delivery
from respaldo.hosts.windows import Windows
from respaldo.sources.disk import Disk, WorkerDisk
from respaldo.sources.disk_on_host import HostDisk
from respaldo.sources.reach import Reach


def reach_to(delivery: Delivery, reach: Reach) -> Reach:
    """Give the way to where a delivery goes. The staging folder is this worker's: the machine may be gone,
    which is why somebody restores."""
    return Reach(reach.endpoint) if delivery.destination.kind == "staging" else reach


def disk_of(reach: Reach) -> Disk:
    """Give the file systems there.

    :raises HostError: what keeps us out.
    :raises InvalidRequestError: it is a Windows machine, onto which nothing is restored.
    """
    if reach.machine is None:
        return WorkerDisk()
    if isinstance(reach.machine.session.dialect, Windows):
        raise InvalidRequestError(problem="files_to_windows")
    return HostDisk(reach.machine.session)


def told_of(place: str, reach: Reach) -> str:
    """Write a place for people: on another machine it is named with that."""
    return place if reach.machine is None else f"{reach.machine.host.name}:{place}"
