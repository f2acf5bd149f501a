"""Bring an installation back on a server that has nothing of it but the repositories and the envelope.

A copy is read to its end before anything is restored of it. What is there already is never replaced, but
for what an attempt before this one put there.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from respaldo.config.configuration import folder, problems_of
from respaldo.domain.errors import (
    DatabaseDeniedError,
    DatabaseUnreachableError,
    TemporarySpaceError,
)
from respaldo.domain.restoring import Delivery, Destination, Part
from respaldo.domain.values import Endpoint
from respaldo.hosts import durable
from respaldo.production import databases, recovery_marks
from respaldo.production.mounted import secret
from respaldo.production.recovering_errors import (
    ConfigurationUnplacedError,
    DatabaseForeignError,
    DatabaseSilentError,
    DatabaseUsedError,
    NoGoodCopyError,
    NotBegunError,
)
from respaldo.production.recovery_marks import KEY
from respaldo.production.saved import BAD, Found, Say, Stores
from respaldo.sources.databases.marks import mark_in
from respaldo.sources.postgresql import PostgresqlSource
from respaldo.sources.postgresql.requests import DUMP
from respaldo.sources.postgresql.restoring import restore_database
from respaldo.sources.postgresql.server import PostgresServer
from respaldo.texts import recovering as texts
from respaldo.texts.configuration import tell
from respaldo.texts.telling import in_words

DATABASES_SCOPE, CONFIGURATION_SCOPE = "respaldo_bases", "respaldo_configuracion"
NAMES = (databases.AIRFLOW, databases.REPORT)
DUMPS = tuple(f"{name}{DUMP}" for name in NAMES)
FILES = "files"
"""The one item of a scope of files."""

MARKER = Path(".recovering")
"""In the project's folder, as long as a recovery goes on: ``scripts/recover`` makes and removes it."""

RESTORED = "restored\n"
"""What the marker says when all is restored, and only the start is left."""

CONFIGURATION = Path("config")
PATIENCE_SECONDS = 180.0
"""PostgreSQL was only just started, and makes itself first."""

_FOLDER_MODE = 0o755
_READABLE = 0o444

_Done = TypeVar("_Done")


@dataclass(frozen=True)
class Recovery:
    """One attempt.

    :ivar project: the project's folder.
    :ivar server: how PostgreSQL's superuser enters.
    """

    project: Path
    stores: Stores
    server: PostgresServer
    say: Say

    def look(self) -> None:
        """See that the envelope opens copies of all that is needed, and tell the newest.

        :raises NotBegunError: nobody asked for a recovery here.
        :raises EnvelopeForeignError, NoCopyHereError: there is nothing that could come back.
        """
        self._require_begun()
        self.stores.wait()
        for scope, items in ((DATABASES_SCOPE, DUMPS), (CONFIGURATION_SCOPE, (FILES,))):
            newest, *_ = self.stores.find(scope, items)
            self.say(texts.NEWEST.format(scope=scope, found=newest.told))

    def restore(self, revive: Callable[[Say], None]) -> None:
        """Restore both databases and the configuration. An attempt that was cut short is gone on with.

        When it returns, the databases are for whoever starts. What came so far once is not restored again.

        :param revive: mends what of the databases is of the installation that is gone.
        :raises DatabaseUsedError: a database holds what no recovery put there.
        :raises NoGoodCopyError: none of the copies is whole.
        :raises TargetFullError, TemporarySpaceError: there is no room.
        """
        self._require_begun()
        self._wait_for_server()
        if not self._is_restored():
            self._restore_all(revive)
            # The word comes first: who is killed between the two has only this left to do.
            durable.write(self.project / MARKER, RESTORED.encode())
        recovery_marks.forget()

    def _restore_all(self, revive: Callable[[Say], None]) -> None:
        self._ensure_unused()
        self.stores.wait()
        runs = self.stores.find(DATABASES_SCOPE, DUMPS)
        self._first_good(DATABASES_SCOPE, runs, self._restore_databases)
        files = self.stores.find(CONFIGURATION_SCOPE, (FILES,))
        self._first_good(CONFIGURATION_SCOPE, files, self._restore_configuration)
        revive(self.say)

    # --- copies

    def _first_good(self, scope: str, runs: Sequence[Found], do: Callable[[Found], _Done]) -> _Done:
        """Do it with the newest copy that is whole, and tell of each that is not."""
        for found in runs:
            self.say(texts.READING.format(scope=scope, found=found.told))
            try:
                return do(found)
            except BAD as error:
                self.say(texts.NOT_GOOD.format(found=found.told, reason=in_words(error)))
        raise NoGoodCopyError(scope=scope, copies=len(runs))

    # --- databases

    def _restore_databases(self, found: Found) -> None:
        parts = {item: self._read(found, item) for item in DUMPS}
        self._clear(parts)
        databases.ensure()
        databases.ensure_analysts()
        for name, item in zip(NAMES, DUMPS, strict=True):
            with tempfile.TemporaryDirectory(dir=self.stores.scratch) as scratch:
                delivery = Delivery(destination=Destination(kind="original"), key=KEY, staging=scratch)
                restored = restore_database(
                    parts[item], found.repository, delivery, self.server, scratch, lambda _: None
                )
            rows = sum(parts[item].rows.values())
            self.say(texts.RESTORED_DATABASE.format(database=name, rows=rows, bytes=restored.size_bytes))

    def _read(self, found: Found, item: str) -> Part:
        """Read a dump to its end, and count its rows."""
        copy = found.snapshots[item].as_copy()
        part = Part(item=item, snapshot_id=copy.snapshot_id, size_bytes=copy.size_bytes)
        source = PostgresqlSource(kind="postgresql", connection=KEY, databases=NAMES, globals=False)
        with tempfile.TemporaryDirectory(dir=self.stores.scratch) as scratch:
            evidence = source.read(part, found.repository, scratch)
        return part.model_copy(update={"rows": evidence.rows})

    def _ensure_unused(self) -> None:
        for name in NAMES:
            comment = self.server.comment(name)
            if comment is None or not self.server.holds_data(name):
                continue
            mark = mark_in(comment)
            if mark is None or mark.key != KEY:
                raise DatabaseUsedError(database=name)

    def _clear(self, parts: dict[str, Part]) -> None:
        """Remove what an attempt before restored of another copy."""
        for name, item in zip(NAMES, DUMPS, strict=True):
            mark = mark_in(self.server.comment(name))
            if mark is not None and mark.snapshot_id != parts[item].snapshot_id:
                self.server.drop(name)

    def _wait_for_server(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.server.databases()
            except DatabaseDeniedError as error:
                raise DatabaseForeignError from error
            except DatabaseUnreachableError as error:
                if time.monotonic() > deadline:
                    raise DatabaseSilentError(reason=error.facts.get("said", "")) from error
                time.sleep(1)
            else:
                return

    # --- configuration

    def _restore_configuration(self, found: Found) -> None:
        """Restore it beside, then put it in the place of what the secrets' script put there to begin with."""
        place = self.project / CONFIGURATION
        partial = place.with_name(f".{CONFIGURATION}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        snapshot = found.snapshots[FILES].id
        found.repository.deliver(snapshot, str(partial), overwrite="always", folder=str(folder()))
        try:
            _make_readable(partial)
            problems = problems_of(partial)
            if place.exists():
                shutil.rmtree(place)
            partial.rename(place)
        except OSError as error:
            raise ConfigurationUnplacedError(folder=place, reason=error.strerror) from error
        self.say(texts.RESTORED_CONFIGURATION.format(folder=CONFIGURATION))
        for problem in problems:
            self.say(tell(problem))
        if problems:
            self.say(texts.MEND_CONFIGURATION)

    def _require_begun(self) -> None:
        if not (self.project / MARKER).is_file():
            raise NotBegunError(file=MARKER)

    def _is_restored(self) -> bool:
        return (self.project / MARKER).read_text(encoding="utf-8") == RESTORED


def superuser() -> PostgresServer:
    """Say how the stack's PostgreSQL is entered by who may do everything there."""
    return PostgresServer(
        Endpoint(
            name=databases.SERVER,
            host=databases.SERVER,
            port=5432,
            user=databases.SERVER,
            password=SecretStr(secret("postgres_password")),
            database="postgres",
        )
    )


def room() -> Path:
    """Give a folder for what is on its way.

    :raises TemporarySpaceError: there is none.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="respaldo-"))
    except OSError as error:
        raise TemporarySpaceError(target=tempfile.gettempdir(), said=error.strerror) from error


def _make_readable(folder: Path) -> None:
    """Let the containers' own user read it, whoever restored it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (_FOLDER_MODE if path.is_dir() else _READABLE))
