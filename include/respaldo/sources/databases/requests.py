"""What of a run's dumps answers a request, and what live data restoring it would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import unquote

from respaldo.domain.errors import (
    InvalidRequestError,
    NotInCopyError,
    SnapshotMissingError,
    TargetOccupiedError,
)
from respaldo.domain.restoring import Delivery, Part
from respaldo.domain.values import Copy, Endpoint
from respaldo.restic.repository import Repository
from respaldo.sources.nearness import nearest


class DatabaseServer(Protocol):
    """What a request needs to know of a server."""

    @property
    def endpoint(self) -> Endpoint: ...

    def comment(self, database: str) -> str | None:
        """Give a database's comment, empty without one; None when there is no such database."""
        ...

    def holds_data(self, database: str) -> bool:
        """Tell whether a database has anything in it that somebody made."""
        ...


def database_of(item: str, ending: str) -> str:
    """Name the database that an item is of: quoted for a path, with an ending of its kind of source."""
    return unquote(item.removesuffix(ending))


def dumps(names: Sequence[str], copies: Sequence[Copy], ending: str) -> tuple[Copy, ...]:
    """Give the dumps of these databases, of all if none is named.

    :raises NotInCopyError: one of them is not there, or there is none at all.
    """
    found = {database_of(copy.item, ending): copy for copy in copies if copy.item.endswith(ending)}
    missing = [name for name in names if name not in found]
    if missing or not found:
        raise NotInCopyError(
            snapshot=", ".join(copy.snapshot_id[:8] for copy in copies),
            missing=", ".join(missing),
            nearest=", ".join(nearest(missing, found)),
        )
    return tuple(found[name] for name in names or found)


def require_snapshots(copies: Sequence[Copy], repository: Repository) -> None:
    """Look whether the snapshots of copies are there.

    :raises SnapshotMissingError: one is not.
    """
    there = {snapshot.id for snapshot in repository.snapshots()}
    for copy in copies:
        if copy.snapshot_id not in there:
            raise SnapshotMissingError(
                repository=repository.name,
                location=repository.place.location,
                scope=repository.scope_id,
                snapshot=copy.snapshot_id,
            )


def target_of(part: Part, delivery: Delivery, ending: str) -> str:
    """Name the database that a part is for, staging apart: that one has a name of its own."""
    destination = delivery.destination
    if destination.kind == "database" and destination.target:
        return destination.target
    return database_of(part.item, ending)


def touched(
    parts: Sequence[Part], delivery: Delivery, server: DatabaseServer, ending: str
) -> tuple[str, ...]:
    """Name the databases, or tables in them, that hold data and would be replaced. See `Source.touches`.

    :raises TargetOccupiedError: one holds data, and nobody asked for it to be replaced.
    """
    destination = delivery.destination
    if destination.kind == "path":
        raise InvalidRequestError(problem="database_to_path")
    if destination.overwrite == "if_newer":
        raise InvalidRequestError(problem="overwrite_databases")
    if destination.kind == "database" and (len(parts) != 1 or not destination.target):
        raise InvalidRequestError(problem="one_database")
    if destination.kind == "staging":
        return ()
    found: list[str] = []
    for part in parts:
        target = target_of(part, delivery, ending)
        if server.comment(target) is not None and server.holds_data(target):
            # A whole database is kept under another name; tables are in the safety backup, or nowhere.
            is_kept = not part.includes or target == database_of(part.item, ending)
            if destination.overwrite != "always" or not is_kept:
                raise TargetOccupiedError(target=f"{server.endpoint.name}/{target}")
            found += [f"{target}/{each.split(':', 1)[1]}" for each in part.includes] or [target]
    return tuple(found)
