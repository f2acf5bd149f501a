"""What of a run's dumps answers a request: databases, and schemas and tables in one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from respaldo.domain.errors import InvalidRequestError, NotInCopyError
from respaldo.domain.restoring import Part, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.restic.repository import Repository
from respaldo.sources.databases.requests import dumps, require_snapshots
from respaldo.sources.nearness import NEAREST_NAMES, nearest
from respaldo.sources.postgresql.choice import SCHEMA, TABLE, asked
from respaldo.sources.postgresql.contents import Contents
from respaldo.sources.postgresql.dump_text import one_line

DUMP = ".dump"
"""What the item of a database ends with; before it stands the database's name, quoted for a path."""

ReadContents = Callable[[Copy], Contents]


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
    chosen = dumps(wanted.databases, copies, DUMP)
    some = bool(wanted.schemas or wanted.tables)
    if some and len(chosen) != 1:
        raise InvalidRequestError(problem="one_database")
    require_snapshots(chosen, repository)
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


def _includes(wanted: Wanted, contents: Contents, copy: Copy) -> tuple[str, ...]:
    schemas = {entry.schema for entry in contents.entries if entry.schema != "-"}
    schemas |= {entry.name for entry in contents.entries if entry.type == "SCHEMA"}
    tables = {entry.table for entry in contents.tables}
    asked_for = map(one_line, wanted.tables)
    named = [name if name in tables or "." in name else f"public.{name}" for name in asked_for]
    missing_schemas = [name for name in wanted.schemas if name not in schemas]
    missing_tables = [name for name in named if name not in tables]
    if missing_schemas or missing_tables:
        near = [*nearest(missing_schemas, schemas), *nearest(missing_tables, tables)]
        raise NotInCopyError(
            snapshot=copy.snapshot_id,
            missing=", ".join((*missing_schemas, *missing_tables)),
            nearest=", ".join(near[:NEAREST_NAMES]),
        )
    return (*(f"{SCHEMA}{name}" for name in wanted.schemas), *(f"{TABLE}{name}" for name in named))
