"""SQLite databases on a machine over SSH: copied there while programs write to them, and brought back."""

from __future__ import annotations

import ast
import contextlib
import os
import sqlite3
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
    DumpUnreadableError,
    RestoreMismatchError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
    TargetDeniedError,
    TargetFullError,
    TargetOccupiedError,
)
from respaldo.domain.host_errors import HostFullError, HostToolsError, HostUnreachableError
from respaldo.domain.restoring import Delivery, Destination, Part, Restored, Wanted
from respaldo.domain.source_errors import DatabaseFileBusyError, DatabaseFileDamagedError, TargetBusyError
from respaldo.domain.values import Copy
from respaldo.domain.verification import Verification
from respaldo.hosts.settings import HostSettings
from respaldo.restic.engine import Engine
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks
from respaldo.sources.reach import Machine, Reach
from respaldo.sources.sqlite import SqliteSource, files_program, running, sqlite_program

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

NAME = "ventas ñ.db"
LIVE = f"{DATA}/{NAME}"
ROWS = 3000

_WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
for number in range(10**9):
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO cliente (nombre) VALUES (?)", (str(number),))
    database.execute("INSERT INTO pedido (cliente, dato) VALUES (?, ?)", (1, "x" * 50))
    database.execute("COMMIT")
    if number == 0:
        print("begun", flush=True)
"""

_LOCKER = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("begun", flush=True)
time.sleep(300)
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[network_kit.Machine]:
    with far_kit.programs_found(), network_kit.machine() as machine:
        yield machine


@pytest.fixture
def brought(engine, restic) -> Engine:
    """restic itself, as it is brought to a machine."""
    return replace(engine, binary=restic)


@dataclass
class Case:
    """A database on a machine, and what is done with it."""

    machine: network_kit.Machine
    source: SqliteSource
    repository: Repository
    marks: Marks
    folder: Path
    reach: Reach

    @property
    def live(self) -> Path:
        """It, as it can be seen from here."""
        return self.machine.data / NAME

    def save(self, item: str = LIVE) -> Copy:
        return self.source.save(item, self.repository, self.marks, self.reach, lambda _: None).copy

    def rows(self, copy: Copy) -> dict[str, int]:
        scratch = str(self.folder / "scratch")
        (evidence,) = self.source.verify(copy, self.repository, Verification(), self.reach, scratch)
        return dict(evidence.rows)

    def part(self) -> Part:
        """Save it, verify the copy, and find it."""
        copy = self.save()
        scratch = str(self.folder / "scratch")
        recorded = self.source.verify(copy, self.repository, Verification(), self.reach, scratch)
        (part,) = self.source.find(Wanted(), [copy], self.repository, recorded)
        return part

    def delivery(self, kind="staging", target: str | None = None, overwrite="never") -> Delivery:
        destination = Destination(kind=kind, target=target, overwrite=overwrite)
        return Delivery(destination=destination, key="r1", staging=str(self.folder / "restored" / "r1"))

    def touches(self, part: Part, *args, **settings) -> tuple[str, ...]:
        return self.source.touches([part], self.delivery(*args, **settings), self.reach)

    def restore(self, part: Part, *args, **settings) -> Restored:
        delivery = self.delivery(*args, **settings)
        return self.source.restore(part, self.repository, delivery, self.reach, "", lambda _: None)


def make(machine: network_kit.Machine, name: str = NAME, mode: str = "wal", rows: int = ROWS) -> Path:
    path = machine.data / name
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.executescript(
            """
            CREATE TABLE cliente (id INTEGER PRIMARY KEY, nombre TEXT);
            CREATE TABLE pedido (id INTEGER PRIMARY KEY, cliente REFERENCES cliente (id), dato BLOB);
            INSERT INTO cliente VALUES (1, 'uno'), (2, 'dos');
            BEGIN;
            """
        )
        database.executemany(
            "INSERT INTO pedido (cliente, dato) VALUES (1, ?)", ((os.urandom(100),) for _ in range(rows))
        )
        database.execute("COMMIT")
    far_kit.give(machine, machine.data)
    return path


@pytest.fixture
def case(machine, repository, marks, tmp_path, scratch, brought) -> Iterator[Case]:
    far_kit.empty(machine)
    make(machine)
    source = SqliteSource(kind="sqlite", host="archivo", paths=(LIVE,))
    with far_kit.far_reach(machine, brought) as reach:
        yield Case(machine, source, repository, marks, tmp_path, reach)
    assert far_kit.nothing_left(machine)
    assert not Path(DATA).exists()


@contextlib.contextmanager
def used(machine: network_kit.Machine, program: str, name: str = NAME) -> Iterator[subprocess.Popen]:
    """Have a program of the machine's user work with a database."""
    argv = [
        "setpriv", f"--reuid={machine.server.user}", f"--regid={machine.server.user}", "--clear-groups",
        "/usr/bin/python3", "-c", program, machine.data / name,
    ]  # fmt: skip
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        try:
            yield process
        finally:
            process.kill()


def content(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def change(case: Case) -> None:
    with contextlib.closing(sqlite3.connect(case.live, isolation_level=None)) as database:
        database.execute("DELETE FROM cliente WHERE id = 2")
    far_kit.give(case.machine, case.machine.data)


# --- copying


@pytest.mark.slow
def test_a_database_there_is_copied_and_nothing_is_left_beside_it(case):
    case.source.probe(case.reach)
    before = case.live.read_bytes()
    assert case.rows(case.save()) == {"cliente": 2, "pedido": ROWS}
    assert case.live.read_bytes() == before
    assert [path.name for path in case.machine.data.iterdir()] == [NAME]
    assert not list(Path(f"{case.machine.temporary}").rglob("copy*"))
    case.live.unlink()
    assert case.source.read(case_part(case), case.repository, str(case.folder / "scratch")).facts["tables"]


def case_part(case: Case) -> Part:
    """Find the copy that was made, with the database gone."""
    (snapshot,) = case.repository.snapshots()
    (part,) = case.source.find(Wanted(), [snapshot.as_copy()], case.repository, ())
    return part


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_copy_made_there_while_a_program_writes_is_of_one_moment(case, mode):
    case.live.unlink()
    make(case.machine, mode=mode)
    with used(case.machine, _WRITER) as writer:
        copies = [case.save() for _ in range(3)]
        assert writer.poll() is None
    counted = [case.rows(copy) for copy in copies]
    assert all(rows["pedido"] - ROWS == rows["cliente"] - 2 for rows in counted)
    many = [rows["cliente"] for rows in counted]
    assert many == sorted(many)
    assert many[0] > 2


@pytest.mark.slow
def test_a_database_there_that_stays_locked_may_be_tried_again(case, monkeypatch):
    make(case.machine, "otra.db", "delete", 10)
    monkeypatch.setattr(running, "PATIENCE_SECONDS", 1.0)
    with used(case.machine, _LOCKER, "otra.db"):
        with pytest.raises(DatabaseFileBusyError) as caught:
            case.save(f"{DATA}/otra.db")
        assert caught.value.transient
    assert case.repository.snapshots() == ()
    assert case.save(f"{DATA}/otra.db").size_bytes


@pytest.mark.slow
def test_what_is_no_database_there_is_told(case):
    for name, cause in {
        "falta.db": SourcePartlyMissingError,
        "vacía.db": SourceEmptyError,
        "texto.db": DatabaseFileDamagedError,
        "de root.db": SourceUnreadableError,
        "carpeta": SourceUnreadableError,
        "tubo": SourceUnreadableError,
    }.items():
        path = case.machine.data / name
        if name.endswith(".db") and cause is not SourcePartlyMissingError:
            path.write_bytes(b"" if cause is SourceEmptyError else b"text" * 5000)
        elif name == "carpeta":
            path.mkdir()
        elif name == "tubo":
            os.mkfifo(path)
        if name == "de root.db":
            path.chmod(0o600)
        source = SqliteSource(kind="sqlite", host="archivo", paths=(LIVE, f"{DATA}/{name}"))
        with pytest.raises(cause) as caught:
            source.probe(case.reach)
        assert f"{DATA}/{name}" in caught.value.facts.values()
    with pytest.raises(SourceMissingError):
        case.save(f"{DATA}/falta.db")


@pytest.mark.slow
def test_a_damaged_database_there_leaves_no_snapshot(case):
    with case.live.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(os.urandom(4096 * 20))
    with pytest.raises(DatabaseFileDamagedError) as caught:
        case.save()
    assert caught.value.facts["reason"] == "damaged"
    assert case.repository.snapshots() == ()


def inside(machine: network_kit.Machine, *words: str) -> bytes:
    """Run something as root where the machine's file systems are seen."""
    pid = min(one.pid for one in machine.processes("sshd"))
    argv = ["nsenter", "--mount", f"--target={pid}", *words]
    return subprocess.run(argv, check=True, capture_output=True).stdout


@pytest.mark.slow
def test_a_machine_without_python_is_told(case):
    python = str(Path("/usr/bin/python3").resolve())
    inside(case.machine, "mount", "--bind", "/bin/false", python)
    try:
        with pytest.raises(HostToolsError) as caught:
            case.source.probe(case.reach)
        assert "python3" in caught.value.facts["missing"]
    finally:
        inside(case.machine, "umount", python)


@pytest.mark.slow
def test_a_machine_without_room_for_the_copy_is_told(case, brought):
    small = f"{TEMPORARY}/small"
    (case.machine.temporary / "small").mkdir()
    inside(case.machine, "mount", "-t", "tmpfs", "-o", "size=50m,mode=1777", "tmpfs", small)
    try:
        with far_kit.far_reach(case.machine, brought, folder=small) as reach:
            with pytest.raises(HostFullError) as caught:
                replace(case, reach=reach).save()
            assert caught.value.facts["folder"].startswith(small)
        assert inside(case.machine, "ls", "-A", small) == b""
    finally:
        inside(case.machine, "umount", small)
    assert case.repository.snapshots() == ()


@pytest.mark.slow
def test_a_machine_that_is_lost_during_the_copy_is_told_and_the_next_copy_is_the_only_one(case, brought):
    case.live.unlink()
    make(case.machine, rows=200_000)

    def lose() -> None:
        deadline = time.monotonic() + 60
        packs = Path(case.repository.place.location, "data")
        while time.monotonic() < deadline and not any(one.is_file() for one in packs.rglob("*")):
            time.sleep(0.01)
        far_kit.cut(case.machine)

    loser = threading.Thread(target=lose)
    with far_kit.far_reach(case.machine, brought, upload="4M") as reach:
        loser.start()
        with pytest.raises(HostUnreachableError) as caught:
            replace(case, reach=reach).save()
        assert caught.value.transient
        loser.join()
    assert far_kit.nothing_left(case.machine)
    with far_kit.far_reach(case.machine, brought) as reach:
        assert case.rows(replace(case, reach=reach).save())["pedido"] == 200_000
    assert len(case.repository.snapshots()) == 1


# --- given back


def test_a_database_comes_back_to_its_place_there_and_what_was_there_is_kept(case):
    part, was = case.part(), content(case.live)
    case.live.chmod(0o640)
    change(case)
    changed = content(case.live)
    assert case.touches(part, "original", overwrite="always") == (LIVE,)
    done = case.restore(part, "original", overwrite="always")
    assert content(case.live) == was
    assert case.live.stat().st_mode & 0o777 == 0o640
    assert (done.where, done.kept) == ((f"archivo:{LIVE}",), (f"archivo:{LIVE}.before-r1",))
    assert content(case.machine.data / f"{NAME}.before-r1") == changed
    assert done.evidence[0].facts["sha256"] == part.sha256
    # Once more, as after a kill: the same.
    again = case.restore(part, "original", overwrite="always")
    assert (again.kept, content(case.live)) == (done.kept, was)
    assert {path.name for path in case.machine.data.iterdir()} == {NAME, f"{NAME}.before-r1"}


@pytest.mark.slow
def test_a_database_comes_back_to_a_folder_there(case):
    part, was = case.part(), content(case.live)
    target = f"{TEMPORARY}/given"
    assert case.touches(part, "path", target) == ()
    done = case.restore(part, "path", target)
    assert (done.where, done.kept) == ((f"archivo:{target}{LIVE}",), ())
    there = Path(f"{case.machine.temporary}/given{LIVE}")
    assert content(there) == was
    assert (there.owner(), there.stat().st_mode & 0o777) == (case.machine.server.user, 0o600)
    assert [path.name for path in there.parent.iterdir()] == [NAME]
    there.unlink()
    there.write_text("theirs")
    with pytest.raises(TargetOccupiedError):
        case.touches(part, "path", target, overwrite="always")
    with pytest.raises(TargetOccupiedError):
        case.restore(part, "path", target)
    assert there.read_text() == "theirs"


@pytest.mark.slow
def test_the_staging_folder_is_of_this_worker_and_the_machine_may_be_gone(case):
    part, was = case.part(), content(case.live)
    host = far_kit.host_of(case.machine).model_copy(update={"port": 1})
    gone = replace(case, reach=Reach(machine=Machine(host, HostSettings(), case.repository.engine)))
    assert gone.touches(part) == ()
    assert content(Path(gone.restore(part).where[0])) == was
    with pytest.raises(HostUnreachableError):
        gone.restore(part, "original", overwrite="always")


@pytest.mark.slow
def test_what_a_dead_program_left_there_is_not_read_into_what_comes_back(case):
    part, was = case.part(), content(case.live)
    with used(case.machine, _WRITER):
        time.sleep(0.3)
    assert Path(f"{case.live}-wal").stat().st_size > 0
    case.restore(part, "original", overwrite="always")
    assert content(case.live) == was
    case.live.unlink()
    Path(f"{case.live}-wal").write_bytes(b"left over")
    assert case.touches(part, "original") == ()
    (case.machine.data / f"{NAME}.before-r1-wal").unlink(missing_ok=True)
    case.restore(part, "original")
    assert content(case.live) == was
    assert (case.machine.data / f"{NAME}.before-r1-wal").read_bytes() == b"left over"


@pytest.mark.slow
def test_a_database_there_that_a_program_has_open_is_not_replaced(case):
    part = case.part()
    with used(case.machine, _LOCKER):
        with pytest.raises(TargetBusyError) as caught:
            case.restore(part, "original", overwrite="always")
        assert "python3" in caught.value.facts["said"]
        assert caught.value.transient
    assert {path.name for path in case.machine.data.iterdir()} <= {NAME, f"{NAME}-wal", f"{NAME}-shm"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"sha256": "0" * 64}, DumpUnreadableError),
        ({"size_bytes": 5}, DumpUnreadableError),
        ({"rows": {"cliente": 5}}, RestoreMismatchError),
    ],
    ids=["sum", "size", "rows"],
)
def test_a_copy_that_is_not_what_was_verified_is_not_given_back(case, changed, cause):
    part = case.part().model_copy(update=changed)
    was = content(case.live)
    with pytest.raises(cause):
        case.restore(part, "original", overwrite="always")
    assert content(case.live) == was
    assert [path.name for path in case.machine.data.iterdir()] == [NAME]


@pytest.mark.slow
def test_a_place_there_that_takes_nothing_is_told(case):
    part = case.part()
    with pytest.raises(TargetDeniedError):
        case.restore(part, "path", "/usr/given")
    small = f"{TEMPORARY}/small"
    (case.machine.temporary / "small").mkdir()
    inside(case.machine, "mount", "-t", "tmpfs", "-o", "size=200k,mode=1777", "tmpfs", small)
    try:
        with pytest.raises(TargetFullError) as caught:
            case.restore(part, "path", small)
        assert int(caught.value.facts["free"]) <= 200 << 10
        assert inside(case.machine, "find", small, "-type", "f") == b""
    finally:
        inside(case.machine, "umount", small)


def when_begun(folder: Path, do: Callable[[], object]) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if any(path.stat().st_blocks for path in folder.glob(".respaldo-r1.partial/*")):
                    do()
                    return
            time.sleep(0.002)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.slow
def test_an_attempt_that_is_cut_off_is_made_good_by_the_next(case, brought):
    case.live.unlink()
    make(case.machine, rows=300_000)
    part, was = case.part(), content(case.live)
    change(case)
    changed = content(case.live)
    cutter = when_begun(case.machine.data, lambda: far_kit.cut(case.machine))
    with pytest.raises(HostUnreachableError):
        case.restore(part, "original", overwrite="always")
    cutter.join()
    assert content(case.live) == changed
    with far_kit.far_reach(case.machine, brought) as reach:
        replace(case, reach=reach).restore(part, "original", overwrite="always")
    assert content(case.live) == was
    assert {path.name for path in case.machine.data.iterdir()} == {NAME, f"{NAME}.before-r1"}


@pytest.mark.slow
@pytest.mark.parametrize("program", [sqlite_program, files_program], ids=["sqlite", "files"])
def test_what_runs_there_is_written_for_older_python_too(program):
    ast.parse(Path(program.__file__).read_text(), feature_version=(3, 7))
