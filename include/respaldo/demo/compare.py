"""Compare what was saved with what came back: two trees of files, or two databases."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from respaldo.demo.libpq import database_of, run_program
from respaldo.domain.values import Endpoint

Aspect = Literal[
    "missing",
    "unexpected",
    "type",
    "mode",
    "owner",
    "mtime",
    "size",
    "content",
    "target",
    "hard_links",
    "sparse",
]

_BLOCK_BYTES = 512
_SPARSE_FROM_BYTES = 1 << 20
# What differs between two dumps of the same content: versions, and a random word against injection.
_NOT_CONTENT = re.compile(rb"-- Dumped (from|by) |\\(un)?restrict ")
_OBJECT = re.compile(rb"-- (?:Data for )?(Name: .*)")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same. ``path`` is printable: below the root, or an object of a database."""

    path: str
    aspect: Aspect
    expected: str = ""
    actual: str = ""


def trees(expected: Path, actual: Path, *, ignore: Collection[Path] = ()) -> tuple[Difference, ...]:
    """Compare two folders: names, types, modes, owners, times, contents, targets, hard links, sparseness.

    :param ignore: paths below the root that are left out, each with all that is in it.
    """
    ours, theirs = _entries(expected, ignore), _entries(actual, ignore)
    links, their_links = _hard_links(ours), _hard_links(theirs)
    found = [Difference(_printable(path), "missing") for path in ours.keys() - theirs.keys()]
    found += [Difference(_printable(path), "unexpected") for path in theirs.keys() - ours.keys()]
    for path in ours.keys() & theirs.keys():
        facts = _facts(expected / path, ours[path], links.get(path, frozenset()))
        their_facts = _facts(actual / path, theirs[path], their_links.get(path, frozenset()))
        for aspect, value in facts.items():
            if their_facts.get(aspect) != value:
                found.append(Difference(_printable(path), aspect, value, their_facts.get(aspect, "")))
    return tuple(sorted(found, key=lambda difference: (difference.path, difference.aspect)))


def databases(expected: Endpoint, actual: Endpoint) -> tuple[Difference, ...]:
    """Compare the plain dumps of two databases, object by object, and the roles of their servers.

    The settings of the database itself count when both have one name. Roles that only the second server has
    are no difference. Needs superusers: the hashes of the roles' passwords are compared, and never told.

    :raises SourceCommandError: pg_dump or pg_dumpall failed.
    """
    with_database = database_of(expected) == database_of(actual)
    ours = _objects(expected, with_database=with_database)
    theirs = _objects(actual, with_database=with_database)
    found = [Difference(name, "missing") for name in sorted(ours.keys() - theirs.keys())]
    found += [Difference(name, "unexpected") for name in sorted(theirs.keys() - ours.keys())]
    both = sorted(ours.keys() & theirs.keys())
    found += [Difference(name, "content") for name in both if ours[name] != theirs[name]]
    statements = _roles(expected) - _roles(actual)
    # The first three words name the role; a password's hash comes after them.
    found += [Difference(" ".join(each.split()[:3]), "missing") for each in sorted(statements)]
    return tuple(found)


def _entries(root: Path, ignore: Collection[Path]) -> dict[Path, os.stat_result]:
    left_out = set(ignore)

    def walk(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
        below = path.relative_to(root)
        if below in left_out:
            return
        entry = path.lstat()
        yield below, entry
        if stat.S_ISDIR(entry.st_mode):
            for child in path.iterdir():
                yield from walk(child)

    return dict(walk(root))


def _hard_links(entries: dict[Path, os.stat_result]) -> dict[Path, frozenset[Path]]:
    """Give, for each name of a file with several, all its names below the root."""
    groups: defaultdict[tuple[int, int], set[Path]] = defaultdict(set)
    for path, entry in entries.items():
        if entry.st_nlink > 1 and not stat.S_ISDIR(entry.st_mode):
            groups[entry.st_dev, entry.st_ino].add(path)
    return {path: frozenset(group) for group in groups.values() for path in group}


def _facts(path: Path, entry: os.stat_result, links: frozenset[Path]) -> dict[Aspect, str]:
    facts: dict[Aspect, str] = {
        "type": stat.filemode(entry.st_mode)[0],
        "mode": oct(stat.S_IMODE(entry.st_mode)),
        "owner": f"{entry.st_uid}:{entry.st_gid}",
        "mtime": str(entry.st_mtime_ns),
        "hard_links": ", ".join(sorted(_printable(link) for link in links)),
    }
    if stat.S_ISLNK(entry.st_mode):
        facts["target"] = _printable(path.readlink())
    elif stat.S_ISREG(entry.st_mode):
        facts["size"] = str(entry.st_size)
        facts["sparse"] = str(_is_sparse(entry))
        facts["content"] = _sha256(path)
    return facts


def _is_sparse(entry: os.stat_result) -> bool:
    """Tell whether most of a file is holes. Small files may be held in their inode: they do not count."""
    allocated = entry.st_blocks * _BLOCK_BYTES
    return entry.st_size >= _SPARSE_FROM_BYTES and allocated * 2 < entry.st_size


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _printable(path: Path) -> str:
    """Give a path as text, with the bytes that are not UTF-8 escaped."""
    return str(path).encode(errors="backslashreplace").decode()


def _objects(endpoint: Endpoint, *, with_database: bool) -> dict[str, int]:
    """Sum up each object's part of a plain dump, by the line that names it.

    A table's rows have no order, and a restore may store them in another one (PostgreSQL 16 and later extend
    a table by many pages at once): the sum of the lines' hashes counts each line wherever it stands.
    """
    parts: defaultdict[str, int] = defaultdict(int)
    name = ""

    def take(line: bytes) -> None:
        nonlocal name
        if begun := _OBJECT.match(line):
            name = begun[1].decode(errors="replace")
        if not _NOT_CONTENT.match(line):
            parts[name] += int.from_bytes(hashlib.sha256(line).digest())

    options = ("--create",) if with_database else ()
    run_program(("pg_dump", "--no-password", *options), endpoint, database_of(endpoint), take)
    return dict(parts)


def _roles(endpoint: Endpoint) -> set[str]:
    """Give the statements that make the server's roles, as they are in a dump."""
    statements: set[str] = set()

    def take(line: bytes) -> None:
        if line.startswith((b"CREATE ROLE ", b"ALTER ROLE ", b"GRANT ")):
            statements.add(line.decode().rstrip())

    run_program(("pg_dumpall", "--no-password", "--roles-only"), endpoint, "postgres", take)
    return statements
