"""SQLite databases are copied whole while programs write to them, and come back as they were."""

from __future__ import annotations

import contextlib
import os
import pwd
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from respaldo.domain.errors import (
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    RestoreMismatchError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
    TargetDeniedError,
    TargetOccupiedError,
    TemporarySpaceError,
)
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.source_errors import DatabaseFileBusyError, DatabaseFileDamagedError, TargetBusyError
from respaldo.domain.verification import Verification
from respaldo.sources.reach import Reach
from respaldo.sources.sqlite import SqliteSource, running, sqlite_program
from respaldo.sources.sqlite.requests import file_of
from respaldo.texts import causes

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]

WANTED = Verification()
MODES = ("wal", "delete")
ROWS = 3000


def nobody_looks(progress):
    """Take progress events that no test is about."""


def make(path: Path, mode: str = "wal", rows: int = ROWS) -> Path:
    """Make a database of the kind that programs have: keys, an index, a view, a trigger, odd names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.executescript(
            """
            CREATE TABLE cliente (id INTEGER PRIMARY KEY, nombre TEXT);
            CREATE TABLE [pedido "raro"] (
                id INTEGER PRIMARY KEY, cliente REFERENCES cliente (id), dato BLOB
            );
            CREATE INDEX por_cliente ON [pedido "raro"] (cliente);
            CREATE VIEW nombres AS SELECT nombre FROM cliente;
            CREATE TRIGGER borrar AFTER DELETE ON cliente BEGIN SELECT 1; END;
            CREATE VIRTUAL TABLE busca USING fts5 (texto);
            INSERT INTO cliente VALUES (1, 'uno'), (2, 'dos');
            """
        )
        database.execute("BEGIN")
        database.executemany(
            'INSERT INTO [pedido "raro"] (cliente, dato) VALUES (1, ?)',
            ((os.urandom(100),) for _ in range(rows)),
        )
        database.execute("COMMIT")
    return path


def content(path: Path) -> list[str]:
    """Give all that is in a database, as SQL."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def sqlite(*paths: Path) -> SqliteSource:
    return SqliteSource(kind="sqlite", paths=tuple(map(str, paths)))


def save(source, repository, marks, item=None):
    return source.save(item or source.paths[0], repository, marks, Reach(), nobody_looks)


@pytest.fixture(params=MODES)
def live(request, tmp_path) -> Path:
    return make(tmp_path / "srv" / "ventas ñ.db", request.param)


# --- copying


def test_a_database_is_copied_whole_and_nothing_is_left_beside_it(live, repository, marks, scratch, tmp_path):
    source = sqlite(live)
    source.probe(Reach())
    before = live.read_bytes()
    saved = save(source, repository, marks)
    assert saved.notes == ()
    assert [path.name for path in live.parent.iterdir()] == [live.name]
    assert live.read_bytes() == before
    (evidence,) = source.verify(saved.copy, repository, WANTED, Reach(), str(scratch))
    assert list(scratch.iterdir()) == []
    assert evidence.rows["cliente"] == 2
    assert evidence.rows['pedido "raro"'] == ROWS
    assert evidence.facts["check"] == "integrity_check"
    given = tmp_path / "given.db"
    with given.open("wb") as file:
        repository.stream(saved.copy.snapshot_id, f"/{file_of(str(live))}", file.write)
    assert content(given) == content(live)


def test_what_is_only_in_the_write_ahead_log_is_copied(tmp_path, repository, marks, scratch):
    live = make(tmp_path / "a.db", "wal", rows=10)
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as program:
        program.execute("PRAGMA wal_autocheckpoint = 0")
        program.execute("INSERT INTO cliente VALUES (77, 'in the log')")
        assert b"in the log" not in live.read_bytes()
        saved = save(sqlite(live), repository, marks)
        (evidence,) = sqlite(live).verify(saved.copy, repository, WANTED, Reach(), str(scratch))
        assert evidence.rows["cliente"] == 3
        assert Path(f"{live}-wal").exists()


_WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
for number in range(10**9):
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO cliente (nombre) VALUES (?)", (str(number),))
    database.execute('INSERT INTO [pedido "raro"] (cliente, dato) VALUES (?, ?)', (1, "x" * 50))
    database.execute("COMMIT")
    if number == 0:
        print("writing", flush=True)
"""


@contextlib.contextmanager
def written_to(path: Path) -> Iterator[subprocess.Popen]:
    """Have another process write to a database without a pause: as many rows into one table as the other."""
    with subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"writing\n"
        try:
            yield writer
        finally:
            writer.kill()


def test_a_copy_made_while_another_process_writes_is_of_one_moment(
    live, repository, marks, scratch, monkeypatch
):
    # Small steps, so that the writer comes between them.
    program = scratch / "program.py"
    text = Path(sqlite_program.__file__).read_text()
    program.write_text(text.replace("STEP_PAGES = 4096", "STEP_PAGES = 5"))
    monkeypatch.setattr(sqlite_program, "__file__", str(program))
    with written_to(live) as writer:
        copies = [save(sqlite(live), repository, marks).copy for _ in range(3)]
        assert writer.poll() is None
    counted = []
    for copy in copies:
        (evidence,) = sqlite(live).verify(copy, repository, WANTED, Reach(), str(scratch))
        assert evidence.rows['pedido "raro"'] - ROWS == evidence.rows["cliente"] - 2
        counted.append(evidence.rows["cliente"])
    assert counted == sorted(counted)
    assert counted[0] > 2


def test_each_database_is_a_snapshot_of_its_own(tmp_path, repository, marks, scratch):
    paths = [make(tmp_path / folder / "datos.db", rows=10) for folder in ("a", "b,c")]
    source = sqlite(*paths)
    assert source.items(None) == tuple(map(str, paths))
    for item in source.items(None):
        copy = save(source, repository, marks, item).copy
        source.verify(copy, repository, WANTED, Reach(), str(scratch))
    assert {snapshot.item for snapshot in repository.snapshots()} == set(map(str, paths))
    # As people do who restore by hand: all into one folder.
    for snapshot in repository.snapshots():
        repository.restore(snapshot.id, scratch / "all")
    assert {path.name for path in (scratch / "all").iterdir()} == {file_of(str(path)) for path in paths}


def test_rows_that_refer_to_nothing_are_noted_and_no_reason_to_fail(live, repository, marks):
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute('UPDATE [pedido "raro"] SET cliente = 999 WHERE id <= 7')
    saved = save(sqlite(live), repository, marks)
    (note,) = saved.notes
    assert 'foreign_key_check: pedido "raro" -> cliente: 7' in note
    assert saved.warnings == ()


def test_a_database_that_needs_its_own_program_is_looked_over(tmp_path, repository, marks, scratch):
    live = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(live)) as database:
        database.create_collation("DE_OTRO", lambda a, b: (a > b) - (a < b))
        database.execute("CREATE TABLE t (a TEXT COLLATE DE_OTRO)")
        database.execute("CREATE INDEX i ON t (a)")
        database.execute("INSERT INTO t VALUES ('x'), ('y')")
        database.commit()
    copy = save(sqlite(live), repository, marks).copy
    (evidence,) = sqlite(live).verify(copy, repository, WANTED, Reach(), str(scratch))
    assert evidence.facts["check"] in ("quick_check", "none")
    assert evidence.rows == {"t": 2}


# --- what goes wrong with a source


def test_databases_that_are_not_there_are_named(tmp_path):
    there, gone = make(tmp_path / "a.db", rows=1), tmp_path / "b.db"
    with pytest.raises(SourcePartlyMissingError) as partly:
        sqlite(there, gone).probe(Reach())
    assert partly.value.facts == {"missing": str(gone)}
    with pytest.raises(SourceMissingError):
        sqlite(gone).probe(Reach())


def test_a_database_that_went_away_since_the_probe_leaves_no_snapshot_and_is_not_made(
    tmp_path, repository, marks
):
    with pytest.raises(SourceMissingError):
        save(sqlite(tmp_path / "gone.db"), repository, marks)
    assert repository.snapshots() == ()
    assert not (tmp_path / "gone.db").exists()


@pytest.mark.parametrize(
    "written", [b"", b"text" * 5000, b"SQLite format 3\0" + b"x" * 5000], ids=["empty", "text", "made up"]
)
def test_a_file_that_is_no_database_leaves_no_snapshot(tmp_path, repository, marks, written):
    path = tmp_path / "file"
    path.write_bytes(written)
    with pytest.raises((SourceEmptyError, DatabaseFileDamagedError)) as caught:
        save(sqlite(path), repository, marks)
    assert repository.snapshots() == ()
    assert str(path) in causes.explain(caught.value)


def test_a_file_that_is_no_database_is_told_so(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"text" * 5000)
    with pytest.raises(DatabaseFileDamagedError) as caught:
        sqlite(path).probe(Reach())
    assert caught.value.facts["reason"] == "not_a_database"
    assert "no es una base de datos SQLite" in causes.explain(caught.value)


def test_a_database_without_a_table_is_empty(tmp_path, repository, marks):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
    with pytest.raises(SourceEmptyError):
        save(sqlite(path), repository, marks)


def test_a_folder_or_a_pipe_is_no_database(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(SourceUnreadableError):
            sqlite(path).probe(Reach())


def test_a_database_that_may_not_be_read_is_named():
    with tempfile.TemporaryDirectory() as parent:
        path = make(Path(parent, "a.db"), rows=1)
        path.chmod(0)
        nobody = pwd.getpwnam("nobody")
        is_root = os.geteuid() == 0
        if is_root:
            Path(parent).chmod(0o755)
            os.seteuid(nobody.pw_uid)
        try:
            with pytest.raises(SourceUnreadableError) as caught:
                sqlite(path).probe(Reach())
        finally:
            if is_root:
                os.seteuid(0)
    assert caught.value.facts["path"] == str(path)


def test_a_damaged_database_is_told_and_leaves_no_snapshot(live, repository, marks):
    with live.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(os.urandom(4096 * 20))
    with pytest.raises(DatabaseFileDamagedError) as caught:
        save(sqlite(live), repository, marks)
    assert caught.value.facts["reason"] == "damaged"
    assert not caught.value.transient
    assert repository.snapshots() == ()


def test_an_index_that_lies_is_damage_too(tmp_path, repository, marks):
    live = make(tmp_path / "a.db", "delete")
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(cliente)', '(dato)') WHERE type = 'index'"
        )
    with pytest.raises(DatabaseFileDamagedError) as caught:
        save(sqlite(live), repository, marks)
    assert "por_cliente" in caught.value.facts["said"]


_LOCKER = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(300)
"""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[subprocess.Popen]:
    """Have another process hold a database: a lock of this one goes when it closes the file anywhere."""
    with subprocess.Popen([sys.executable, "-c", _LOCKER, path], stdout=subprocess.PIPE) as program:
        assert program.stdout.readline() == b"locked\n"
        try:
            yield program
        finally:
            program.kill()


def test_a_database_that_stays_locked_may_be_tried_again(tmp_path, repository, marks, monkeypatch):
    live = make(tmp_path / "a.db", "delete", rows=10)
    monkeypatch.setattr(running, "PATIENCE_SECONDS", 1.0)
    with locked(live):
        with pytest.raises(DatabaseFileBusyError) as caught:
            save(sqlite(live), repository, marks)
        assert caught.value.transient
        assert repository.snapshots() == ()
    assert save(sqlite(live), repository, marks).copy.size_bytes


def test_a_lock_that_goes_is_waited_for(tmp_path, repository, marks):
    live = make(tmp_path / "a.db", "delete", rows=10)
    with locked(live) as program:
        release = threading.Timer(2, program.kill)
        release.start()
        assert save(sqlite(live), repository, marks).copy.size_bytes
        release.join()


def test_no_room_for_the_copy_is_told_before_it_is_begun(live, repository, marks, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("respaldo.sources.sqlite.files_program.shutil.disk_usage", lambda _: usage)
    with pytest.raises(TemporarySpaceError):
        save(sqlite(live), repository, marks)
    assert repository.snapshots() == ()


def test_a_relative_path_is_a_mistake():
    with pytest.raises(ValidationError):
        SqliteSource(kind="sqlite", paths=("a.db",))


@pytest.mark.parametrize("lost", [1, 4096, 100_000])
def test_a_database_that_was_stored_cut_is_not_good(live, repository, marks, scratch, lost):
    cut = scratch / "cut"
    cut.write_bytes(live.read_bytes()[:-lost])
    stored = repository.save_output(str(live), ["cat", str(cut)], file_of(str(live)), marks, environment={})
    with pytest.raises(DumpUnreadableError):
        sqlite(live).verify(stored.copy, repository, WANTED, Reach(), str(scratch))


# --- given back


def delivery(tmp_path: Path, kind: str = "staging", **settings) -> Delivery:
    destination = Destination(kind=kind, **settings)
    return Delivery(destination=destination, key="r1", staging=str(tmp_path / "restored" / "r1"))


@pytest.fixture
def verified(live, repository, marks, scratch):
    """A source, its one verified copy as a request for everything finds it, and what was in it then."""
    source = sqlite(live)
    copy = save(source, repository, marks).copy
    recorded = source.verify(copy, repository, WANTED, Reach(), str(scratch))
    (part,) = source.find(Wanted(), [copy], repository, recorded)
    return source, part, content(live)


def restore(source, part, repository, wanted, scratch):
    return source.restore(part, repository, wanted, Reach(), str(scratch), nobody_looks)


def change(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM cliente WHERE id = 2")


@pytest.mark.parametrize("kind", ["staging", "path"])
def test_a_database_comes_back_beside(verified, live, repository, scratch, tmp_path, kind):
    source, part, was = verified
    change(live)
    target = str(tmp_path / "given") if kind == "path" else None
    wanted = delivery(tmp_path, kind, target=target)
    assert source.touches([part], wanted, Reach()) == ()
    done = restore(source, part, repository, wanted, scratch)
    place = Path(done.where[0])
    assert place.is_relative_to(target or wanted.staging)
    assert str(place).endswith(str(live))
    assert content(place) == was
    assert content(live) != was
    (evidence,) = done.evidence
    assert (evidence.method, evidence.facts["sha256"]) == ("compared", part.sha256)
    # Once more, as after a kill: the same.
    assert restore(source, part, repository, wanted, scratch).where == done.where


def test_a_database_comes_back_in_place_and_what_was_there_is_kept(
    verified, live, repository, scratch, tmp_path
):
    source, part, was = verified
    live.chmod(0o640)
    change(live)
    changed = content(live)
    wanted = delivery(tmp_path, "original", overwrite="always")
    assert source.touches([part], wanted, Reach()) == (str(live),)
    done = restore(source, part, repository, wanted, scratch)
    assert content(live) == was
    assert live.stat().st_mode & 0o777 == 0o640
    (kept,) = done.kept
    assert content(Path(kept)) == changed
    again = restore(source, part, repository, wanted, scratch)
    assert (again.kept, content(live)) == (done.kept, was)
    assert sorted(path.name for path in live.parent.iterdir()) == sorted([live.name, Path(kept).name])


def test_the_log_that_a_dead_program_left_is_not_read_into_what_comes_back(
    tmp_path, repository, marks, scratch
):
    live = make(tmp_path / "srv" / "a.db", "wal", rows=10)
    source = sqlite(live)
    copy = save(source, repository, marks).copy
    recorded = source.verify(copy, repository, WANTED, Reach(), str(scratch))
    (part,) = source.find(Wanted(), [copy], repository, recorded)
    was = content(live)
    with written_to(live):
        time.sleep(0.3)
    assert Path(f"{live}-wal").stat().st_size > 0
    done = restore(source, part, repository, delivery(tmp_path, "original", overwrite="always"), scratch)
    assert content(live) == was
    # What the log held is in the one that is kept.
    with contextlib.closing(sqlite3.connect(done.kept[0])) as kept:
        assert kept.execute("SELECT count(*) FROM cliente").fetchone()[0] > 2


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_what_lies_beside_a_damaged_database_goes_with_it(verified, live, repository, scratch, tmp_path, end):
    source, part, was = verified
    live.write_bytes(b"no database any more" * 1000)
    Path(f"{live}{end}").write_bytes(b"left over")
    done = restore(source, part, repository, delivery(tmp_path, "original", overwrite="always"), scratch)
    assert content(live) == was
    assert Path(f"{done.kept[0]}{end}").read_bytes() == b"left over"
    assert not Path(f"{live}{end}").exists()


def test_a_database_that_is_gone_comes_back_without_what_was_left_beside_it(
    verified, live, repository, scratch, tmp_path
):
    source, part, was = verified
    live.unlink()
    Path(f"{live}-wal").write_bytes(b"left over")
    wanted = delivery(tmp_path, "original")
    assert source.touches([part], wanted, Reach()) == ()
    restore(source, part, repository, wanted, scratch)
    assert content(live) == was
    assert Path(f"{live}.before-r1-wal").read_bytes() == b"left over"


def test_a_database_that_a_program_has_open_is_not_replaced(verified, live, repository, scratch, tmp_path):
    source, part, _ = verified
    change(live)
    changed = content(live)
    wanted = delivery(tmp_path, "original", overwrite="always")
    with contextlib.closing(sqlite3.connect(live)) as program:
        program.execute("SELECT count(*) FROM cliente").fetchone()
        with pytest.raises(TargetBusyError) as caught:
            restore(source, part, repository, wanted, scratch)
        assert str(os.getpid()) in caught.value.facts["said"]
        assert caught.value.transient
    assert content(live) == changed
    assert [path.name for path in live.parent.iterdir()] == [live.name]


def test_what_nobody_asked_to_be_replaced_stays(verified, live, repository, scratch, tmp_path):
    source, part, _ = verified
    change(live)
    changed = content(live)
    with pytest.raises(TargetOccupiedError):
        source.touches([part], delivery(tmp_path, "original"), Reach())
    with pytest.raises(TargetOccupiedError):
        restore(source, part, repository, delivery(tmp_path, "original"), scratch)
    assert content(live) == changed


def test_what_no_scope_saves_is_not_replaced_at_all(verified, live, repository, scratch, tmp_path):
    source, part, _ = verified
    wanted = delivery(tmp_path, "path", target=str(tmp_path / "given"), overwrite="always")
    other = Path(f"{tmp_path}/given{live}")
    other.parent.mkdir(parents=True)
    other.write_text("somebody's own")
    with pytest.raises(TargetOccupiedError):
        restore(source, part, repository, wanted, scratch)
    assert other.read_text() == "somebody's own"
    assert [path.name for path in other.parent.iterdir()] == [live.name]


def test_a_link_leads_to_what_is_replaced(verified, live, repository, marks, scratch, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(live)
    source = sqlite(link)
    copy = save(source, repository, marks).copy
    (part,) = source.find(Wanted(), [copy], repository, ())
    was = content(live)
    change(live)
    wanted = delivery(tmp_path, "original", overwrite="always")
    assert source.touches([part], wanted, Reach()) == (str(live),)
    restore(source, part, repository, wanted, scratch)
    assert link.is_symlink()
    assert content(live) == was


@pytest.mark.parametrize("change_to", [{"sha256": "0" * 64}, {"size_bytes": 5}], ids=["sum", "size"])
def test_a_copy_that_is_not_what_was_verified_is_not_given_back(
    verified, live, repository, scratch, tmp_path, change_to
):
    source, part, was = verified
    other = part.model_copy(update=change_to)
    with pytest.raises(DumpUnreadableError):
        restore(source, other, repository, delivery(tmp_path, "original", overwrite="always"), scratch)
    with pytest.raises(DumpUnreadableError):
        source.read(other, repository, str(scratch))
    assert content(live) == was


def test_other_rows_than_were_counted_are_told(verified, repository, scratch, tmp_path):
    source, part, _ = verified
    other = part.model_copy(update={"rows": dict(part.rows) | {"cliente": 5}})
    with pytest.raises(RestoreMismatchError) as caught:
        restore(source, other, repository, delivery(tmp_path), scratch)
    assert caught.value.facts["what"] == "cliente"


def test_a_place_that_takes_nothing_is_told(verified, repository, scratch, tmp_path):
    source, part, _ = verified
    (tmp_path / "file").touch()
    with pytest.raises(TargetDeniedError):
        restore(source, part, repository, delivery(tmp_path, "path", target=str(tmp_path / "file")), scratch)


def test_databases_are_found_by_path_folder_or_name(tmp_path, repository, marks):
    paths = [make(tmp_path / folder / f"{folder}.db", rows=1) for folder in ("a", "b")]
    source = sqlite(*paths)
    copies = [save(source, repository, marks, item).copy for item in source.items(None)]

    def found(*asked: object) -> list[str]:
        wanted = Wanted(paths=tuple(map(str, asked)))
        return [part.item for part in source.find(wanted, copies, repository, ())]

    every = list(map(str, paths))
    assert found() == found("/") == found(tmp_path) == every
    assert (
        found(paths[1])
        == found(paths[1].parent)
        == found("b.db")
        == found(f"/{file_of(every[1])}")
        == every[1:]
    )
    with pytest.raises(NotInCopyError) as caught:
        found(tmp_path / "b" / "c.db")
    assert every[1] in caught.value.facts["nearest"]
    with pytest.raises(InvalidRequestError):
        source.find(Wanted(databases=("b",)), copies, repository, ())
