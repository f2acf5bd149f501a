"""A free TCP port for the web server, the same one each time if it can be."""

from __future__ import annotations

import socket

from respaldo.embedded.errors import NoPortError

HOST = "127.0.0.1"
FIRST = 8080
_TRIES = 200


def this_host() -> str:
    """Name this machine in Airflow's records: so that no name server is asked, who may not know it."""
    return HOST


def free(preferred: int = FIRST) -> int:
    """Give the preferred port, or the next one that nobody listens on.

    :raises NoPortError: so many are taken that something is wrong.
    """
    for port in range(preferred, preferred + _TRIES):
        if _is_free(port):
            return port
    raise NoPortError(first=preferred, last=preferred + _TRIES - 1)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the web server does: what a closed connection has left behind is not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
