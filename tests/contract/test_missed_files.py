"""What a copy of files misses is told, each file once: what vanished and what restic may not read.

A file with a lease stops restic where it opens it, until the lease is given up. restic opens files in the
order of their names: what comes before ``m`` was opened then, and what comes after was not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from respaldo.domain.verification import Verification
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Saved
from respaldo.sources.files import FilesSource, census, vanished
from respaldo.sources.reach import Reach

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]


@pytest.fixture(autouse=True)
def _leases_end_no_process() -> Iterator[None]:
    """Whoever has a lease is told by a signal that somebody opens the file; here it is asked for."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a", "b", "m", "x", "z"):
        (folder / name).write_text(f"content of {name}")
    return folder


@pytest.fixture
def save(repository: Repository, marks) -> Callable[..., Saved]:
    def save(*paths: Path, exclude: tuple[str, ...] = (), into: Repository = repository) -> Saved:
        source = FilesSource(kind="files", paths=tuple(map(str, paths)), exclude=exclude)
        return source.save("files", into, marks, Reach(), lambda _: None)

    return save


@pytest.fixture
def is_good(repository: Repository, scratch: Path) -> Callable[[Saved, Path], bool]:
    """Verify a copy, restore it, and compare it with the folder as it is now."""

    def is_good(saved: Saved, folder: Path) -> bool:
        source = FilesSource(kind="files", paths=(str(folder),))
        source.verify(saved.copy, repository, Verification(), Reach(), str(scratch))
        again = scratch / "again"
        repository.restore(saved.copy.snapshot_id, again)
        return contents(Path(f"{again}{folder}")) == contents(folder)

    return is_good


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def while_restic_opens(path: Path, change: Callable[[], None]) -> Iterator[None]:
    """Stop restic where it opens a file, change something, and let it go on."""
    descriptor = os.open(path, os.O_RDWR)
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    with in_background(
        lambda: fcntl.fcntl(descriptor, fcntl.F_GETLEASE) != fcntl.F_WRLCK,
        change,
        lambda: os.close(descriptor),
    ):
        yield


@contextlib.contextmanager
def in_background(has_come: Callable[[], bool], change: Callable[[], None], end: Callable[[], None]):
    done = threading.Event()
    changed = threading.Event()

    def wait_and_change() -> None:
        while not has_come():
            if done.wait(0.001):
                break
        else:
            change()
            changed.set()
        end()

    thread = threading.Thread(target=wait_and_change)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert changed.is_set(), "restic was never seen where it was to be stopped"


def told(saved: Saved) -> list[str]:
    """Name what a copy misses. restic may tell some of it itself: it counts files beside reading them."""
    return sorted(warning.partition(": ")[0] for warning in saved.warnings)


def names(*paths: Path) -> list[str]:
    return sorted(map(str, paths))


# --- what vanishes


def test_a_file_that_vanished_before_it_was_read_is_told(data, save, is_good):
    with while_restic_opens(data / "m", (data / "z").unlink):
        saved = save(data)
    assert told(saved) == names(data / "z")
    assert is_good(saved, data)


def test_a_link_that_vanished_is_told(data, save):
    (data / "zlink").symlink_to("nowhere")
    with while_restic_opens(data / "m", (data / "zlink").unlink):
        saved = save(data)
    assert told(saved) == names(data / "zlink")


def test_a_file_that_was_read_before_it_vanished_is_not_missed(data, save, repository, scratch):
    def change() -> None:
        # restic reads two at once: it may have opened the last of them and not be done with the first.
        time.sleep(1)
        (data / "a").unlink()

    with while_restic_opens(data / "m", change):
        saved = save(data)
    assert saved.warnings == ()
    repository.restore(saved.copy.snapshot_id, scratch)
    assert Path(f"{scratch}{data}/a").read_text() == "content of a"


def test_names_that_are_not_utf_8_are_told_apart_too(data, save):
    read, missed = (Path(os.fsdecode(os.fsencode(data) + name)) for name in (b"/caf\xe9\xe2\x82", b"/z\xff"))
    read.write_text("read")
    missed.write_text("missed")

    def change() -> None:
        read.unlink()
        missed.unlink()

    with while_restic_opens(data / "m", change):
        saved = save(data)
    assert told(saved) == [f"{data}/z\ufffd"]


def test_every_file_of_a_folder_that_vanished_is_told(data, save, is_good):
    folder = data / "n"
    (folder / "deeper" / "empty").mkdir(parents=True)
    for path in (folder / "1", folder / "2", folder / "deeper" / "3"):
        path.touch()
    with while_restic_opens(data / "m", lambda: shutil.rmtree(folder)):
        saved = save(data)
    assert told(saved) == names(folder / "1", folder / "2", folder / "deeper" / "3")
    assert is_good(saved, data)


def test_more_files_are_told_than_any_scope_admits_by_default(data, save, is_good):
    many = [data / f"z{number:03}" for number in range(200)]
    for path in many:
        path.touch()

    def change() -> None:
        for path in many:
            path.unlink()

    with while_restic_opens(data / "m", change):
        saved = save(data)
    assert told(saved) == names(*many)
    assert len(saved.warnings) > Verification().max_missed
    assert is_good(saved, data)


def test_a_path_of_the_scope_that_vanishes_is_told_file_by_file(data, save, tmp_path, is_good):
    folder, file = tmp_path / "other", tmp_path / "zfile"
    folder.mkdir()
    for path in (folder / "1", folder / "2", file):
        path.touch()

    def change() -> None:
        shutil.rmtree(folder)
        file.unlink()

    with while_restic_opens(data / "m", change):
        saved = save(data, folder, file)
    assert told(saved) == names(folder / "1", folder / "2", file)
    assert is_good(saved, data)


def test_a_file_that_another_was_put_in_place_of_is_not_missed(data, save, is_good):
    new = data / ".z.new"
    new.write_text("new content")
    with while_restic_opens(data / "m", lambda: os.replace(new, data / "z")):  # noqa: PTH105  (as editors do)
        saved = save(data, exclude=(".*",))
    assert saved.warnings == ()
    assert is_good(saved, data)


def test_what_is_left_out_is_not_missed(data, save, is_good):
    (data / "zcache" / "deep").mkdir(parents=True)
    (data / "zz").mkdir()
    left_out = (data / "z.tmp", data / "zcache" / "deep" / "1", data / "zz" / "top")
    for path in left_out:
        path.touch()

    def change() -> None:
        for path in left_out:
            path.unlink()

    with while_restic_opens(data / "m", change):
        saved = save(data, exclude=("*.tmp", "zcache/", f"{data}/zz/t*"))
    assert saved.warnings == ()


def test_what_a_pattern_brings_back_is_missed(data, save):
    kept = data / "zkept.tmp"
    kept.touch()
    with while_restic_opens(data / "m", kept.unlink):
        saved = save(data, exclude=("*.tmp", "!zkept.*"))
    assert told(saved) == names(kept)


def test_where_the_snapshot_cannot_be_read_all_that_vanished_counts(data, save, repository):
    saved = save(data)
    before = census.take([str(data)], one_file_system=False)
    (data / "a").unlink()
    assert vanished.missed(before, saved, repository, ()) == ()
    shutil.rmtree(Path(repository.place.location, "data"))
    shutil.rmtree(repository.place.cache)
    assert vanished.missed(before, saved, repository, ()) == (f"{data}/a: lstat: no such file or directory",)


# --- what cannot be read


@pytest.fixture
def limited(repository: Repository, tmp_path: Path) -> Repository:
    """The same repository, with a restic to which the file system can refuse something."""
    if os.geteuid() != 0:
        return repository
    binary = tmp_path / "restic"
    binary.write_text(
        "#!/bin/sh\n"
        f'exec setpriv --bounding-set=-dac_override,-dac_read_search {repository.engine.binary} "$@"\n'
    )
    binary.chmod(0o755)
    return replace(repository, engine=replace(repository.engine, binary=str(binary)))


def test_what_may_not_be_read_and_what_vanished_is_each_told_once(data, save, limited):
    closed = data / "zclosed"
    closed.mkdir()
    (closed / "inside").touch()
    closed.chmod(0)
    (data / "x").chmod(0)
    with while_restic_opens(data / "m", (data / "z").unlink):
        saved = save(data, into=limited)
    assert told(saved) == names(data / "x", data / "z", closed)
    assert saved.copy.files == 3


# --- what changes while it is read

HEAD = os.urandom(1 << 20)
LARGE_BYTES = 1 << 29


@pytest.fixture
def large(data) -> Path:
    """A file that restic reads for a second, and that takes no room."""
    path = data / "large"
    path.write_bytes(HEAD)
    os.truncate(path, LARGE_BYTES)
    return path


@contextlib.contextmanager
def while_restic_reads(path: Path, change: Callable[[], None]) -> Iterator[None]:
    with in_background(lambda: is_read_by_a_child(path), change, lambda: None):
        yield


def is_read_by_a_child(path: Path) -> bool:
    """Tell whether a process that this one started has read some of a file, and not all of it."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error, OSError):
            for file in child.open_files():
                if file.path == str(path):
                    return 0 < file.position < LARGE_BYTES // 2
    return False


def test_a_file_cut_while_it_is_read_is_saved_as_far_as_it_was_there(data, large, save, is_good):
    with while_restic_reads(large, lambda: os.truncate(large, LARGE_BYTES * 3 // 4)):
        saved = save(data)
    assert saved.warnings == ()
    assert saved.copy.files == 6
    assert is_good(saved, data)


def test_a_file_that_grows_while_it_is_read_is_saved_as_far_as_restic_came(
    data, large, save, repository, scratch
):
    def grow() -> None:
        with large.open("ab") as file:
            file.write(HEAD)

    with while_restic_reads(large, grow):
        saved = save(data)
    assert saved.warnings == ()
    source = FilesSource(kind="files", paths=(str(data),))
    (structure, *_) = source.verify(saved.copy, repository, Verification(), Reach(), str(scratch))
    assert structure.facts["files"] == 6
    repository.restore(saved.copy.snapshot_id, scratch / "again", [str(large)])
    restored = Path(f"{scratch}/again{large}").stat().st_size
    assert LARGE_BYTES <= restored <= LARGE_BYTES + len(HEAD)


# --- the census itself


def test_a_folder_whose_time_was_put_back_is_looked_at_again(data, monkeypatch):
    # Every folder counts as one that had not changed for long.
    monkeypatch.setattr(census, "_COARSEST_CLOCK_NS", -(10**12))
    was = data.stat()
    before = census.take([str(data)], one_file_system=False)
    time.sleep(0.02)
    (data / "a").unlink()
    os.utime(data, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert list(before.gone()) == [os.fsencode(data / "a")]


def test_a_folder_in_whose_place_is_a_link_has_lost_its_files(data, tmp_path):
    before = census.take([str(data)], one_file_system=False)
    data.rename(tmp_path / "moved")
    data.symlink_to("moved")
    assert len(list(before.gone())) == 5


def test_a_path_below_another_is_counted_once(data):
    (data / "deep").mkdir()
    (data / "deep" / "x").touch()
    before = census.take([str(data), str(data / "deep")], one_file_system=False)
    shutil.rmtree(data)
    assert len(list(before.gone())) == 6


def test_other_file_systems_are_left_out_where_restic_leaves_them_out():
    if os.stat("/dev").st_dev == os.stat("/dev/shm").st_dev:  # noqa: PTH116
        pytest.skip("/dev and /dev/shm are one file system here")
    assert b"/dev/shm" in census.take(["/dev"], one_file_system=False).folders
    assert b"/dev/shm" not in census.take(["/dev"], one_file_system=True).folders
