"""Files come back as they were, to where they are wanted, or it is told why not."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from respaldo.domain.errors import (
    CountMismatchError,
    EngineKilledError,
    InvalidRequestError,
    NotInCopyError,
    RepositoryDamagedError,
    RepositoryMissingError,
    RestoreMismatchError,
    SnapshotMissingError,
    TargetDeniedError,
    TargetFullError,
    TargetOccupiedError,
    UnknownEngineError,
)
from respaldo.domain.restoring import Delivery, Destination, Part, Restored, Wanted
from respaldo.domain.values import Copy
from respaldo.restic.engine import find_engine
from respaldo.restic.repository import Repository
from respaldo.sources.disk import Room, WorkerDisk
from respaldo.sources.files import FilesSource
from respaldo.sources.reach import Reach

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")

HOUR = 3600 * 10**9
OLD = 1_577_934_245_123_456_789
"""A time in 2020, to the nanosecond."""


@dataclass
class Case:
    """A scope with data, its one copy, and what is done with it."""

    data: Path
    source: FilesSource
    repository: Repository
    copy: Copy
    folder: Path

    def find(self, *paths: str | Path) -> Part:
        wanted = Wanted(paths=tuple(map(str, paths)))
        (part,) = self.source.find(wanted, [self.copy], self.repository, ())
        return part

    def delivery(self, kind="staging", target: Path | None = None, overwrite="never") -> Delivery:
        destination = Destination(kind=kind, target=target and str(target), overwrite=overwrite)
        return Delivery(destination=destination, key="k", staging=str(self.folder / "staging"))

    def restore(self, part: Part, *args, **settings) -> Restored:
        delivery = self.delivery(*args, **settings)
        return self.source.restore(part, self.repository, delivery, Reach(), "", lambda _: None)

    def read(self, part: Part) -> int:
        return self.source.read(part, self.repository, "").facts["size_bytes"]

    def touches(self, part: Part, *args, **settings) -> tuple[str, ...]:
        return self.source.touches([part], self.delivery(*args, **settings), Reach())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "srv" / "data"
    (folder / "actas" / "2024").mkdir(parents=True)
    (folder / "actas" / "2024" / "acta 01.pdf").write_bytes(os.urandom(300_000))
    (folder / "actas" / "2024" / "acta 02.pdf").write_bytes(b"two")
    (folder / "actas" / "índice.txt").write_text("index")
    (folder / "nómina").mkdir()
    (folder / "nómina" / "enero.csv").write_text("1;2")
    for path in folder.rglob("*"):
        os.utime(path, ns=(OLD, OLD))
    return folder


@pytest.fixture
def case(data: Path, repository: Repository, marks, tmp_path: Path) -> Case:
    return saved(data, repository, marks, tmp_path)


def saved(data: Path, repository: Repository, marks, folder: Path) -> Case:
    source = FilesSource(kind="files", paths=(str(data),))
    copy = source.save("files", repository, marks, Reach(), lambda _: None).copy
    return Case(data, source, repository, copy, folder)


def look(root: Path) -> dict[bytes, tuple]:
    """All that can be seen of a tree, by name in bytes: kind, mode, owner, times, content, links, holes."""
    base, seen = os.fsencode(root), {}
    for parent, folders, files in os.walk(base):
        for name in [*folders, *files]:
            path = os.path.join(parent, name)  # noqa: PTH118  (names in bytes)
            found = os.lstat(path)
            content: bytes | None = None
            if stat.S_ISLNK(found.st_mode):
                content = os.readlink(path)  # noqa: PTH115
            elif stat.S_ISREG(found.st_mode):
                content = Path(os.fsdecode(path)).read_bytes()
            seen[os.path.relpath(path, base)] = (
                found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, content,
                found.st_nlink if not stat.S_ISDIR(found.st_mode) else None,
                {key: os.getxattr(path, key, follow_symlinks=False)
                 for key in os.listxattr(path, follow_symlinks=False)},
            )  # fmt: skip
    return seen


# --- everything comes back


def odd_tree(folder: Path) -> None:
    names = [b" spaces ", "ñandú".encode(), b"g[x]*?.txt", b"back\\slash", b"caf\xe9", b"two\nlines", b"!x"]
    folder.mkdir(parents=True)
    for name in names:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"content of " + name)
    (folder / "empty folder").mkdir(mode=0o700)
    (folder / "empty file").touch()
    (folder / "closed").write_text("secret")
    (folder / "closed").chmod(0o4600)
    (folder / "link").symlink_to("ñandú")
    (folder / "broken link").symlink_to("/nowhere")
    os.link(folder / "ñandú", folder / "twin")
    os.mkfifo(folder / "fifo")
    with (folder / "sparse").open("wb") as file:
        file.seek(20 << 20)
        file.write(b"end")
    os.setxattr(folder / "closed", "user.note", b"hola")
    if os.geteuid() == 0:
        os.chown(folder / "closed", 1234, 4321)
        os.chown(folder / "link", 1234, 4321, follow_symlinks=False)
    for number, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, ns=(OLD, OLD + number), follow_symlinks=False)


def test_a_whole_tree_comes_back_as_it_was(repository, marks, tmp_path):
    odd_tree(tmp_path / "srv" / "odd")
    case = saved(tmp_path / "srv" / "odd", repository, marks, tmp_path)
    before = look(case.data)
    part = case.find()
    assert (part.includes, part.files) == ((), case.copy.files)
    assert case.touches(part) == ()
    assert case.read(part) >= part.size_bytes
    restored = case.restore(part)
    back = Path(f"{tmp_path}/staging{case.data}")
    assert look(back) == before
    assert (back / "sparse").stat().st_blocks * 512 < 1 << 20
    assert (back / "ñandú").samefile(back / "twin")
    assert stat.S_IMODE((tmp_path / "staging").stat().st_mode) == 0o700
    assert restored.where == (str(tmp_path / "staging"),)
    assert (restored.files, restored.size_bytes) == (part.files, part.size_bytes)
    (evidence,) = restored.evidence
    assert evidence.method == "restored"
    assert evidence.facts == {
        "files": part.files, "size_bytes": part.size_bytes, "skipped": 0, "overwrite": "always",
        "owners": "restored" if os.geteuid() == 0 else "not_restored",
    }  # fmt: skip
    assert look(case.data) == before


def test_one_path_comes_back_alone(case):
    before = look(case.data)
    part = case.find(case.data / "actas" / "2024")
    assert (part.files, part.size_bytes) == (2, 300_003)
    assert case.read(part) >= 300_003
    case.restore(part)
    back = look(Path(f"{case.folder}/staging{case.data}"))
    assert set(back) == {b"actas", b"actas/2024", b"actas/2024/acta 01.pdf", b"actas/2024/acta 02.pdf"}
    assert all(back[name] == before[name] for name in back)


@pytest.mark.parametrize(
    ("pattern", "files"),
    [("*.pdf", 2), ("{data}/**/*.csv", 1), ("{data}/actas/*.txt", 1), ("2024", 2), ("{data}/nómina/", 1)],
)
def test_a_pattern_brings_what_it_matches(case, pattern, files):
    part = case.find(pattern.format(data=case.data))
    assert part.files == files
    assert case.read(part) >= part.size_bytes
    assert case.restore(part).files == files
    back = Path(f"{case.folder}/staging{case.data}")
    assert sum(path.is_file() for path in back.rglob("*")) == files


def test_many_files_of_a_pattern_are_read_by_their_folder(case, monkeypatch):
    monkeypatch.setattr("respaldo.sources.files.finding.READ_ONE_BY_ONE", 1)
    part = case.find("*.pdf")
    # A tar archive of the folder: more than the files alone.
    assert case.read(part) > part.size_bytes == 300_003


def test_a_name_with_wildcards_is_asked_for_with_backslashes(repository, marks, tmp_path):
    odd_tree(tmp_path / "srv" / "odd")
    (tmp_path / "srv" / "odd" / "gxyz.txt").write_text("matched by the name as a pattern")
    case = saved(tmp_path / "srv" / "odd", repository, marks, tmp_path)
    part = case.find(f"{case.data}/g\\[x]\\*\\?.txt")
    assert case.read(part) == part.size_bytes == len(b"content of g[x]*?.txt")
    case.restore(part)
    back = Path(f"{tmp_path}/staging{case.data}")
    assert [path.name for path in back.iterdir()] == ["g[x]*?.txt"]
    with pytest.raises(NotInCopyError) as caught:
        case.find(case.data / "h[x]*?.txt")
    # What is offered can be asked for as it stands.
    assert f"{case.data}/g\\[x]\\*\\?.txt" in caught.value.facts["nearest"]


def test_a_link_and_an_empty_folder_can_be_asked_for(repository, marks, tmp_path):
    odd_tree(tmp_path / "srv" / "odd")
    case = saved(tmp_path / "srv" / "odd", repository, marks, tmp_path)
    part = case.find(case.data / "broken link", case.data / "empty folder")
    assert (part.files, part.size_bytes) == (0, 0)
    case.read(part)
    case.restore(part)
    assert set(look(Path(f"{tmp_path}/staging{case.data}"))) == {b"broken link", b"empty folder"}


# --- what is not there


def test_a_path_that_is_not_there_offers_the_nearest_names(case):
    with pytest.raises(NotInCopyError) as caught:
        case.find(case.data / "actas" / "2024" / "Acta 1.pdf", case.data / "nómina" / "enero.csv", "*.doc")
    facts = caught.value.facts
    assert facts["snapshot"] == case.copy.snapshot_id
    assert facts["missing"] == f"{case.data}/actas/2024/Acta 1.pdf, *.doc"
    assert facts["nearest"].split(", ")[0] == f"{case.data}/actas/2024/acta 01.pdf"


def test_a_folder_that_is_not_there_offers_the_nearest_folder(case):
    with pytest.raises(NotInCopyError) as caught:
        case.find(case.data / "nomina")
    assert caught.value.facts["nearest"].split(", ")[0] == str(case.data / "nómina")


@pytest.mark.parametrize("kind", ["databases", "schemas", "tables"])
def test_databases_are_not_asked_of_files(case, kind):
    with pytest.raises(InvalidRequestError) as caught:
        case.source.find(Wanted(**{kind: ("erp",)}), [case.copy], case.repository, ())
    assert caught.value.facts == {"problem": "files_only"}
    with pytest.raises(InvalidRequestError) as caught:
        case.touches(case.find(), "database", "erp")
    assert caught.value.facts == {"problem": "files_to_database"}


@pytest.mark.parametrize(
    ("path", "problem"),
    [("/a[", "pattern_invalid"), ("", "pattern_invalid"), ("x" * 200_000, "too_many_paths")],
)
def test_what_is_no_pattern_is_refused(case, path, problem):
    with pytest.raises(InvalidRequestError) as caught:
        case.find(path)
    assert caught.value.facts == {"problem": problem}


# --- a copy that is not good


def large_pack(repository: Repository) -> Path:
    packs = [path for path in Path(repository.place.location, "data").rglob("*") if path.is_file()]
    return max(packs, key=lambda path: path.stat().st_size)


def damage(pack: Path, offset: int) -> None:
    pack.chmod(0o600)
    with pack.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def test_a_flipped_bit_fails_what_needs_it_and_nothing_else(case, marks):
    untouched = case.data / "later.txt"
    untouched.write_text("in a pack of its own")
    damaged = large_pack(case.repository)
    later = saved(case.data, case.repository, marks, case.folder)
    damage(damaged, 1000)
    for paths in ((), (later.data / "actas",), ("*.pdf",), (later.data / "actas" / "2024" / "acta 01.pdf",)):
        part = later.find(*paths)
        with pytest.raises(RepositoryDamagedError):
            later.read(part)
        with pytest.raises(RepositoryDamagedError) as caught:
            later.restore(part)
        assert caught.value.facts["repository"] == "principal"
    part = later.find(untouched)
    assert later.read(part) == part.size_bytes
    later.restore(part)
    assert Path(f"{case.folder}/staging{untouched}").read_text() == "in a pack of its own"


def test_a_flipped_bit_is_not_covered_by_a_target_that_refuses(case):
    part = case.find()
    damage(large_pack(case.repository), 1000)
    # restic trips over the holes at the target as well.
    with pytest.raises(RepositoryDamagedError):
        case.restore(part, "path", case.folder / "there")


def test_a_lost_pack_fails_reading_and_restoring(case):
    part = case.find()
    large_pack(case.repository).unlink()
    with pytest.raises(RepositoryDamagedError):
        case.read(part)
    with pytest.raises(RepositoryDamagedError):
        case.restore(part)


def test_a_lost_tree_fails_every_question(case):
    part = case.find("*.pdf")
    shutil.rmtree(Path(case.repository.place.location, "data"))
    shutil.rmtree(Path(case.repository.place.cache))
    for ask in (lambda: case.find(), lambda: case.find("*.pdf"), lambda: case.repository.find("*.pdf")):
        with pytest.raises(RepositoryDamagedError):
            ask()
    with pytest.raises(RepositoryDamagedError):
        case.read(part)


def test_a_snapshot_that_is_gone_is_missing(case):
    part, wanted = case.find(), case.copy.snapshot_id
    Path(case.repository.place.location, "snapshots", wanted).unlink()
    for ask in (
        lambda: case.find(),
        lambda: case.read(part),
        lambda: case.restore(part),
        lambda: case.restore(part, "original"),
        lambda: case.repository.find("*.pdf", [wanted]),
    ):
        with pytest.raises(SnapshotMissingError) as caught:
            ask()
        assert caught.value.facts["snapshot"] == wanted


def test_a_repository_that_is_gone_is_missing(case):
    part = case.find()
    shutil.rmtree(case.repository.place.location)
    for ask in (
        lambda: case.find(),
        lambda: case.read(part),
        lambda: case.restore(part),
        lambda: case.repository.find("*.pdf"),
    ):
        with pytest.raises(RepositoryMissingError):
            ask()


def test_less_than_the_copy_holds_is_not_all_of_it(case):
    part = case.find()
    more = part.model_copy(update={"size_bytes": part.size_bytes + 10**9})
    with pytest.raises(CountMismatchError):
        case.read(more)


def test_another_number_of_files_than_was_identified_is_a_mismatch(case):
    part = case.find()
    with pytest.raises(RestoreMismatchError) as caught:
        case.restore(part.model_copy(update={"files": part.files + 1}))
    assert caught.value.facts["actual"] == str(part.files)


# --- a target that does not take it


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"this machine does not mount: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@needs_root
def test_a_target_without_room_is_told_before_anything_is_written(case, small):
    part = case.find()
    with pytest.raises(TargetFullError) as caught:
        case.restore(part, "path", small / "below")
    facts = caught.value.facts
    assert (facts["target"], int(facts["needed"])) == (str(small / "below"), part.size_bytes)
    assert int(facts["free"]) <= 200 << 10
    assert list(small.iterdir()) == []


@needs_root
def test_a_target_that_fills_up_meanwhile_is_told(case, small, monkeypatch):
    monkeypatch.setattr(WorkerDisk, "room", lambda *_: Room("", None))
    with pytest.raises(TargetFullError) as caught:
        case.restore(case.find(), "path", small, overwrite="always")
    assert "no space left" in caught.value.facts["said"]


@pytest.mark.parametrize("kind", ["a file in the way", "read-only"])
def test_a_target_that_may_not_be_written_is_told(case, kind):
    target = Path("/sys/respaldo") if kind == "read-only" else case.folder / "file"
    if kind == "a file in the way":
        target.write_text("precious")
    with pytest.raises(TargetDeniedError) as caught:
        case.restore(case.find(), "path", target, overwrite="always")
    assert caught.value.facts["target"] == str(target)
    assert kind == "read-only" or target.read_text() == "precious"


def test_a_staging_folder_that_cannot_be_made_is_told(case):
    (case.folder / "staging").write_text("")
    with pytest.raises(TargetDeniedError):
        case.restore(case.find())


# --- what is there already


def test_nothing_is_replaced_in_a_folder_that_no_copy_of_the_scope_holds(case):
    part, there = case.find(), case.folder / "there"
    assert case.touches(part, "path", there) == ()
    there.mkdir()
    assert case.touches(part, "path", there) == ()
    (there / "x").write_text("")
    assert case.touches(part, "path", there) == case.touches(part, "path", there / "x") == ()
    for folder in (there, there / "x"):
        with pytest.raises(TargetOccupiedError):
            case.touches(part, "path", folder, overwrite="always")


def test_a_folder_amid_the_scopes_own_data_is_touched(case):
    part = case.find()
    (case.folder / "alias").symlink_to(case.data)
    for folder in (case.data / "new", case.folder / "alias" / "new", case.data.parent):
        assert case.touches(part, "path", folder) == (str(folder),)


@pytest.fixture
def listed(data, repository, marks, tmp_path) -> Case:
    """A scope whose paths are in a file: two of them, as it was saved."""
    (tmp_path / "srv" / "web").mkdir()
    (tmp_path / "srv" / "web" / "index").write_text("live")
    (tmp_path / "paths").write_text(f"{data}\n{tmp_path}/srv/web\n")
    source = FilesSource(kind="files", paths_from=str(tmp_path / "paths"))
    copy = source.save("files", repository, marks, Reach(), lambda _: None).copy
    return Case(data, source, repository, copy, tmp_path)


@pytest.mark.parametrize("overwrite", ["never", "if_newer", "always"])
def test_what_was_saved_is_touched_when_the_list_names_it_no_more(listed, overwrite):
    part, web = listed.find(), listed.folder / "srv" / "web"
    assert set(part.roots) == {str(listed.data), str(web)}
    (listed.folder / "paths").write_text("# nothing for now\n")
    # No safety backup would hold it.
    if overwrite == "never":
        assert set(listed.touches(part, "original")) == set(part.roots)
        assert listed.touches(part, "path", web / "new") == (str(web / "new"),)
    else:
        for kind, target in (("original", None), ("path", web)):
            with pytest.raises(TargetOccupiedError):
                listed.touches(part, kind, target, overwrite=overwrite)
    for path in (listed.data, web):
        shutil.rmtree(path)
    assert listed.touches(part, "original", overwrite=overwrite) == ()


def test_only_what_the_list_names_still_is_overwritten(listed):
    web = listed.folder / "srv" / "web"
    (listed.folder / "paths").write_text(f"{listed.data}\n")
    for asked in ((), (web,), (web / "index",), (web.parent,), ("index",)):
        with pytest.raises(TargetOccupiedError) as caught:
            listed.touches(listed.find(*asked), "original", overwrite="always")
        assert caught.value.facts["target"] == str(web)
        assert listed.touches(listed.find(*asked), "original")
    actas = str(listed.data / "actas")
    assert listed.touches(listed.find(actas), "original", overwrite="always") == (actas,)
    # What was only narrowed is the scope's as far as it is named.
    (listed.folder / "paths").write_text(f"{web}\n{actas}\n")
    assert listed.touches(listed.find(actas), "original", overwrite="always") == (actas,)
    with pytest.raises(TargetOccupiedError):
        listed.touches(listed.find(listed.data / "nómina"), "original", overwrite="always")
    # And what is wider holds all of it.
    (listed.folder / "paths").write_text(f"{web.parent}\n")
    assert set(listed.touches(listed.find(), "original", overwrite="always")) == set(listed.find().roots)


def test_the_original_place_is_touched_as_long_as_anything_is_there(case):
    assert case.touches(case.find(), "original") == (str(case.data),)
    assert case.touches(case.find("*.pdf"), "original") == ("*.pdf",)


def test_an_original_place_where_all_is_gone_is_not_touched(case):
    part = case.find()
    shutil.rmtree(case.data)
    assert case.touches(part, "original") == ()
    case.data.mkdir()
    assert case.touches(part, "original") == ()
    (case.data / "new").touch()
    assert case.touches(part, "original") == (str(case.data),)


def changed(folder: Path) -> dict[str, Path]:
    """Change a tree: one file is older than the copy, one newer, one gone."""
    paths = {"older": "actas/índice.txt", "newer": "nómina/enero.csv", "gone": "actas/2024/acta 01.pdf"}
    found = {name: folder / path for name, path in paths.items()}
    for name, moment in (("older", OLD - HOUR), ("newer", OLD + HOUR)):
        found[name].write_text(name)
        os.utime(found[name], ns=(moment, moment))
    found["gone"].unlink()
    return found


KEPT = {"never": {"older", "newer"}, "if_newer": {"newer"}, "always": set()}


@pytest.mark.parametrize("overwrite", KEPT)
@pytest.mark.parametrize("place", ["original", "path"])
def test_what_is_there_is_kept_as_was_asked(case, overwrite, place):
    part, before = case.find(), look(case.data)
    target = case.folder / "there"
    folder = case.data
    if place == "path":
        folder = Path(f"{target}{case.data}")
        shutil.copytree(case.data, folder)
    files = changed(folder)
    (folder / "since").write_text("made since")
    restored = case.restore(part, place, target if place == "path" else None, overwrite=overwrite)
    after = look(folder)
    assert after.pop(b"since")
    kept = {os.fsencode(files[name].relative_to(folder)) for name in KEPT[overwrite]}
    assert {name for name in before if after[name] != before[name]} == kept
    assert all(files[name].read_text() == name for name in KEPT[overwrite])
    facts = restored.evidence[0].facts
    assert facts["overwrite"] == overwrite
    # Never: also the file that had not changed was left.
    assert facts["skipped"] == part.files - facts["files"] >= len(kept)
    assert restored.where == ((str(case.data),) if place == "original" else (str(target),))
    assert not list((case.folder / "staging").glob(".*")) if (case.folder / "staging").exists() else True


def test_the_original_place_gets_only_what_was_asked_for(case):
    part = case.find(case.data / "actas" / "2024" / "acta 01.pdf", f"{case.data}/nómina/*.csv")
    for path in (case.data.parent, case.data, case.data / "actas", case.data / "actas" / "2024"):
        path.chmod(0o711)
    changed(case.data)
    before = look(case.data.parent)
    case.restore(part, "original", overwrite="always")
    after = look(case.data.parent)
    restored = {b"data/actas/2024/acta 01.pdf", "data/nómina/enero.csv".encode()}
    folders = {b"data/actas/2024", "data/nómina".encode()}
    assert {name for name in after if after[name] != before.get(name)} - folders == restored
    assert after[b"data/actas/2024"][0] == before[b"data/actas/2024"][0]
    assert (case.data / "nómina" / "enero.csv").read_text() == "1;2"


def test_a_folder_that_is_gone_comes_back_to_its_place_as_it_was(case):
    before = look(case.data)
    part = case.find(case.data / "actas" / "2024" / "acta 01.pdf", f"{case.data}/actas/2024/*02*")
    shutil.rmtree(case.data / "actas")
    case.restore(part, "original")
    after = look(case.data)
    assert {name for name in after if name.startswith(b"actas")} == {
        b"actas", b"actas/2024", b"actas/2024/acta 01.pdf", b"actas/2024/acta 02.pdf"
    }  # fmt: skip
    assert all(after[name] == before[name] for name in after if name.startswith(b"actas"))


def test_a_link_above_the_original_place_stays_a_link(case):
    """A folder that was moved, and a link left in its place."""
    part = case.find()
    moved = case.folder / "moved"
    case.data.parent.rename(moved)
    case.data.parent.symlink_to(moved)
    (moved / "data" / "nómina" / "enero.csv").unlink()
    case.restore(part, "original")
    assert case.data.parent.is_symlink()
    assert (moved / "data" / "nómina" / "enero.csv").read_text() == "1;2"


def test_a_pattern_that_names_what_is_above_the_original_place_is_refused(case):
    part = case.find("srv")
    assert part.files == case.copy.files
    before = look(case.data)
    with pytest.raises(InvalidRequestError) as caught:
        case.restore(part, "original", overwrite="always")
    assert caught.value.facts == {"problem": "pattern_in_place"}
    assert look(case.data) == before
    # A path says the same without a doubt.
    above = case.find(case.data.parent)
    changed(case.data)
    case.restore(above, "original", overwrite="always")
    assert look(case.data) == before


@pytest.mark.parametrize("obstacle", ["file", "link"])
def test_what_stands_where_a_folder_must_be_is_not_replaced_unasked(case, obstacle):
    # restic would, though it was told never to overwrite.
    part = case.find()
    shutil.rmtree(case.data / "actas")
    elsewhere = case.folder / "elsewhere"
    elsewhere.mkdir()
    if obstacle == "file":
        (case.data / "actas").write_text("precious")
    else:
        (case.data / "actas").symlink_to(elsewhere)
    with pytest.raises(TargetOccupiedError) as caught:
        case.restore(part, "original")
    assert caught.value.facts["target"] == str(case.data / "actas")
    case.restore(part, "original", overwrite="always")
    assert (case.data / "actas" / "índice.txt").read_text() == "index"
    assert list(elsewhere.iterdir()) == []


def test_a_scope_of_several_paths_comes_back_to_each_of_them(data, repository, marks, tmp_path):
    single = tmp_path / "etc" / "single: file"
    single.parent.mkdir()
    single.write_text("alone")
    (single.parent / "neighbour").write_text("not the scope's")
    source = FilesSource(kind="files", paths=(str(data), str(single)))
    copy = source.save("files", repository, marks, Reach(), lambda _: None).copy
    case = Case(data, source, repository, copy, tmp_path)
    before = look(data)
    assert case.touches(case.find(), "original") == (str(data), str(single))
    changed(data)
    single.unlink()
    assert case.restore(case.find(), "original", overwrite="always").files == copy.files
    assert (look(data), single.read_text()) == (before, "alone")
    single.unlink()
    case.restore(case.find("*single*"), "original")
    assert {path.name for path in single.parent.iterdir()} == {single.name, "neighbour"}


# --- an attempt that was killed


@pytest.fixture
def heavy(repository: Repository, marks, tmp_path: Path) -> Case:
    """Data whose restoration takes a while."""
    data = tmp_path / "srv" / "heavy"
    data.mkdir(parents=True)
    for number in range(6):
        (data / f"file {number}").write_bytes(os.urandom(16 << 20))
    (data / "ledger").write_text("10000")
    return saved(data, repository, marks, tmp_path)


def restic_below(me: int) -> int | None:
    """Find the restic that a thread of this process started and that restores."""
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == me and b"--verify" in words:
            return int(entry.name)
    return None


def kill_when_begun(folder: Path) -> threading.Thread:
    def kill() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            begun = any(path.is_file() and path.stat().st_blocks for path in folder.rglob("file *"))
            process = restic_below(os.getpid()) if begun else None
            if process:
                os.kill(process, signal.SIGKILL)
                return
            time.sleep(0.002)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("kind", "overwrite"),
    [("staging", "never"), ("path", "never"), ("original", "if_newer"), ("original", "always")],
)
def test_a_killed_attempt_is_made_good_by_the_next(heavy, kind, overwrite):
    part, before = heavy.find(), look(heavy.data)
    target = heavy.folder / "there" if kind == "path" else None
    root = {"staging": f"{heavy.folder}/staging", "path": str(target), "original": ""}[kind]
    folder = Path(f"{root}{heavy.data}")
    if kind == "original":
        for path in heavy.data.glob("file *"):
            path.unlink()
        (heavy.data / "ledger").write_text("newer")
        if overwrite == "if_newer":
            before[b"ledger"] = look(heavy.data)[b"ledger"]
    killer = kill_when_begun(folder)
    with pytest.raises(EngineKilledError):
        heavy.restore(part, kind, target, overwrite=overwrite)
    killer.join()
    assert look(folder) != before
    heavy.repository.unlock()
    heavy.restore(part, kind, target, overwrite=overwrite)
    assert look(folder) == before


@pytest.mark.parametrize("overwrite", ["never", "if_newer"])
def test_what_a_bad_copy_left_half_done_does_not_pass_for_somebodys_own(case, overwrite):
    part, files = case.find(), changed(case.data)
    damage(large_pack(case.repository), 1000)
    with pytest.raises(RepositoryDamagedError):
        case.restore(part, "original", overwrite=overwrite)
    # The second copy must find it gone, as it was.
    assert not files["gone"].exists()
    assert files["newer"].read_text() == "newer"
    assert files["older"].exists() or overwrite == "if_newer"


# --- a restic that says what it does not do


@pytest.fixture
def lying(case, tmp_path, monkeypatch):
    """Make restic's restorations, and nothing else of it, do what a script says."""

    def make(script: str) -> Case:
        real = case.repository.engine.binary
        program = tmp_path / "liar" / "restic"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\ncase "$*" in *--verify*) ;; *) exec {real} "$@";; esac\n{script}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return replace(case, repository=replace(case.repository, engine=find_engine()))

    return make


def said(*events: dict) -> str:
    return "\n".join(f"cat <<'END'\n{json.dumps(event)}\nEND" for event in events)


def test_what_reads_back_as_something_else_is_a_mismatch(lying, tmp_path):
    place = f"{tmp_path}/staging/srv/a b"
    events = [
        {"message_type": "error", "error": {"message": f"Invalid file size for {place}: expected 3, got 2"}},
        {"message_type": "summary", "files_restored": 9},
        {"message_type": "exit_error", "code": 1, "message": "Fatal: There were 1 errors"},
    ]
    case = lying(said(*events) + "\nexit 1")
    with pytest.raises(RestoreMismatchError) as caught:
        case.restore(case.find())
    assert caught.value.facts == {
        "target": str(tmp_path / "staging"), "what": place, "expected": "3", "actual": "2"
    }  # fmt: skip


def test_a_success_that_left_nothing_is_a_mismatch(lying):
    case = lying("exit 0")
    with pytest.raises(UnknownEngineError):
        case.restore(case.find())


def test_a_success_of_fewer_files_is_a_mismatch(lying):
    case = lying(said({"message_type": "summary", "files_restored": 1}))
    with pytest.raises(RestoreMismatchError) as caught:
        case.restore(case.find())
    assert caught.value.facts["actual"] == "1"


def test_a_success_of_files_that_are_not_there_is_a_mismatch(lying, case):
    count = len(case.repository.preview(case.copy.snapshot_id).entries)
    liar = lying(said({"message_type": "summary", "files_restored": count}))
    with pytest.raises(RestoreMismatchError):
        liar.restore(liar.find())


# --- searching


def test_a_search_names_what_it_found_in_each_copy(case, repository, marks):
    (case.data / "acta 03.pdf").write_bytes(b"three")
    later = saved(case.data, repository, marks, case.folder)
    found = repository.find("*.pdf")
    assert {(match.snapshot_id, Path(match.node.path).name) for match in found} == {
        (case.copy.snapshot_id, "acta 01.pdf"), (case.copy.snapshot_id, "acta 02.pdf"),
        (later.copy.snapshot_id, "acta 01.pdf"), (later.copy.snapshot_id, "acta 02.pdf"),
        (later.copy.snapshot_id, "acta 03.pdf"),
    }  # fmt: skip
    # A folder is found with all that is in it.
    folder, *inside = repository.find("2024", [case.copy.snapshot_id])
    assert len(inside) == 2
    assert (folder.node.type, folder.node.path) == ("dir", f"{case.data}/actas/2024")
    (file,) = repository.find(f"{case.data}/actas/2024/acta 02.pdf", [case.copy.snapshot_id])
    assert (file.node.type, file.node.size_bytes, file.node.mtime_ns) == ("file", 3, OLD)
    assert repository.find("--none") == ()


def test_a_search_in_a_copy_that_is_not_there_is_told(case):
    with pytest.raises(SnapshotMissingError) as caught:
        case.repository.find("*.pdf", ["abcdef12"])
    assert caught.value.facts["snapshot"] == "abcdef12"


# --- as somebody who is not root


@needs_root
def test_who_may_give_no_file_away_still_gets_them(restic):
    """Ask plain restic, as another user: owners are the one who restores, and it is no error."""
    folder = Path(tempfile.mkdtemp(prefix="respaldo-user-", dir="/tmp"))
    try:
        nobody = pwd.getpwnam("nobody")
        (folder / "data").mkdir()
        (folder / "data" / "of root").write_text("x")
        (folder / "data" / "of root").chmod(0o640)
        shutil.copy(restic, folder / "restic")
        folder.chmod(0o755)
        run = [folder / "restic", "-r", folder / "r", "--no-cache"]
        environment = os.environ | {"RESTIC_PASSWORD": "x"}
        subprocess.run([*run, "init"], env=environment, check=True, capture_output=True)
        subprocess.run([*run, "backup", folder / "data"], env=environment, check=True, capture_output=True)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        os.chown(folder / "data" / "of root", 0, 0)
        subprocess.run(
            ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups",
             *run, "restore", "latest", "--verify", "--sparse", "--target", folder / "out"],
            env=environment, check=True, capture_output=True,
        )  # fmt: skip
        back = (folder / "out" / str(folder / "data")[1:] / "of root").stat()
        assert (back.st_uid, stat.S_IMODE(back.st_mode)) == (nobody.pw_uid, 0o640)
    finally:
        shutil.rmtree(folder)
