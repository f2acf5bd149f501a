"""What Respaldo saved of itself, as it is found in the repositories with the envelope and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from respaldo.config.document import read, validated
from respaldo.config.repositories import Repositories, RepositorySettings
from respaldo.domain.errors import (
    CheckError,
    RepositoryError,
    RepositoryUnreachableError,
    RespaldoError,
    RestoreMismatchError,
    UnknownEngineError,
    WrongPasswordError,
)
from respaldo.hosts.reach import unreachable
from respaldo.production.connections import REPOSITORY_USER
from respaldo.production.mounted import secret
from respaldo.production.recovering_errors import EnvelopeForeignError, NoCopyHereError
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.engine import Engine
from respaldo.restic.passwords import derive_password
from respaldo.restic.repository import Repository
from respaldo.restic.snapshots import Snapshot
from respaldo.texts import recovering as texts
from respaldo.texts.telling import in_words

BAD = (RepositoryError, CheckError, RestoreMismatchError, UnknownEngineError)
"""What tells that a copy is not good; another one may be."""

PATIENCE_SECONDS = 45.0
"""The repositories' servers were only just started."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """The copies that one run left in one repository."""

    repository: Repository
    taken_at: datetime
    snapshots: dict[str, Snapshot]
    """Item -> its snapshot."""

    @property
    def told(self) -> str:
        return texts.FOUND.format(repository=self.repository.name, moment=self.taken_at.astimezone())


@dataclass(frozen=True)
class Stores:
    """The repositories of the stack, entered with the envelope's secrets.

    :ivar settings: in the order in which they are asked: of two equal copies the first one's is taken.
    """

    settings: dict[str, RepositorySettings]
    engine: Engine
    scratch: Path
    say: Say

    def wait(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until each server answers, or has had its time: it is told then, and asked all the same."""
        deadline = time.monotonic() + seconds
        for name in self.settings:
            door = self._repository(name, "").place.entered.door
            while door and unreachable(door.host, door.port):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.5)

    def find(self, scope_id: str, items: Iterable[str]) -> list[Found]:
        """Find the runs that left a copy of every item: the newest first, each in all of its repositories.

        :raises EnvelopeForeignError: the secrets open none of them.
        :raises NoCopyHereError: no repository has any.
        """
        found: list[Found] = []
        errors: list[RespaldoError] = []
        for name in self.settings:
            repository = self._repository(name, scope_id)
            try:
                found += _runs(repository, frozenset(items))
            except BAD as error:
                errors.append(error)
                self.say(texts.PASSED_OVER.format(repository=name, reason=in_words(error)))
        if not found and any(isinstance(error, WrongPasswordError) for error in errors):
            raise EnvelopeForeignError
        if not found:
            is_silent = all(isinstance(error, RepositoryUnreachableError) for error in errors)
            hint = texts.HINTS["silent" if errors and is_silent else "empty"]
            raise NoCopyHereError(scope=scope_id, hint=hint)
        # Of one moment, what was found first stays first.
        return sorted(found, key=lambda one: one.taken_at, reverse=True)

    def _repository(self, name: str, scope_id: str) -> Repository:
        settings = self.settings[name]
        login = Login(user=REPOSITORY_USER, secret=SecretStr(secret(f"{name}_password")))
        location = settings.location_of(scope_id)
        access = Access.to(location, login, name=name, options=settings.options, authority=settings.ca)
        password = derive_password(SecretStr(secret(f"master_{name}")), name, scope_id)
        # Without a cache: what is damaged must not be hidden by it.
        place = Place(location, password, None, scratch=str(self.scratch), access=access)
        return Repository(name, scope_id, place, self.engine, append_only=settings.append_only)


def settings_in(template: Path, elsewhere: dict[str, str]) -> dict[str, RepositorySettings]:
    """Say where the repositories are: where the stack's own are, if nobody says that one is elsewhere.

    :param template: the configuration that an installation begins with.
    :param elsewhere: name -> location.
    :raises pydantic.ValidationError: a location cannot be read.
    """
    known = validated(read(template / "repositories.yaml"), Repositories).root
    return {
        name: RepositorySettings.model_validate(settings.model_dump() | {"location": elsewhere[name]})
        if name in elsewhere
        else settings
        for name, settings in known.items()
    }


def _runs(repository: Repository, items: frozenset[str]) -> Iterator[Found]:
    runs: dict[str, dict[str, Snapshot]] = {}
    # The oldest first: of a run that made an item twice, the later one counts.
    for snapshot in repository.snapshots():
        if snapshot.run_key:
            runs.setdefault(snapshot.run_key, {})[snapshot.item] = snapshot
    for parts in runs.values():
        if items <= parts.keys():
            wanted = {item: parts[item] for item in sorted(items)}
            yield Found(repository, max(each.time for each in wanted.values()), wanted)
