"""A MariaDB server, and the databases on it as a restoration makes and marks them.

It is asked through MariaDB's own client: the worker has it anyway, with the dump tool.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from respaldo.domain.database_errors import ToolUnfitError
from respaldo.domain.errors import DatabaseDeniedError
from respaldo.domain.values import Endpoint
from respaldo.hosts.worker import Command, run
from respaldo.sources.databases.marks import Mark
from respaldo.sources.databases.through import LOCALHOST, led
from respaldo.sources.mariadb.causes import cause
from respaldo.sources.mariadb.client import CLIENT, CONNECT_SECONDS, DUMP, calling, entering
from respaldo.sources.reach import Machine

DEFAULT_PORT = 3306

Version = tuple[int, int]

_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
_VERSION = re.compile(r"(\d+)\.(\d+)\.\d+-MariaDB")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "0": "\0", "r": "\r"}

_CHARSET = """
SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA
WHERE SCHEMA_NAME = """
_COMMENT = "SELECT SCHEMA_COMMENT FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = "
_OBJECTS = """
SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {0})
  + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {0})
  + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {0})
"""
_EVENTS = """
SELECT CONCAT('`', REPLACE(EVENT_NAME, '`', '``'), '`'), DEFINER FROM information_schema.EVENTS
WHERE EVENT_SCHEMA = {}
"""
_NOT_OF_ONE_MOMENT = """
SELECT TABLE_NAME, TABLES.ENGINE FROM information_schema.TABLES
LEFT JOIN information_schema.ENGINES ON ENGINES.ENGINE = TABLES.ENGINE
WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'BASE TABLE' AND COALESCE(TRANSACTIONS, 'NO') <> 'YES'
ORDER BY TABLE_NAME
"""

_ROUTINES = "SHOW CREATE ROUTINE"
_NEEDED = ("SELECT", "SHOW VIEW", "TRIGGER", "EVENT", _ROUTINES)
"""Without them the server hides what there is, and the dump tool leaves it out without a word."""

_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<on>\*|`(?:[^`]|``)*`)\.\* TO ", re.DOTALL)
_ALL_ROUTINES = "SELECT 1 FROM mysql.proc LIMIT 0"
_RIGHT_TO_ROUTINES = (11, 3)
"""Since this version there is a right of its own for them; whoever may read their table sees them in any."""


@dataclass(frozen=True)
class MariadbServer:
    """The server that an endpoint leads to. Everything may raise what `cause` makes of an error."""

    endpoint: Endpoint
    machine: Machine | None = None
    """The machine that it is entered through; None: this worker goes there itself."""

    @property
    def entry(self) -> Endpoint:
        """Where programs of this worker enter it; what people are told of is the endpoint.

        :raises HostError: the machine does not let us on.
        """
        if self.machine is None:
            return self.endpoint
        host, port = self.endpoint.host or LOCALHOST, self.endpoint.port or DEFAULT_PORT
        return led(self.machine, self.endpoint, host if host.startswith("/") else (host, port), "mysqld.sock")

    def require_fit_tool(self) -> None:
        """Look whether this worker's dump tool knows all that the server can have.

        :raises ToolUnfitError: it is older than the server, or the server is no MariaDB.
        """
        said = bytearray()
        run(Command((DUMP, "--version")), on_output=said.extend, on_error=lambda _: None)
        tool = _VERSION.search(said.decode(errors="replace"))
        ((named,),) = self.ask("SELECT VERSION()")
        server = _VERSION.search(named)
        if tool is None or server is None or _version(tool) < _version(server):
            raise ToolUnfitError(
                connection=self.endpoint.name,
                tool=DUMP,
                version=tool[0] if tool else said.decode(errors="replace").strip(),
                server=named,
                needed=f"mariadb-client {server[1]}.{server[2]}" if server else "MariaDB",
            )

    def databases(self) -> tuple[str, ...]:
        """Name the databases that somebody made."""
        listed = self.ask("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME")
        return tuple(name for (name,) in listed if name not in _SYSTEM)

    def require_sight(self, database: str | None) -> None:
        """Look whether all that a database has is shown to this user.

        :param database: None: all of them, those too that are made later.
        :raises DatabaseDeniedError: something would be hidden; the error says what to grant.
        """
        # The grants of roles in effect are among them; the server's own tables of rights leave some out.
        held: set[str] = set()
        for (line,) in self.ask("SHOW GRANTS"):
            granted = _GRANT.match(line)
            if granted and _is_on(granted["on"], database):
                rights = granted["rights"]
                held |= {*_NEEDED} if rights == "ALL PRIVILEGES" else {*rights.split(", ")}
        ((version,),) = self.ask("SELECT VERSION()")
        named = _VERSION.search(version)
        if named and _version(named) < _RIGHT_TO_ROUTINES:
            held.discard(_ROUTINES)
        with contextlib.suppress(DatabaseDeniedError):
            self.ask(_ALL_ROUTINES)
            held.add(_ROUTINES)
        if missing := [right for right in _NEEDED if right not in held]:
            on = "*" if database is None else quoted(database)
            raise DatabaseDeniedError(
                connection=self.endpoint.name,
                host=self.endpoint.host,
                port=self.endpoint.port,
                said=f"GRANT {', '.join(missing)} ON {on}.*",
            )

    def not_of_one_moment(self, database: str) -> dict[str, str]:
        """Give the tables that others may change while they are dumped, with their engine: one without
        transactions."""
        found = self.ask(_NOT_OF_ONE_MOMENT.format(text(database)))
        return {row[0]: row[1] for row in found}

    def charset_of(self, database: str) -> str:
        """Give the statement that gives a database the default character set that this one has."""
        found = self.ask(_CHARSET + text(database))
        # Nobody may see a database that he may not enter: the dump tells why.
        return "".join(f"ALTER DATABASE CHARACTER SET = {name} COLLATE = {order};" for name, order in found)

    def comment(self, database: str) -> str | None:
        """Give a database's comment, empty without one; None when there is no such database."""
        return next((said for (said,) in self.ask(_COMMENT + text(database))), None)

    def holds_data(self, database: str) -> bool:
        """Tell whether a database has anything in it that somebody made."""
        ((objects,),) = self.ask(_OBJECTS.format(text(database)))
        return int(objects) > 0

    def create(self, database: str, mark: Mark, comment: str = "") -> None:
        """Make a database, marked from its first moment."""
        marked = text(mark.added_to(comment))
        self.ask(f"CREATE DATABASE {quoted(database)} COMMENT = {marked}", database)

    def drop(self, database: str) -> None:
        """Remove a database, if it is there."""
        self.ask(f"DROP DATABASE IF EXISTS {quoted(database)}", database)

    def mark(self, database: str, mark: Mark) -> None:
        marked = text(mark.added_to(self.comment(database) or ""))
        self.ask(f"ALTER DATABASE {quoted(database)} COMMENT = {marked}", database)

    def wake(self, database: str, events: Sequence[str]) -> None:
        """Let events, quoted, run from now on."""
        asked = _EVENTS.format(text(database))
        definers = {row[0]: row[1] for row in self.ask(asked, database)} if events else {}
        for event in events:
            user, host = definers[event].rsplit("@", 1)
            # Unsaid, it would be whoever alters it.
            definer = f"DEFINER = {quoted(user)}@{quoted(host)}"
            self.ask(f"ALTER {definer} EVENT {quoted(database)}.{event} ENABLE", database)

    def ask(self, statement: str, about: str = "") -> Sequence[tuple[str, ...]]:
        """Execute a statement and give its rows as text.

        :param about: the database that an error is of.
        """
        said, complaint = bytearray(), bytearray()
        # In a server's own mode a backslash may mean itself.
        mode = "--init-command=SET SESSION sql_mode = ''"
        arguments = ("--batch", "--skip-column-names", f"--connect-timeout={CONNECT_SECONDS}", mode)
        code = run(
            Command(
                calling(CLIENT, *arguments, f"--execute={statement}"),
                entering(self.entry),
            ),
            on_output=said.extend,
            on_error=complaint.extend,
        )
        if code != 0:
            raise cause(complaint.decode(errors="replace"), self.endpoint, about)
        return tuple(_rows(said.decode()))


def quoted(name: str) -> str:
    """Write a name as SQL has it."""
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """Write a text as SQL has it in a session of `MariadbServer.ask`."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _is_on(pattern: str, database: str | None) -> bool:
    """Tell whether what is granted on a database's name, or on a pattern of names, is granted on this one."""
    if pattern == "*" or database is None:
        return pattern == "*"
    wild = {"%": ".*", "_": "."}
    parts = re.findall(r"\\[%_\\]|.", pattern[1:-1].replace("``", "`"), re.DOTALL)
    names = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(names, database, re.DOTALL) is not None


def _version(found: re.Match[str]) -> Version:
    return int(found[1]), int(found[2])


def _rows(said: str) -> Iterator[tuple[str, ...]]:
    for line in said.split("\n")[:-1]:
        yield tuple(
            _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), cell) for cell in line.split("\t")
        )
