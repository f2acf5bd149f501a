"""What of a run's dumps answers a request, and what live data restoring it would change."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import unquote

from respaldo.domain.errors import (
    InvalidRequestError,
    NotInCopyError,
    SnapshotMissingError,
    TargetOccupiedError,
)
from respaldo.domain.restoring import Delivery, Part, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.restic.repository import Repository
from respaldo.sources.postgresql.choice import SCHEMA, TABLE, asked
from respaldo.sources.postgresql.contents import Contents
from respaldo.sources.postgresql.dump_text import one_line
from respaldo.sources.postgresql.server import PostgresServer

DUMP = ".dump"
"""What the item of a database ends with; before it stands the database's name, quoted for a path."""

_NEAREST = 5

ReadContents = Callable[[Copy], Contents]


def database_of(item: str) -> str:
    return unquote(item.removesuffix(DUMP))


def find_parts(
    wanted: Wanted,
    copies: Sequence[Copy],
    repository: Repository,
    recorded: Sequence[Evidence],
    read_contents: ReadContents,
) -> tuple[Part, ...]:
    """Give a part for each database that is asked for. See `Source.find`."""
    if wanted.paths:
        raise InvalidRequestError(problem="databases_only")
    chosen = _databases(wanted.databases, copies)
    some = bool(wanted.schemas or wanted.tables)
    if some and len(chosen) != 1:
        raise InvalidRequestError(problem="one_database")
    there = {snapshot.id for snapshot in repository.snapshots()}
    for copy in chosen:
        if copy.snapshot_id not in there:
            raise SnapshotMissingError(
                repository=repository.name,
                location=repository.place.location,
                scope=repository.scope_id,
                snapshot=copy.snapshot_id,
            )
    rows = {evidence.item: evidence.rows for evidence in recorded if evidence.rows}
    if some:
        (copy,) = chosen
        contents = read_contents(copy)
        includes = _includes(wanted, contents, copy)
        tables = {entry.table for entry in asked(contents, includes) if entry.type == "TABLE"}
        rows = {
            copy.item: {name: n for name, n in rows.get(copy.item, {}).items() if one_line(name) in tables}
        }
    return tuple(
        Part(
            item=copy.item,
            snapshot_id=copy.snapshot_id,
            includes=includes if some else (),
            size_bytes=copy.size_bytes,
            rows=rows.get(copy.item, {}),
        )
        for copy in chosen
    )


def target_of(part: Part, delivery: Delivery) -> str:
    """Name the database that a part is for, staging apart: that one has a name of its own."""
    destination = delivery.destination
    if destination.kind == "database" and destination.target:
        return destination.target
    return database_of(part.item)


def touched(parts: Sequence[Part], delivery: Delivery, server: PostgresServer) -> tuple[str, ...]:
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
        target = target_of(part, delivery)
        if server.comment(target) is not None and server.holds_data(target):
            # A whole database is kept under another name; tables are in the safety backup, or nowhere.
            is_kept = not part.includes or target == database_of(part.item)
            if destination.overwrite != "always" or not is_kept:
                raise TargetOccupiedError(target=f"{server.endpoint.name}/{target}")
            found += [f"{target}/{each.split(':', 1)[1]}" for each in part.includes] or [target]
    return tuple(found)


def _databases(names: Sequence[str], copies: Sequence[Copy]) -> tuple[Copy, ...]:
    dumps = {database_of(copy.item): copy for copy in copies if copy.item.endswith(DUMP)}
    missing = [name for name in names if name not in dumps]
    if missing or not dumps:
        raise NotInCopyError(
            snapshot=", ".join(copy.snapshot_id[:8] for copy in copies),
            missing=", ".join(missing),
            nearest=", ".join(_nearest(missing, dumps)),
        )
    return tuple(dumps[name] for name in names or dumps)


def _includes(wanted: Wanted, contents: Contents, copy: Copy) -> tuple[str, ...]:
    schemas = {entry.schema for entry in contents.entries if entry.schema != "-"}
    schemas |= {entry.name for entry in contents.entries if entry.type == "SCHEMA"}
    tables = {entry.table for entry in contents.tables}
    asked_for = map(one_line, wanted.tables)
    named = [name if name in tables or "." in name else f"public.{name}" for name in asked_for]
    missing_schemas = [name for name in wanted.schemas if name not in schemas]
    missing_tables = [name for name in named if name not in tables]
    if missing_schemas or missing_tables:
        nearest = [*_nearest(missing_schemas, schemas), *_nearest(missing_tables, tables)]
        raise NotInCopyError(
            snapshot=copy.snapshot_id,
            missing=", ".join((*missing_schemas, *missing_tables)),
            nearest=", ".join(nearest[:_NEAREST]),
        )
    return (*(f"{SCHEMA}{name}" for name in wanted.schemas), *(f"{TABLE}{name}" for name in named))


def _nearest(missing: Iterable[str], there: Iterable[str]) -> list[str]:
    names = sorted(there)
    found = [near for name in missing for near in difflib.get_close_matches(name, names, n=_NEAREST)]
    return list(dict.fromkeys(found))[:_NEAREST]
