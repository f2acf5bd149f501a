"""What both restics say of each damage, in what they do with a repository, is told as its cause."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from damage_kit import cut, flip, packs
from respaldo.domain.errors import (
    ConfigDamagedError,
    IndexDamagedError,
    KeyFilesMissingError,
    RepositoryDamagedError,
    RepositoryMissingError,
    RespaldoError,
    SnapshotMissingError,
)
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved

pytestmark = [pytest.mark.one_restic, pytest.mark.timeout(120)]


def empty(path: Path) -> None:
    path.chmod(0o600)
    os.truncate(path, 0)


def below(folder: str, harm: Callable[[Path], None]) -> Callable[[Path], None]:
    def harm_each(location: Path) -> None:
        for path in (location / folder).iterdir():
            harm(path)

    return harm_each


Causes = tuple[type[RespaldoError] | None, ...]

# A copy passes over a snapshot that it cannot read: the action copy looks whether it is there.
WORK = ("open", "save", "check", "walk", "restore", "copy")
HARMS: dict[str, tuple[Callable[[Path], None], Causes]] = {
    "index flipped": (below("index", flip), (None, *5 * [IndexDamagedError])),
    "index cut": (below("index", cut), (None, *5 * [IndexDamagedError])),
    "index deleted": (below("index", Path.unlink), (None, *5 * [IndexDamagedError])),
    "data flipped": (
        lambda location: flip(packs(location)[0]),
        (None, None, RepositoryDamagedError, None, RepositoryDamagedError, RepositoryDamagedError),
    ),
    "data cut": (
        lambda location: cut(packs(location)[0]),
        (None, None, RepositoryDamagedError, None, RepositoryDamagedError, RepositoryDamagedError),
    ),
    "data deleted": (
        lambda location: packs(location)[0].unlink(),
        (None, None, RepositoryDamagedError, None, RepositoryDamagedError, RepositoryDamagedError),
    ),
    "folders flipped": (lambda location: flip(packs(location)[-1]), (None, *5 * [RepositoryDamagedError])),
    "folders deleted": (
        lambda location: packs(location)[-1].unlink(),
        (None, *5 * [RepositoryDamagedError]),
    ),
    "snapshot flipped": (
        below("snapshots", flip),
        (None, *4 * [RepositoryDamagedError], None),
    ),
    "snapshot deleted": (
        below("snapshots", Path.unlink),
        (None, None, None, SnapshotMissingError, SnapshotMissingError, None),
    ),
    "config flipped": (lambda location: flip(location / "config"), tuple(6 * [ConfigDamagedError])),
    "config emptied": (lambda location: empty(location / "config"), tuple(6 * [ConfigDamagedError])),
    "config deleted": (
        lambda location: (location / "config").unlink(),
        tuple(6 * [RepositoryMissingError]),
    ),
    "key flipped": (below("keys", flip), tuple(6 * [ConfigDamagedError])),
    "keys deleted": (below("keys", Path.unlink), tuple(6 * [KeyFilesMissingError])),
}


def done(
    work: str, repository: Repository, second: Repository, saved: Saved, tree: Path, marks: Marks, to: Path
) -> None:
    match work:
        case "open":
            repository.open()
        case "save":
            repository.save_paths("files", [str(tree)], marks)
        case "check":
            repository.read_data(100)
        case "walk":
            repository.walk(saved.copy.snapshot_id, lambda _: None)
        case "restore":
            repository.restore(saved.copy.snapshot_id, to)
        case "copy":
            repository.copy_to(second, [saved.copy.snapshot_id])


@pytest.mark.parametrize("harm", HARMS)
def test_each_damage_has_its_cause_in_all_that_meets_it(
    harm, filled, make_repository, saved, tree, marks, tmp_path
):
    second = make_repository("secundario", password="otra")
    second.create(like=filled)
    apply, causes = HARMS[harm]
    whole, location = tmp_path / "whole", Path(filled.place.location)
    shutil.copytree(location, whole)
    for work, cause in zip(WORK, causes, strict=True):
        shutil.rmtree(location)
        shutil.copytree(whole, location)
        apply(location)
        shutil.rmtree(filled.place.cache, ignore_errors=True)
        with contextlib.nullcontext() if cause is None else pytest.raises(cause) as caught:
            done(work, filled, second, saved, tree, marks, tmp_path / work)
        if cause is not None:
            assert (work, caught.type) == (work, cause)
            assert caught.value.facts["repository"] == "principal"


def test_damage_is_a_value_of_a_check_and_names_the_packs(filled):
    pack = packs(Path(filled.place.location))[0]
    flip(pack)
    checked = filled.check()
    assert not checked.is_good
    assert checked.broken_packs == (pack.name,)
    assert checked.cause is RepositoryDamagedError


def test_a_check_of_what_does_not_open_is_no_value(filled):
    flip(Path(filled.place.location, "config"))
    with pytest.raises(ConfigDamagedError):
        filled.check()


def test_a_good_repository_has_no_damage_and_nothing_to_prune(filled):
    assert filled.check().is_good
    assert filled.harmed_snapshots() == ()
    assert filled.prune() == ""


def test_a_prune_tells_what_it_removed(filled, saved):
    filled.forget(saved.copy.snapshot_id)
    assert filled.prune().endswith("iB")
    assert filled.check().is_good
