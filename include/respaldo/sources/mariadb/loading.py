"""Loads a dump into a database of whatever name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from respaldo.hosts.worker import Command, Receiver
from respaldo.sources.databases.feeding import feed
from respaldo.sources.mariadb.causes import cause
from respaldo.sources.mariadb.client import CLIENT, CONNECT_SECONDS, calling, entering
from respaldo.sources.mariadb.contents import Lines
from respaldo.sources.mariadb.server import MariadbServer, quoted

_ALTERS = re.compile(rb"^ALTER DATABASE `(?:[^`]|``)*` (?=CHARACTER SET )")
_EVENT = re.compile(
    rb"^(/\*!50106 CREATE\*/ .*? EVENT (`(?:[^`]|``)*`) ON SCHEDULE"
    rb" .*? ON COMPLETION (?:NOT )?PRESERVE )ENABLE(?= )",
    re.DOTALL,
)


class Retargeting:
    """Makes the text of a dump be about another database.

    A trigger or routine that is older than the database's character set has it changed for a moment, by
    name: the name would be the live database's. And no event runs: what it writes is not in the copy.
    """

    def __init__(self, database: str) -> None:
        self.stilled: list[str] = []
        """The events, quoted, that run where they come from."""
        self._alter = b"ALTER DATABASE " + quoted(database).encode() + b" "
        self._lines = Lines()

    def take(self, block: bytes) -> bytes:
        """Take the next piece of the text; give what of it is whole lines, changed."""
        lines = self._lines.take(block)
        return b"".join(self._changed(line) + b"\n" for line in lines)

    def rest(self) -> bytes:
        return self._lines.rest()

    def _changed(self, line: bytes) -> bytes:
        if line.startswith(b"ALTER DATABASE `"):
            return _ALTERS.sub(lambda _: self._alter, line)
        if line.startswith(b"/*!50106 CREATE*/") and (event := _EVENT.match(line)):
            self.stilled.append(event[2].decode())
            return event[1] + b"DISABLE" + line[event.end() :]
        return line


def load(
    stream: Callable[[Receiver], None],
    server: MariadbServer,
    database: str,
    *,
    size_bytes: int,
) -> Sequence[str]:
    """Load what ``stream`` gives into a database that is there.

    :return: the events, quoted, that run where they come from, and not here (`MariadbServer.wake`).
    :raises RespaldoError: what ``stream`` raises wins over what the server says then.
    """
    text = Retargeting(database)

    def changed(receive: Receiver) -> None:
        stream(lambda block: receive(text.take(block)))
        receive(text.rest())

    # Binary: nothing in the data is a command of the client.
    options = ("--binary-mode", "--max-allowed-packet=1G", f"--connect-timeout={CONNECT_SECONDS}")
    said: list[bytes] = []
    command = Command(calling(CLIENT, *options, f"--database={database}"), entering(server.entry))
    code = feed(changed, command, said)
    if code != 0:
        raise cause(b"".join(said).decode(errors="replace"), server.endpoint, database, size_bytes=size_bytes)
    return text.stilled
