"""Whether anybody answers at a port: asked with a time-out of our own, before a program waits for ever."""

from __future__ import annotations

import socket

ANSWER_SECONDS = 5.0


def unreachable(host: str, port: int, seconds: float = ANSWER_SECONDS) -> str | None:
    """Give why nobody answers, in the system's words; None: somebody does.

    :param seconds: for each address that the name has.
    """
    try:
        socket.create_connection((host, port), seconds).close()
    except (OSError, UnicodeError) as error:
        return f"{host}:{port}: {error}"
    return None
