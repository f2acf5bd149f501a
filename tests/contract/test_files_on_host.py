"""Files on a machine over SSH, at paths that this worker does not have: looked at, saved, compared."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import far_kit
import network_kit
from network_kit import DATA, TEMPORARY
from respaldo.domain.errors import (
    ContentMismatchError,
    EngineKilledError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
)
from respaldo.domain.host_errors import HostFullError, HostToolsError, HostUnreachableError
from respaldo.domain.values import Copy
from respaldo.domain.verification import Verification
from respaldo.restic.engine import Engine
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources.files import FilesSource
from respaldo.sources.files.on_host import HostGround
from respaldo.sources.reach import Reach

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

OLD = 1_577_934_245_123_456_789
"""A time in 2020, to the nanosecond."""

ODD = (
    b" blanks ", b"a'b\"c`d", b"two\nlines", b"\ntwo\n", b"-rf", b"--", b"caf\xe9", "ñandú".encode(),
    b"g[x]*?", b"back\\slash", b"tab\there", b"a: No such file or directory",
)  # fmt: skip


@pytest.fixture(scope="module")
def machine() -> Iterator[network_kit.Machine]:
    with far_kit.programs_found(), network_kit.machine() as machine:
        yield machine


@pytest.fixture
def brought(engine, restic) -> Engine:
    """restic itself, as it is brought to a machine."""
    return replace(engine, binary=restic)


@pytest.fixture
def reach(machine, brought) -> Iterator[Reach]:
    far_kit.empty(machine)
    with far_kit.far_reach(machine, brought) as reach:
        yield reach
    assert far_kit.nothing_left(machine)


@dataclass
class Case:
    """Data of a machine, as it is seen from here, and what is done with them."""

    machine: network_kit.Machine
    repository: Repository
    marks: Marks
    scratch: Path

    @property
    def data(self) -> Path:
        return self.machine.data

    def source(self, *paths: str, **settings: object) -> FilesSource:
        return FilesSource(kind="files", host="archivo", paths=paths or (DATA,), **settings)

    def save(self, reach: Reach, *paths: str, **settings: object) -> Saved:
        source = self.source(*paths, **settings)
        return source.save("files", self.repository, self.marks, reach, lambda _: None)

    def verify(self, copy: Copy, reach: Reach) -> dict[str, int | str]:
        for path in self.scratch.iterdir():
            shutil.rmtree(path)
        verified = self.source().verify(copy, self.repository, Verification(), reach, str(self.scratch))
        assert verified[0].method == "structure"
        return verified[1].facts

    def names(self, copy: Copy) -> set[str]:
        names: set[str] = set()
        self.repository.walk(copy.snapshot_id, lambda node: names.add(node.path))
        return names


@pytest.fixture
def case(machine, repository, marks, scratch) -> Case:
    return Case(machine, repository, marks, scratch)


@pytest.fixture
def data(case, reach) -> Path:
    """A few files that the machine's user has."""
    for name in ("a", "b", "deep/c"):
        path = case.data / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"content of {name}")
        os.utime(path, ns=(OLD, OLD))
    far_kit.give(case.machine, case.data)
    return case.data


# --- what is looked at before


@pytest.mark.slow
def test_paths_that_are_there_are_good(case, reach, data):
    case.source().probe(reach)
    case.source(f"{DATA}/a", f"{DATA}/deep").probe(reach)


def test_paths_that_are_not_there_are_told(case, reach, data):
    with pytest.raises(SourceMissingError) as caught:
        case.source(f"{DATA}/falta", f"{DATA}/falta\ntambién").probe(reach)
    assert caught.value.facts["path"] == f"{DATA}/falta, {DATA}/falta\ntambién"
    with pytest.raises(SourcePartlyMissingError) as caught:
        case.source(f"{DATA}/falta", DATA).probe(reach)
    assert caught.value.facts["missing"] == f"{DATA}/falta"


@pytest.mark.slow
def test_a_link_and_a_closed_folder_are_told(case, reach, data):
    (data / "link").symlink_to("deep")
    (data / "closed").mkdir(mode=0o700)
    (data / "closed" / "inside").touch()
    (data / "of root").touch(mode=0o600)
    for name, reason in (
        ("link", "Too many levels of symbolic links"),
        ("closed", "Permission denied"),
        ("closed/inside", "Permission denied"),
        ("of root", "Permission denied"),
        ("a/b", "Not a directory"),
    ):
        with pytest.raises(SourceUnreadableError) as caught:
            case.source(f"{DATA}/{name}").probe(reach)
        assert caught.value.facts == {"path": f"{DATA}/{name}", "reason": reason}


@pytest.mark.slow
def test_folders_without_a_file_are_told(case, reach):
    (case.data / "deep" / "er").mkdir(parents=True)
    with pytest.raises(SourceEmptyError):
        case.source().probe(reach)
    (case.data / "deep" / "er" / "link").symlink_to("nowhere")
    case.source().probe(reach)


# --- what is saved, and compared


def test_what_is_saved_there_is_compared_with_what_is_there(case, reach, data):
    first = case.save(reach)
    assert (first.warnings, first.copy.files) == ((), 3)
    assert case.verify(first.copy, reach) == {"restored": 3, "equal": 3, "changed_since": 0}
    (data / "a").write_text("changed")
    (data / "d").write_text("new")
    far_kit.give(case.machine, data)
    second = case.save(reach)
    assert case.verify(first.copy, reach) == {"restored": 3, "equal": 2, "changed_since": 1}
    assert case.verify(second.copy, reach) == {"restored": 4, "equal": 4, "changed_since": 0}
    assert [one.id for one in case.repository.snapshots(case.marks.for_item("files"))] == [
        first.copy.snapshot_id, second.copy.snapshot_id,
    ]  # fmt: skip
    received = bytearray()
    case.repository.stream(first.copy.snapshot_id, f"{DATA}/a", received.extend)
    assert received == b"content of a"


@pytest.mark.slow
def test_a_byte_that_changed_and_left_size_and_time_is_found(case, reach, data):
    saved = case.save(reach)
    (data / "b").write_text("Content of b")
    os.utime(data / "b", ns=(OLD, OLD))
    with pytest.raises(ContentMismatchError) as caught:
        case.verify(saved.copy, reach)
    assert caught.value.facts["path"] == f"{DATA}/b"


@pytest.mark.slow
def test_what_is_no_file_any_more_has_changed(case, reach, data):
    saved = case.save(reach)
    (data / "a").unlink()
    os.mkfifo(data / "a")
    (data / "b").unlink()
    (data / "b").symlink_to("deep/c")
    shutil.rmtree(data / "deep")
    assert case.verify(saved.copy, reach) == {"restored": 3, "equal": 0, "changed_since": 3}


@pytest.mark.slow
def test_names_of_every_kind_are_saved_and_compared(case, reach):
    for name in ODD:
        Path(os.fsdecode(os.fsencode(case.data) + b"/" + name)).write_bytes(b"content of " + name)
    far_kit.give(case.machine, case.data)
    saved = case.save(reach)
    assert (saved.warnings, saved.copy.files) == ((), len(ODD))
    # One whose name is no UTF-8 cannot be asked for by it.
    assert case.verify(saved.copy, reach)["equal"] == len(ODD) - 1
    text = [name.decode() for name in ODD if name != b"caf\xe9"]
    each = case.save(reach, *(f"{DATA}/{name}" for name in text))
    assert case.names(each.copy) == {f"{DATA}/{name}" for name in text}


@pytest.mark.slow
def test_other_file_systems_are_left_out_where_that_is_asked(case, reach, data):
    inner = data / "inner"
    inner.mkdir()
    subprocess.run(
        ["nsenter", "--mount", f"--target={process_of(case.machine)}",
         "mount", "-t", "tmpfs", "tmpfs", f"{DATA}/inner"], check=True,
    )  # fmt: skip
    try:
        subprocess.run(
            ["nsenter", "--mount", f"--target={process_of(case.machine)}", "touch", f"{DATA}/inner/x"],
            check=True,
        )
        assert f"{DATA}/inner/x" in case.names(case.save(reach).copy)
        assert f"{DATA}/inner/x" not in case.names(case.save(reach, one_file_system=True).copy)
        ground = HostGround(reach.machine.session)
        before = [ground.census([DATA], one_file_system=only) for only in (False, True)]
        subprocess.run(
            ["nsenter", "--mount", f"--target={process_of(case.machine)}", "rm", f"{DATA}/inner/x"],
            check=True,
        )
        assert [list(one.gone()) for one in before[1:]] == [[]]
    finally:
        subprocess.run(
            ["nsenter", "--mount", f"--target={process_of(case.machine)}", "umount", f"{DATA}/inner"],
            check=True,
        )


def process_of(machine: network_kit.Machine) -> int:
    """Give a process that sees the machine's file systems."""
    return min(one.pid for one in machine.processes("sshd"))


@pytest.mark.slow
def test_what_vanishes_during_the_copy_is_told(case, reach, data, monkeypatch):
    names = [b"one", b"two\nlines", b"caf\xe9"]
    for name in names:
        Path(os.fsdecode(os.fsencode(data) + b"/" + name)).touch()
    left_out = data / "x.tmp"
    left_out.touch()
    (data / "zlink").symlink_to("nowhere")
    taken = HostGround.census

    def census(*words: object, **more: object) -> object:
        before = taken(*words, **more)
        for name in names:
            Path(os.fsdecode(os.fsencode(data) + b"/" + name)).unlink()
        left_out.unlink()
        (data / "zlink").unlink()
        (data / "since").touch()
        return before

    with monkeypatch.context() as patched:
        patched.setattr(HostGround, "census", census)
        saved = case.save(reach, exclude=("*.tmp",))
    told = {warning.rpartition(": lstat")[0] for warning in saved.warnings}
    assert told == {f"{DATA}/{name}" for name in ("one", "two\nlines", "caf\ufffd", "zlink")}
    assert case.save(reach).warnings == ()


@pytest.mark.slow
def test_our_own_folder_there_is_neither_saved_nor_missed(case, reach, data):
    (case.machine.temporary / "theirs").mkdir()
    (case.machine.temporary / "theirs" / "x").touch()
    saved = case.save(reach, DATA, TEMPORARY)
    assert saved.warnings == ()
    folder = reach.machine.session.folder
    assert folder.startswith(f"{TEMPORARY}/respaldo.")
    assert list((case.machine.temporary / Path(folder).name).iterdir())
    names = case.names(saved.copy)
    assert f"{TEMPORARY}/theirs/x" in names
    assert not [name for name in names if name.startswith(folder)]


@pytest.mark.slow
def test_our_own_folder_is_known_behind_a_link_too(case, brought, machine):
    far_kit.empty(machine)
    (case.data / "tmp").mkdir()
    (case.data / "a").touch()
    (machine.temporary / "link").symlink_to(f"{DATA}/tmp")
    far_kit.give(machine, case.data)
    with far_kit.far_reach(machine, brought, folder=f"{TEMPORARY}/link") as reach:
        saved = case.save(reach)
        assert saved.warnings == ()
        assert {name for name in case.names(saved.copy) if name.startswith(DATA)} == {f"{DATA}/a"}


@pytest.mark.slow
def test_what_the_machines_user_may_not_read_is_told(case, reach, data):
    (data / "of root").touch(mode=0o600)
    saved = case.save(reach)
    assert [warning.partition(": ")[0] for warning in saved.warnings] == [f"{DATA}/of root"]
    assert saved.copy.files == 3


# --- paths that a list names


@pytest.mark.slow
def test_more_paths_than_a_line_takes_are_saved(case, reach, tmp_path):
    long = "n" * 100
    paths = [f"{DATA}/{number:05} ' {long}" for number in range(3000)]
    for path in paths:
        (case.data / Path(path).name).touch()
    listing = tmp_path / "lista"
    listing.write_text("\n".join(paths))
    source = FilesSource(kind="files", host="archivo", paths_from=str(listing))
    assert sum(map(len, paths)) > 256 << 10
    saved = source.save("files", case.repository, case.marks, reach, lambda _: None)
    assert (saved.warnings, saved.copy.files) == ((), len(paths))


@pytest.mark.slow
def test_a_pattern_in_a_list_is_of_what_is_there(case, reach, data, tmp_path):
    for name in ("x[1]", "x1", ".hidden", "back\\slash", "deep/.c2", "two\nlines"):
        (case.data / name).touch()
    listing = tmp_path / "lista"
    for line, found in (
        ("x[1]", ["x[1]"]),
        ("x[0-9]", ["x1"]),
        ("*", [".hidden", "a", "b", "back\\slash", "deep", "two\nlines", "x1", "x[1]"]),
        ("de*/c", ["deep/c"]),
        ("*/*c*", ["deep/.c2", "deep/c"]),
        ("back\\sl*", ["back\\slash"]),
        ("no*", ["no*"]),
        ("falta", ["falta"]),
    ):
        listing.write_text(f"{DATA}/{line}")
        source = FilesSource(kind="files", host="archivo", paths_from=str(listing))
        assert sorted(source.all_paths(reach)) == [f"{DATA}/{name}" for name in found], line


# --- what goes wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stat", "find", "sha256sum"])
def test_a_machine_without_the_programs_that_look_is_told(case, reach, data, name):
    inside = ["nsenter", "--mount", f"--target={process_of(case.machine)}"]
    path = str(Path(shutil.which(name)).resolve())
    subprocess.run([*inside, "mount", "--bind", "/bin/false", path], check=True)
    try:
        with pytest.raises(HostToolsError) as caught:
            case.source().probe(reach)
    finally:
        subprocess.run([*inside, "umount", path], check=True)
    assert caught.value.facts == {"host": "archivo", "missing": name}


@pytest.mark.slow
def test_a_machine_that_cannot_tell_what_vanishes_has_that_noted(case, reach, data):
    inside = ["nsenter", "--mount", f"--target={process_of(case.machine)}"]
    path = str(Path(shutil.which("comm")).resolve())
    subprocess.run([*inside, "mount", "--bind", "/bin/false", path], check=True)
    try:
        saved = case.save(reach)
    finally:
        subprocess.run([*inside, "umount", path], check=True)
    [note] = saved.notes
    assert note.startswith("archivo: files that vanished during the copy are not told")
    assert (saved.warnings, case.save(reach).notes) == ((), ())


@pytest.mark.slow
def test_a_machine_that_is_lost_during_the_copy_is_told_and_the_next_copy_is_the_only_one(
    case, brought, machine
):
    far_kit.empty(machine)
    for number in range(8):
        (machine.data / f"file {number}").write_bytes(os.urandom(8 << 20))
    far_kit.give(machine, machine.data)

    def lose() -> None:
        deadline = time.monotonic() + 60
        packs = Path(case.repository.place.location, "data")
        while time.monotonic() < deadline and not any(one.is_file() for one in packs.rglob("*")):
            time.sleep(0.01)
        far_kit.cut(machine)

    loser = threading.Thread(target=lose)
    with far_kit.far_reach(machine, brought, upload="4M") as reach:
        loser.start()
        with pytest.raises(HostUnreachableError) as caught:
            case.save(reach)
        assert caught.value.transient
        loser.join()
    assert far_kit.nothing_left(machine)
    # The lock of the one that was lost: here nobody can tell that it is dead.
    assert (len(case.repository.listed("locks")), case.repository.unlock()) == (1, 0)
    with far_kit.far_reach(machine, brought) as reach:
        saved = case.save(reach)
        assert case.verify(saved.copy, reach)["equal"] == 8
    assert [one.id for one in case.repository.snapshots()] == [saved.copy.snapshot_id]
    assert case.repository.listed("locks") == frozenset()
    assert far_kit.nothing_left(machine)


@pytest.mark.slow
def test_a_restic_that_is_killed_there_is_told(case, reach, data):
    (data / "large").write_bytes(os.urandom(64 << 20))
    far_kit.give(case.machine, data)

    def kill() -> None:
        deadline = time.monotonic() + 60
        packs = Path(case.repository.place.location, "data")
        while time.monotonic() < deadline and not any(one.is_file() for one in packs.rglob("*")):
            time.sleep(0.01)
        for one in case.machine.processes("restic"):
            one.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(EngineKilledError):
        case.save(reach)
    killer.join()
    assert case.repository.snapshots() == ()


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [1, 44], ids=["for restic", "for what restic has on its way"])
def test_a_machine_without_room_for_our_folder_is_told(case, brought, machine, megabytes):
    far_kit.empty(machine)
    (machine.data / "large").write_bytes(os.urandom(64 << 20))
    far_kit.give(machine, machine.data)
    pid = process_of(machine)
    inside = ["nsenter", "--mount", f"--target={pid}"]
    small = f"{TEMPORARY}/small"
    (machine.temporary / "small").mkdir()
    subprocess.run(
        [*inside, "mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=1777", "tmpfs", small], check=True
    )
    try:
        with (
            far_kit.far_reach(machine, brought, folder=small) as reach,
            pytest.raises(HostFullError),
        ):
            case.save(reach)
        left = subprocess.run([*inside, "ls", "-A", small], check=True, capture_output=True)
        assert left.stdout == b""
    finally:
        subprocess.run([*inside, "umount", small], check=True)
    assert case.repository.snapshots() == ()
