"""A server that is entered through a machine: this worker's programs speak to a socket that leads on to it.

So the machine needs no program of the database, no password of it is on the machine, and the server need not
listen to any other. What the server sees is the SSH connection's user on its own machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from respaldo.domain.errors import DatabaseUnreachableError, RespaldoError
from respaldo.domain.host_errors import HostError
from respaldo.domain.values import Endpoint
from respaldo.hosts.leading import NoAnswerError, Server
from respaldo.sources.reach import Machine, Reach

LOCALHOST = "localhost"
"""The machine itself: where a server is whose connection names no other."""


def led(machine: Machine, endpoint: Endpoint, server: Server, name: str) -> Endpoint:
    """Give the way to a server: the endpoint, with the path of the socket as its host.

    :param server: as the machine knows it.
    :param name: of the socket.
    :raises HostError: the machine cannot be entered, or lets nobody on.
    :raises DatabaseUnreachableError: nobody answers it there.
    """
    try:
        path = machine.session.lead(server, name)
    except NoAnswerError as error:
        host, port = (server, None) if isinstance(server, str) else server
        raise DatabaseUnreachableError(connection=endpoint.name, host=host, port=port, said=error) from error
    user = endpoint.user or machine.host.user
    return endpoint.model_copy(update={"host": str(path), "user": user})


@contextlib.contextmanager
def by_way_of(reach: Reach) -> Iterator[None]:
    """Tell a machine that was lost as the cause, whatever a program says whose connection it carried.

    Other errors name the server, and not the socket that led there.

    :raises HostUnreachableError: the machine was lost.
    """
    try:
        yield
    except HostError:
        raise
    except RespaldoError as error:
        if reach.machine is not None and reach.machine.is_entered:
            session = reach.machine.session
            session.output("true")
            error.facts = {name: session.told(said) for name, said in error.facts.items()}
        raise
