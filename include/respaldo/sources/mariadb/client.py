"""How MariaDB's own programs are led to a server: with an option file that only they can read."""

from __future__ import annotations

from pydantic import SecretStr

from respaldo.domain.values import Endpoint
from respaldo.hosts.worker import Argument

CLIENT = "mariadb"
DUMP = "mariadb-dump"
CONNECT_SECONDS = 15

_OPTIONS = "RESPALDO_OPTIONS"
_FIRST = "RESPALDO_FIRST"
_START = (
    f'if [ -n "${_FIRST}" ]; then printf "%s\\n" "${_FIRST}"; fi; '
    f'program=$1; shift; HOME=/nonexistent exec "$program" --defaults-extra-file="${_OPTIONS}" "$@"'
)
"""Only an argument can name an option file, and only the environment leads to one in memory.

Without a home: a personal option file would be read last, and its password would win.
"""


def calling(program: str, *arguments: str) -> tuple[str, ...]:
    """Give the command line that starts a program with what `entering` gives."""
    return ("sh", "-c", _START, "sh", program, *arguments)


def entering(server: Endpoint, first: str = "") -> dict[str, Argument]:
    """Give the environment for `calling`.

    :param first: a line that is printed before what the program prints.
    """
    # In English: what the programs say decides what is told.
    return {_OPTIONS: SecretStr(_option_file(server)), _FIRST: first, "LC_ALL": "C.UTF-8"}


def _option_file(server: Endpoint) -> str:
    """Write where the server is and who enters. A host that begins with a slash is a socket."""
    options = {"default-character-set": "utf8mb4"}
    if server.host is not None and server.host.startswith("/"):
        options |= {"socket": server.host, "protocol": "socket"}
    elif server.host is not None:
        # By its name: "localhost" alone would mean the socket, whatever port is given.
        options |= {"host": server.host, "protocol": "tcp"}
    if server.port:
        options["port"] = str(server.port)
    if server.user:
        options["user"] = server.user
    if server.password:
        options["password"] = server.password.get_secret_value()
    lines = [f'{name}="{_escaped(value)}"' for name, value in options.items()]
    return "\n".join(["[client]", *lines, ""])


def _escaped(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
