"""A server that comes back as of a moment: from the copy alone, into a folder that holds nothing.

The copy goes to the scratch folder, a Barman of our own finds it there by a configuration of our own, and
restores it. Nothing is asked of the Barman that made it, nor of the server: both may be gone.
"""

from __future__ import annotations

import filecmp
import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from respaldo.domain.database_errors import BarmanUnusableError
from respaldo.domain.errors import (
    InvalidRequestError,
    RespaldoError,
    RestoreMismatchError,
    TargetDeniedError,
    TargetFullError,
    TargetOccupiedError,
    TargetRefusedError,
)
from respaldo.domain.restoring import Delivery, Part, Restored
from respaldo.domain.values import Evidence
from respaldo.hosts import durable
from respaldo.restic.call import OnProgress
from respaldo.restic.delivering import free_bytes
from respaldo.restic.repository import Repository
from respaldo.sources.barman import catalogue, commits
from respaldo.sources.barman.catalogue import Base, Catalogue
from respaldo.sources.barman.running import Barman, BarmanError

DATA = "data"
TABLESPACES = "tablespaces"

_PER_MAJOR = 10_000
"""PostgreSQL counts its version 15.18 as 150018."""

_SERVER = "restored"

_CONFIGURATION = """\
[barman]
barman_user = {user}
barman_home = {home}
barman_lock_directory = {home}
log_file = {home}/barman.log
log_level = INFO

[{server}]
description = restored
backup_method = postgres
archiver = on
conninfo = host=/nonexistent
streaming_conninfo = host=/nonexistent
basebackups_directory = {bases}
wals_directory = {wals}
recovery_staging_path = {home}
"""
"""No server is asked anything: the ways to it lead nowhere, and Barman only wants them to be there."""

_NOT_COPIED = ("pg_wal/", "pg_xlog/", "log/", "pg_log/", "postmaster.pid", "recovery.conf", "tablespace_map")
"""What of a base backup Barman does not restore: it belongs to the server that was."""


def folder_of(delivery: Delivery) -> Path:
    """Give the folder that a server is restored into.

    :raises InvalidRequestError: it is to go over the live one, or into a database.
    """
    destination = delivery.destination
    if destination.kind in ("original", "database"):
        raise InvalidRequestError(problem="server_to_folder")
    target = destination.target if destination.kind == "path" else None
    return Path(os.path.normpath("/" + (target or delivery.staging).lstrip("/")))


def require_free(folder: Path) -> None:
    """See that a folder holds nothing, or is not there.

    :raises TargetOccupiedError: it holds something, or nobody can look.
    """
    try:
        is_free = not any(folder.iterdir())
    except FileNotFoundError:
        is_free = True
    except OSError:
        is_free = False
    if not is_free:
        raise TargetOccupiedError(target=folder)


def restore(
    part: Part,
    asked: Asked,
    repository: Repository,
    delivery: Delivery,
    scratch: str,
    on_progress: OnProgress,
) -> Restored:
    """Restore a base backup and the WAL up to a moment, and compare them with the copy.

    What a killed attempt of the same request left is removed first; what a whole one left is given again.

    :raises TargetOccupiedError: something else is there.
    """
    folder = folder_of(delivery)
    done, begun = folder / f"respaldo-{delivery.key}.json", folder / f".respaldo-{delivery.key}.begun"
    if done.is_file():
        return Restored.model_validate_json(done.read_bytes())
    if not begun.exists():
        require_free(folder)
    _prepare(folder, begun)
    try:
        restored = _restored(part, asked, repository, folder, Path(scratch), on_progress)
    except RespaldoError:
        # The second copy may come next, and must not find half a server of the first.
        _clear(folder)
        begun.unlink()
        raise
    durable.replace(done, restored.model_dump_json(indent=1).encode())
    begun.unlink()
    return restored


@dataclass(frozen=True)
class Asked:
    """Which base of a copy, and up to when, as a part carries it."""

    base: str
    moment: datetime | None

    @classmethod
    def of(cls, part: Part) -> Asked:
        base, moment = part.includes
        return cls(base, datetime.fromisoformat(moment) if moment else None)

    @property
    def includes(self) -> tuple[str, str]:
        return self.base, self.moment.astimezone(UTC).isoformat() if self.moment else ""


def _prepare(folder: Path, begun: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun.touch(mode=0o600)
        _clear(folder)
    except OSError as error:
        raise TargetDeniedError(target=folder, said=f"{error.strerror}: {error.filename}") from error


def _clear(folder: Path) -> None:
    for name in (DATA, TABLESPACES):
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def _restored(
    part: Part, asked: Asked, repository: Repository, folder: Path, scratch: Path, on_progress: OnProgress
) -> Restored:
    there = catalogue.read(part.item, part.snapshot_id, repository)
    base = next(one for one in there.bases if one.id == asked.base)
    _require_room(folder, base, there)
    _fetch(part, base, there, repository, scratch, on_progress)
    is_end = _is_end(base, there, asked, scratch)
    _recover(base, there, asked, folder, scratch, is_end=is_end)
    files, size_bytes = _compare(base, folder, scratch)
    facts: dict[str, int | str] = {
        "files": files,
        "size_bytes": size_bytes,
        "base_backup": base.id,
        "moment": asked.moment.isoformat() if asked.moment else "end",
        "target": "end" if is_end else "moment",
    }
    return Restored(
        where=(str(folder),),
        files=files,
        size_bytes=size_bytes,
        evidence=(Evidence(method="restored", item=part.item, facts=facts),),
    )


def _require_room(folder: Path, base: Base, there: Catalogue) -> None:
    needed = base.size_bytes + sum(node.size_bytes for node in there.wal_of(base))
    free = free_bytes(str(folder))
    if free is not None and free < needed:
        raise TargetFullError(target=folder, needed=needed, free=free, said="")


def _fetch(
    part: Part, base: Base, there: Catalogue, repository: Repository, scratch: Path, on_progress: OnProgress
) -> None:
    """Bring the base, its WAL and what is beside them out of the copy."""
    beside = [f"{there.wals_folder}/{name}" for name in ("xlog.db", *there.histories)]
    paths = [base.folder, *there.wal_folders(base), *beside]
    repository.restore(part.snapshot_id, scratch, paths, on_progress)


def _is_end(base: Base, there: Catalogue, asked: Asked, scratch: Path) -> bool:
    """Tell whether a moment is known to be the same as the end of the WAL."""
    names = there.chain(base)
    if asked.moment is None or not names:
        return asked.moment is None
    paths = [Path(f"{scratch}{there.wals[name].path}") for name in names]
    major, links = base.version // _PER_MAJOR, scratch / "segments"
    return commits.any_after(asked.moment, paths, major, base.segment_bytes, links) is False


def _recover(
    base: Base, there: Catalogue, asked: Asked, folder: Path, scratch: Path, *, is_end: bool
) -> None:
    home = scratch / "barman"
    home.mkdir(mode=0o700)
    config = home / "barman.conf"
    config.write_text(
        _CONFIGURATION.format(
            user=_user(),
            home=home,
            server=_SERVER,
            bases=f"{scratch}{base.folder.removesuffix(f'/{base.id}')}",
            wals=f"{scratch}{there.wals_folder}",
        )
    )
    barman = Barman(_SERVER, str(config))
    options = list(_moved(base, folder))
    if asked.moment is not None and not is_end:
        moment = asked.moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00")
        options += ["--target-time", moment, "--target-action", "promote"]
    try:
        # The list was written while Barman worked: half a line of it may be what was saved.
        barman.rebuild_xlogdb()
        barman.recover(base.id, folder / DATA, options)
    except BarmanError as error:
        raise TargetRefusedError(target=folder, said=error) from error


def _moved(base: Base, folder: Path) -> Iterator[str]:
    """Give tablespaces places of their own: they would go where the live server has them."""
    for name in base.tablespaces:
        if ":" in name:
            raise TargetRefusedError(target=folder, said=f"tablespace {name}")
        yield from ("--tablespace", f"{name}:{folder / TABLESPACES / quote(name, safe=' ')}")


def _user() -> str:
    """Name this user: Barman serves only the one that its configuration names."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise BarmanUnusableError(server=_SERVER, said=f"uid {os.geteuid()}") from error


def _compare(base: Base, folder: Path, scratch: Path) -> tuple[int, int]:
    """Compare each file with the copy's, and see that the WAL is there without which nothing starts.

    Barman keeps beside what it changes the file as it was, and gives the manifest another name.

    :returns: how many files were compared, and their bytes.
    """
    for name in base.segments():
        if not any((folder / DATA / place / name).is_file() for place in ("barman_wal", "pg_wal")):
            raise RestoreMismatchError(target=folder, what=name, expected=1, actual=0)
    files = size_bytes = 0
    # A compressed base was unpacked: there is nothing to compare with.
    for path in () if base.is_compressed else _files_of(Path(f"{scratch}{base.folder}")):
        _require_same(path, base, folder, scratch)
        files += 1
        size_bytes += path.stat().st_size
    return files, size_bytes


def _files_of(saved: Path) -> Iterator[Path]:
    for top in (one for one in saved.iterdir() if one.is_dir()):
        for path in top.rglob("*"):
            is_left_out = top.name == DATA and str(path.relative_to(top)).startswith(_NOT_COPIED)
            if path.is_file() and not path.is_symlink() and not is_left_out:
                yield path


def _require_same(path: Path, base: Base, folder: Path, scratch: Path) -> None:
    top, _, below = str(path.relative_to(f"{scratch}{base.folder}")).partition("/")
    # A tablespace is found by its number, through the link that the restored server itself follows.
    there = folder / DATA / ("" if top == DATA else f"pg_tblspc/{top}") / below
    names = (there, Path(f"{there}.origin"), Path(f"{there}.{base.id}"))
    if not any(one.is_file() and filecmp.cmp(path, one, shallow=False) for one in names):
        raise RestoreMismatchError(target=folder, what=f"{top}/{below}", expected="=", actual="≠")
