"""Files come back to a machine over SSH: to paths that this worker does not have."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import far_kit
import network_kit
from network_kit import DATA, TEMPORARY
from respaldo.domain.errors import (
    EngineKilledError,
    InvalidRequestError,
    RespaldoError,
    TargetDeniedError,
    TargetFullError,
    TargetOccupiedError,
)
from respaldo.domain.host_errors import HostToolsError, HostUnreachableError
from respaldo.domain.restoring import Delivery, Destination, Part, Restored, Wanted
from respaldo.domain.values import Copy
from respaldo.hosts.settings import HostSettings
from respaldo.restic.engine import Engine
from respaldo.restic.repository import Repository
from respaldo.sources import disk_on_host
from respaldo.sources.disk import Room, WorkerDisk
from respaldo.sources.disk_on_host import HostDisk
from respaldo.sources.files import FilesSource
from respaldo.sources.reach import Machine, Reach

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

HOUR = 3600 * 10**9
OLD = 1_577_934_245_123_456_789
"""A time in 2020, to the nanosecond."""


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
    with far_kit.far_reach(machine, brought) as reach:
        yield reach
    assert far_kit.nothing_left(machine)


@dataclass
class Case:
    """A scope with data on a machine, its one copy, and what is done with it."""

    machine: network_kit.Machine
    source: FilesSource
    repository: Repository
    copy: Copy
    folder: Path
    reach: Reach

    @property
    def data(self) -> Path:
        """Its data, as they can be seen from here."""
        return self.machine.data

    def find(self, *paths: str) -> Part:
        wanted = Wanted(paths=paths)
        (part,) = self.source.find(wanted, [self.copy], self.repository, ())
        return part

    def delivery(self, kind="staging", target: str | None = None, overwrite="never", key="k") -> Delivery:
        destination = Destination(kind=kind, target=target, overwrite=overwrite)
        return Delivery(destination=destination, key=key, staging=str(self.folder / "staging" / key))

    def restore(self, part: Part, *args, **settings) -> Restored:
        delivery = self.delivery(*args, **settings)
        return self.source.restore(part, self.repository, delivery, self.reach, "", lambda _: None)

    def touches(self, part: Part, *args, **settings) -> tuple[str, ...]:
        return self.source.touches([part], self.delivery(*args, **settings), self.reach)


def saved(machine, repository, marks, folder, reach) -> Case:
    source = FilesSource(kind="files", host="archivo", paths=(DATA,))
    copy = source.save("files", repository, marks, reach, lambda _: None).copy
    return Case(machine, source, repository, copy, folder, reach)


@pytest.fixture
def case(machine, repository, marks, tmp_path, brought) -> Iterator[Case]:
    far_kit.empty(machine)
    (machine.data / "actas" / "2024").mkdir(parents=True)
    (machine.data / "actas" / "2024" / "acta 01.pdf").write_bytes(os.urandom(300_000))
    (machine.data / "actas" / "índice.txt").write_text("index")
    (machine.data / "nómina").mkdir()
    (machine.data / "nómina" / "enero.csv").write_text("1;2")
    (machine.data / "two\nlines").write_text("two")
    far_kit.give(machine, machine.data)
    for path in machine.data.rglob("*"):
        os.utime(path, ns=(OLD, OLD))
    with far_kit.far_reach(machine, brought) as reach:
        yield saved(machine, repository, marks, tmp_path, reach)
    assert far_kit.nothing_left(machine)
    assert not Path(DATA).exists()


def look(root: Path) -> dict[bytes, tuple]:
    """All that can be seen of a tree, by name in bytes: kind, mode, owner, times, content, links."""
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
            )  # fmt: skip
    return seen


def changed(case: Case) -> dict[str, Path]:
    """Change a tree: one file is older than the copy, one newer, one gone."""
    paths = {"older": "actas/índice.txt", "newer": "nómina/enero.csv", "gone": "actas/2024/acta 01.pdf"}
    found = {name: case.data / path for name, path in paths.items()}
    for name, moment in (("older", OLD - HOUR), ("newer", OLD + HOUR)):
        found[name].write_text(name)
        os.utime(found[name], ns=(moment, moment))
    found["gone"].unlink()
    return found


KEPT = {"never": {"older", "newer"}, "if_newer": {"newer"}, "always": set()}


@pytest.mark.parametrize("overwrite", KEPT)
def test_what_is_at_the_original_place_there_is_kept_as_was_asked(case, overwrite):
    part, before = case.find(), look(case.data)
    assert case.touches(part, "original", overwrite=overwrite) == (DATA,)
    files = changed(case)
    (case.data / "since").write_text("made since")
    restored = case.restore(part, "original", overwrite=overwrite)
    after = look(case.data)
    assert after.pop(b"since")
    kept = {os.fsencode(files[name].relative_to(case.data)) for name in KEPT[overwrite]}
    assert {name for name in before if after[name] != before[name]} == kept
    assert all(files[name].read_text() == name for name in KEPT[overwrite])
    facts = restored.evidence[0].facts
    assert (facts["overwrite"], facts["owners"]) == (overwrite, "not_restored")
    assert facts["skipped"] == part.files - facts["files"] >= len(kept)
    assert restored.where == (f"archivo:{DATA}",)


@pytest.mark.slow
def test_a_folder_there_takes_what_is_restored(case):
    part, before = case.find(), look(case.data)
    target = f"{TEMPORARY}/there"
    assert case.touches(part, "path", target) == ()
    restored = case.restore(part, "path", target)
    there = case.machine.temporary / "there"
    assert look(Path(f"{there}{DATA}")) == before
    assert restored.where == (f"archivo:{target}",)
    assert not Path(target).exists()
    # What another put there is not replaced unasked; a folder that no copy holds is replaced by nobody.
    (Path(f"{there}{DATA}") / "nómina" / "enero.csv").write_text("theirs")
    assert case.restore(part, "path", target).evidence[0].facts["skipped"] == part.files
    with pytest.raises(TargetOccupiedError):
        case.touches(part, "path", target, overwrite="always")


@pytest.mark.slow
def test_the_second_copy_goes_beside_the_first(case):
    part, before = case.find(), look(case.data)
    case.restore(part, "path", f"{TEMPORARY}/there", key="k")
    case.restore(part, "path", f"{TEMPORARY}/there/2k", key="2k")
    there = case.machine.temporary / "there"
    assert look(Path(f"{there}{DATA}")) == look(Path(f"{there}/2k{DATA}")) == before


@pytest.mark.slow
def test_names_of_every_kind_come_back(machine, repository, marks, tmp_path, reach):
    far_kit.empty(machine)
    names = [b" blanks ", b"a'b\"c`d$e", b"two\nlines", b"-rf", b"caf\xe9", b"g[x]*?", b"back\\slash", b"!x"]
    for name in names:
        Path(os.fsdecode(os.fsencode(machine.data) + b"/" + name)).write_bytes(b"content of " + name)
    (machine.data / "closed").write_text("secret")
    (machine.data / "closed").chmod(0o600)
    (machine.data / "link").symlink_to("-rf")
    os.link(machine.data / "closed", machine.data / "twin")
    far_kit.give(machine, machine.data)
    for path in machine.data.iterdir():
        os.utime(path, ns=(OLD, OLD), follow_symlinks=False)
    case = saved(machine, repository, marks, tmp_path, reach)
    before = look(case.data)
    for path in case.data.iterdir():
        path.unlink()
    case.restore(case.find(), "original")
    assert look(case.data) == before
    (case.data / "g[x]*?").unlink()
    case.restore(case.find(f"{DATA}/g\\[x]\\*\\?"), "original", overwrite="always")
    assert look(case.data) == before


@pytest.mark.slow
def test_the_staging_folder_is_of_this_worker_and_the_machine_may_be_gone(case):
    host = far_kit.host_of(case.machine).model_copy(update={"port": 1})
    gone = replace(case, reach=Reach(machine=Machine(host, HostSettings(), case.repository.engine)))
    part, before = case.find(), look(case.data)
    assert gone.touches(part) == ()
    gone.restore(part)
    back = look(Path(f"{gone.folder}/staging/k{DATA}"))
    assert {name: one[4] for name, one in back.items()} == {name: one[4] for name, one in before.items()}
    for kind, target in (("original", None), ("path", f"{TEMPORARY}/there")):
        with pytest.raises(HostUnreachableError):
            gone.touches(part, kind, target)
        with pytest.raises(HostUnreachableError):
            gone.restore(part, kind, target)


@pytest.mark.slow
def test_a_request_that_files_cannot_answer_is_refused(case):
    with pytest.raises(InvalidRequestError) as caught:
        case.touches(case.find(), "database", "erp")
    assert caught.value.facts == {"problem": "files_to_database"}


@pytest.mark.slow
def test_where_all_is_lost_nothing_is_touched(case):
    part, before = case.find(), look(case.data)
    for path in case.data.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert case.touches(part, "original") == ()
    case.restore(part, "original")
    assert look(case.data) == before


@pytest.mark.slow
def test_a_folder_amid_the_data_is_touched_though_a_link_leads_there(case):
    (case.machine.temporary / "link").symlink_to(f"{DATA}/actas")
    part = case.find()
    assert case.touches(part, "path", f"{DATA}/new") == (f"{DATA}/new",)
    assert case.touches(part, "path", f"{TEMPORARY}/link/new") == (f"{TEMPORARY}/link/new",)
    assert case.touches(part, "path", "/srv") == ("/srv",)


@pytest.mark.slow
def test_a_folder_that_is_gone_there_comes_back_as_it_was(case):
    before = look(case.data)
    part = case.find(f"{DATA}/actas/2024/acta 01.pdf", f"{DATA}/nómina/*.csv")
    shutil.rmtree(case.data / "actas")
    shutil.rmtree(case.data / "nómina")
    case.restore(part, "original")
    after = look(case.data)
    assert after.keys() == before.keys() - {"actas/índice.txt".encode()}
    assert all(after[name] == before[name] for name in after)


@pytest.mark.slow
@pytest.mark.parametrize("obstacle", ["file", "link"])
def test_what_stands_there_where_a_folder_must_be_is_not_replaced_unasked(case, obstacle):
    part = case.find()
    shutil.rmtree(case.data / "actas")
    elsewhere = case.machine.temporary / "elsewhere"
    elsewhere.mkdir()
    if obstacle == "file":
        (case.data / "actas").write_text("precious")
    else:
        (case.data / "actas").symlink_to(f"{TEMPORARY}/elsewhere")
    with pytest.raises(TargetOccupiedError) as caught:
        case.restore(part, "original")
    assert caught.value.facts["target"] == f"{DATA}/actas"
    case.restore(part, "original", overwrite="always")
    assert (case.data / "actas" / "índice.txt").read_text() == "index"
    assert list(elsewhere.iterdir()) == []


@pytest.mark.slow
def test_a_place_there_that_the_machines_user_may_not_write_is_told(case):
    for target in ("/usr/there", "/sys/respaldo"):
        with pytest.raises(TargetDeniedError) as caught:
            case.restore(case.find(), "path", target)
        assert caught.value.facts["target"] == target


@pytest.fixture
def small(machine) -> Iterator[str]:
    """A folder there with little room."""
    inside = ["nsenter", "--mount", f"--target={min(one.pid for one in machine.processes('sshd'))}"]
    (machine.temporary / "small").mkdir()
    path = f"{TEMPORARY}/small"
    subprocess.run([*inside, "mount", "-t", "tmpfs", "-o", "size=200k,mode=1777", "tmpfs", path], check=True)
    yield path
    subprocess.run([*inside, "umount", path], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_place_there_without_room_is_told(case, small, monkeypatch, when):
    look_at = HostDisk.room
    seen = []

    def room(disk: HostDisk, folder: str) -> Room:
        found = look_at(disk, folder)
        seen.append(found)
        return replace(found, free=None) if when == "meanwhile" and len(seen) == 1 else found

    monkeypatch.setattr(HostDisk, "room", room)
    with pytest.raises(TargetFullError) as caught:
        case.restore(case.find(), "path", small)
    facts = caught.value.facts
    assert facts["target"] == small
    assert int(facts["free"]) <= 200 << 10
    assert ("no space left" in facts["said"]) is (when == "meanwhile")
    inside = ["nsenter", "--mount", f"--target={min(one.pid for one in case.machine.processes('sshd'))}"]
    left = subprocess.run([*inside, "find", small, "-type", "f"], check=True, capture_output=True)
    assert left.stdout == b""


# --- an attempt that came to no good end


@pytest.fixture
def heavy(machine, repository, marks, tmp_path, reach) -> Case:
    """Data whose restoration takes a while."""
    far_kit.empty(machine)
    for number in range(6):
        (machine.data / f"file {number}").write_bytes(os.urandom(16 << 20))
    (machine.data / "ledger").write_text("10000")
    far_kit.give(machine, machine.data)
    return saved(machine, repository, marks, tmp_path, reach)


def when_begun(folder: Path, do: Callable[[], object]) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if any(path.is_file() and path.stat().st_blocks for path in folder.rglob("file *")):
                do()
                return
            time.sleep(0.002)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def kill_restic(machine: network_kit.Machine) -> None:
    for one in machine.processes("restic"):
        one.kill()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "overwrite"), [("path", "never"), ("original", "if_newer"), ("original", "always")]
)
@pytest.mark.parametrize("how", ["killed", "cut"])
def test_an_attempt_that_is_ended_is_made_good_by_the_next(heavy, brought, kind, overwrite, how):
    part, before = heavy.find(), look(heavy.data)
    target = f"{TEMPORARY}/there" if kind == "path" else None
    folder = heavy.data if kind == "original" else Path(f"{heavy.machine.temporary}/there{DATA}")
    if kind == "original":
        for path in heavy.data.glob("file *"):
            path.unlink()
        (heavy.data / "ledger").write_text("newer")
        far_kit.give(heavy.machine, heavy.data)
        if overwrite == "if_newer":
            before[b"ledger"] = look(heavy.data)[b"ledger"]
    end = kill_restic if how == "killed" else far_kit.cut
    killer = when_begun(folder, lambda: end(heavy.machine))
    with pytest.raises(EngineKilledError if how == "killed" else HostUnreachableError):
        heavy.restore(part, kind, target, overwrite=overwrite)
    killer.join()
    assert look(folder) != before
    with far_kit.far_reach(heavy.machine, brought) as reach:
        replace(heavy, reach=reach).restore(part, kind, target, overwrite=overwrite)
    assert look(folder) == before


# --- what is seen there


@pytest.mark.slow
def test_the_file_systems_there_are_seen_as_those_here(case):
    tree = case.data / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "closed").mkdir()
    for name in ("two\nlines", "-x", "a|b"):
        (tree / name).write_text(name)
    (tree / "link").symlink_to("deep")
    (tree / "broken").symlink_to("nowhere")
    os.mkfifo(tree / "fifo")
    with (tree / "sparse").open("wb") as file:
        file.truncate(20 << 20)
    os.utime(tree / "-x", ns=(OLD, -1_500_000_000))
    odd = os.fsdecode(os.fsencode(tree) + b"/caf\xe9")
    Path(odd).touch()
    far, here = HostDisk(case.reach.machine.session), WorkerDisk()
    places = [*map(str, tree.iterdir()), f"{tree}/falta", f"{tree}/-x/y", str(tree)]

    def there(path: str) -> str:
        return DATA + path.removeprefix(str(case.data))

    assert far.look(map(there, places)) == {
        there(path): found for path, found in here.look(places).items()
    } | far.look(["/"])
    assert far.folders(map(there, places)) == set(map(there, here.folders(places)))
    links = [f"{tree}/link/x", f"{tree}/broken", f"{tree}/two\nlines", f"{tree}/deep/../falta/y"]
    assert far.real(list(map(there, links))) == list(map(there, here.real(links)))
    for name in ("tree", "tree/deep", "tree/falta", "tree/broken", "tree/-x", "tree/-x/y", "tree/link"):
        assert far.is_free(f"{DATA}/{name}") is here.is_free(f"{case.data}/{name}"), name
    (tree / "closed").chmod(0o700)
    assert not far.is_free(f"{DATA}/tree/closed")
    assert not far.is_roots
    assert abs(far.room(f"{DATA}/falta/más").free - here.room(str(case.data)).free) < 1 << 30
    assert far.room(f"{TEMPORARY}/falta").system != far.room("/dev/shm").system
    far_kit.give(case.machine, tree)
    far.remove(list(map(there, [odd, f"{tree}/two\nlines", f"{tree}/falta", f"{tree}/-x"])))
    assert not os.path.lexists(odd)
    assert not (tree / "-x").exists()
    with pytest.raises(TargetDeniedError):
        far.remove([f"{DATA}/tree/deep"])


@pytest.mark.slow
def test_many_places_are_seen_at_once(case):
    names = [f"{DATA}/{number:06}" for number in range(50_000)]
    began = time.monotonic()
    found = HostDisk(case.reach.machine.session).look([*names, f"{DATA}/nómina"])
    assert (found.keys(), time.monotonic() - began < 30) == ({"/", f"{DATA}/nómina"}, True)


@pytest.mark.slow
@pytest.mark.parametrize("lacking", ["_LOOK", "_REAL", "_ROOM"])
def test_a_machine_without_the_programs_that_look_is_told_and_nothing_is_written(case, monkeypatch, lacking):
    part, before = case.find(), look(case.data)
    monkeypatch.setattr(disk_on_host, lacking, f"exec /no/hay; {getattr(disk_on_host, lacking)}")
    with pytest.raises(RespaldoError) as caught:
        case.restore(part, "path", f"{TEMPORARY}/there")
    assert isinstance(caught.value, HostToolsError)
    assert look(case.data) == before
    assert not (case.machine.temporary / "there").exists()
