"""Command lines of restic: pure functions from what is wanted to the arguments after ``restic``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import SecretStr

from respaldo.hosts.worker import Argument
from respaldo.restic.access import Access
from respaldo.restic.locations import kind_of

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

LOCK_PATIENCE = "5m"
"""How long restic waits for a lock that maintenance holds, before it gives up with exit code 11."""

FIRST_LOCK_PATIENCE = "20s"
"""How long it waits where the locks of dead processes were not looked for yet."""


@dataclass(frozen=True)
class Place:
    """Where a repository is, what opens it, where its cache is on this machine, and how long restic waits for
    a lock there."""

    location: str
    password: SecretStr
    cache: str | None
    """None: nothing is believed that was not read from the repository itself."""
    patience: str = LOCK_PATIENCE
    scratch: str | None = None
    """Where this machine has room for what is on its way there; None: where the system puts such things."""
    access: Access | None = None
    """How its server is entered; None: the location says all."""

    @property
    def entered(self) -> Access:
        return self.access or Access(self.location)


def are_apart(first: Place, second: Place) -> bool:
    """Tell whether no one call of restic can enter both: it has one pair of keys, and one set of options, for
    all stores of objects."""
    pairs = [(place.entered.login, sorted(place.entered.options)) for place in (first, second)]
    return all(kind_of(place.location) == "s3" for place in (first, second)) and pairs[0] != pairs[1]


def together(first: Place, second: Place) -> tuple[Place, Place]:
    """Make two places that are not apart fit for one call of restic, that has one environment and one
    configuration of OpenSSH's client."""
    environment = {**first.entered.environment, **second.entered.environment}
    files = (*first.entered.files, *second.entered.files)
    first = replace(first, access=replace(first.entered, environment=environment, files=files))
    second = replace(second, access=replace(second.entered, environment=environment, files=files))
    if first.entered.ssh is None or second.entered.ssh is None:
        return first, second
    ssh = first.entered.ssh.joined(second.entered.ssh)
    of_second = replace(ssh, alias=second.entered.ssh.alias)
    return (
        replace(first, access=replace(first.entered, ssh=ssh)),
        replace(second, access=replace(second.entered, ssh=of_second)),
    )


def opening(place: Place) -> tuple[Argument, ...]:
    """Give the arguments that every command on a repository begins with."""
    cache = ("--cache-dir", place.cache) if place.cache is not None else ("--no-cache",)
    return (*_where(place), "--password-file", place.password, *cache, "--json", *_entering(place))


def _where(place: Place, prefix: str = "") -> tuple[Argument, ...]:
    """Name the repository. A location with a login in it is a secret, and read from a pipe."""
    location = place.entered.location
    flag = "repo" if isinstance(location, str) else "repository-file"
    return (f"--{prefix}{flag}", location)


def _options(place: Place) -> tuple[str, ...]:
    entered = place.entered
    return (*entered.options, *((f"sftp.args=-F {entered.ssh.path}",) if entered.ssh else ()))


def _entering(place: Place, told: Collection[str] = ()) -> tuple[str, ...]:
    """Give what restic is told of the server.

    :param told: the names of the options that it is told already.
    """
    entered = place.entered
    options = [option for option in _options(place) if option.partition("=")[0] not in told]
    return (
        *(part for option in options for part in ("--option", option)),
        *(("--cacert", entered.authority) if entered.authority else ()),
    )


def locking(place: Place) -> tuple[Argument, ...]:
    """Give the arguments that a command begins with which takes a lock."""
    return (*opening(place), "--retry-lock", place.patience)


def _from(place: Place, second: Place) -> tuple[Argument, ...]:
    # restic has one set of options for both, and fails where two say something else of the same.
    told = {option.partition("=")[0] for option in _options(second)}
    return (*_where(place, "from-"), "--from-password-file", place.password, *_entering(place, told))


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(part for tag in tags for part in ("--tag", tag))


def version() -> tuple[Argument, ...]:
    return ("version", "--json")


def init(place: Place) -> tuple[Argument, ...]:
    return (*opening(place), "init")


def init_like(place: Place, first: Place) -> tuple[Argument, ...]:
    """Make a repository that cuts files into the same pieces as ``first``, so that copies share them."""
    return (*opening(place), "init", *_from(first, place), "--copy-chunker-params")


def cat_config(place: Place) -> tuple[Argument, ...]:
    """Open a repository and do nothing more: the cheapest question whether it is there and opens.

    No cache is asked for: restic 0.19 fails where it cannot use it.
    """
    return (*opening(place), "--no-cache", "cat", "config", "--no-lock")


def backup_paths(
    place: Place,
    paths: Sequence[str],
    *,
    host: str,
    tags: Iterable[str],
    exclude: Iterable[str] = (),
    one_file_system: bool = False,
    force: bool = False,
) -> tuple[Argument, ...]:
    """Save files and folders.

    :param force: read every file again, also those that an earlier snapshot holds and that did not change.
    """
    return (
        *locking(place), "backup", "--host", host, *_tags(tags),
        *(part for pattern in exclude for part in ("--exclude", pattern)),
        *(("--one-file-system",) if one_file_system else ()), *(("--force",) if force else ()),
        "--", *paths,
    )  # fmt: skip


def backup_output(
    place: Place, command: Sequence[str], filename: str, *, host: str, tags: Iterable[str]
) -> tuple[Argument, ...]:
    """Save what a command prints as one file. ``filename`` is flat: restic 0.18.0 fails on a slash."""
    return (
        *locking(place), "backup", "--host", host, *_tags(tags),
        "--stdin-from-command", "--stdin-filename", filename, "--", *command,
    )  # fmt: skip


def snapshots(place: Place, tags: Iterable[str]) -> tuple[Argument, ...]:
    """List snapshots that carry all of the tags. Only reads: maintenance does not hold it up."""
    joined = ",".join(tags)
    return (*opening(place), "snapshots", "--no-lock", *(("--tag", joined) if joined else ()))


def ls(place: Place, snapshot_id: str) -> tuple[Argument, ...]:
    return (*opening(place), "ls", "--no-lock", "--", snapshot_id)


def restore(place: Place, snapshot_id: str, target: str, include: Iterable[str] = ()) -> tuple[Argument, ...]:
    """Restore below ``target`` the paths named, each taken literally (all when none is named)."""
    return (
        *locking(place), "restore", "--target", target,
        *(part for path in include for part in ("--include", literal(path))), "--", snapshot_id,
    )  # fmt: skip


def preview(
    place: Place, snapshot_id: str, target: str, include: Iterable[str], overwrite: str, folder: str
) -> tuple[Argument, ...]:
    """Name all that `deliver` would write, and write nothing."""
    return (
        *opening(place), "restore", "--no-lock", "--dry-run", "-vv", "--overwrite", overwrite,
        "--target", target, *_including(include), "--", _below(snapshot_id, folder),
    )  # fmt: skip


def deliver(
    place: Place, snapshot_id: str, target: str, include: Iterable[str], overwrite: str, folder: str
) -> tuple[Argument, ...]:
    """Restore what patterns name and verify it. Patterns stay as they are: restic reads them.

    They are not handed over in a file: restic would replace what looks like a variable in it.

    :param folder: the folder of the snapshot that comes to be ``target``, and that patterns begin in. Its own
        metadata is left as it is, and so are those of the folders above.
    """
    return (
        *locking(place), "restore", "--sparse", "--verify",
        "--overwrite", overwrite, "--target", target, *_including(include),
        "--", _below(snapshot_id, folder),
    )  # fmt: skip


def _below(snapshot_id: str, folder: str) -> str:
    return snapshot_id if folder == "/" else f"{snapshot_id}:{folder}"


def _including(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(part for pattern in patterns for part in ("--include", pattern))


def find(place: Place, pattern: str, snapshot_ids: Iterable[str]) -> tuple[Argument, ...]:
    return (
        *opening(place), "find", "--no-lock",
        *(part for snapshot_id in snapshot_ids for part in ("--snapshot", snapshot_id)),
        "--", pattern,
    )  # fmt: skip


def cat_snapshot(place: Place, snapshot_id: str) -> tuple[Argument, ...]:
    return (*opening(place), "cat", "snapshot", "--no-lock", "--", snapshot_id)


def dump(place: Place, snapshot_id: str, path: str) -> tuple[Argument, ...]:
    return (*opening(place), "dump", "--no-lock", "--", snapshot_id, path)


def copy(first: Place, second: Place, snapshot_ids: Iterable[str]) -> tuple[Argument, ...]:
    return (*locking(second), "copy", *_from(first, second), "--", *snapshot_ids)


def check_data(place: Place, percent: float) -> tuple[Argument, ...]:
    return (*locking(place), "check", f"--read-data-subset={percent:g}%")


def check(place: Place) -> tuple[Argument, ...]:
    """Look at the whole structure, and read all data."""
    return (*locking(place), "check", "--read-data")


def repair_index(place: Place) -> tuple[Argument, ...]:
    """Make the index anew from what packs there are."""
    return (*locking(place), "repair", "index")


def repair_packs(place: Place, packs: Iterable[str]) -> tuple[Argument, ...]:
    """Save what can be read of damaged packs into new ones, and remove them.

    restic leaves a copy of each in the folder that it runs in.
    """
    return (*locking(place), "repair", "packs", "--", *packs)


def harmed_snapshots(place: Place) -> tuple[Argument, ...]:
    """Tell which snapshots miss pieces. Nothing is written."""
    return (*opening(place), "repair", "snapshots", "--no-lock", "--dry-run")


def prune(place: Place) -> tuple[Argument, ...]:
    """Remove packs of which no snapshot needs anything, and write none: a full disk has no room for them."""
    return (*locking(place), "prune", "--max-unused", "unlimited", "--max-repack-size", "0")


def listed(place: Place, kind: str) -> tuple[Argument, ...]:
    """Name the files of a kind (``packs``, ``index``, ``snapshots``, ``locks``) that there are."""
    return (*opening(place), "--no-cache", "list", kind, "--no-lock")


def touch(place: Place) -> tuple[Argument, ...]:
    """Name the locks under a lock of its own, which comes and goes."""
    return (*locking(place), "--no-cache", "list", "locks")


def forget(place: Place, snapshot_id: str) -> tuple[Argument, ...]:
    return (*locking(place), "forget", "--", snapshot_id)


def cat_lock(place: Place, lock: str) -> tuple[Argument, ...]:
    return (*opening(place), "cat", "lock", "--no-lock", "--", lock)


def unlock(place: Place, *, every: bool = False) -> tuple[Argument, ...]:
    """Remove locks whose process restic takes for dead, or every lock."""
    return (*opening(place), "unlock", *(("--remove-all",) if every else ()))


def literal(path: str) -> str:
    """Write a path as a restic pattern that matches only itself."""
    return "".join(f"\\{character}" if character in "*?[\\" else character for character in path)


def plain_path(pattern: str) -> str | None:
    """Give the path that a pattern names by itself, or None when it can match others or is not absolute."""
    if not pattern.startswith("/") or has_wildcard(pattern):
        return None
    return posixpath.normpath("/" + _ESCAPED.sub(r"\1", pattern).lstrip("/"))


def has_wildcard(pattern: str) -> bool:
    return any(character in "*?[" for character in _ESCAPED.sub("", pattern))
