"""Every kind of source keeps the same promises, with real data, a real restic and a real PostgreSQL."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import pwd
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr, ValidationError

import barman_kit
import respaldo.sources
from imports_kit import imported_with
from respaldo.domain.errors import (
    ConnectionMissingError,
    ContentMismatchError,
    CountMismatchError,
    DatabaseDeniedError,
    DatabaseMissingError,
    DatabaseUnreachableError,
    DumpUnreadableError,
    RepositoryDamagedError,
    SourceCommandError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
)
from respaldo.domain.values import Copy, Endpoint
from respaldo.domain.verification import Verification
from respaldo.restic.repository import Repository
from respaldo.sources import SOURCES, Source
from respaldo.sources.barman import BarmanSource
from respaldo.sources.command import CommandSource
from respaldo.sources.files import FilesSource
from respaldo.sources.mariadb import MariadbSource
from respaldo.sources.postgresql import PostgresqlSource
from respaldo.sources.postgresql.source import GLOBALS
from respaldo.sources.reach import Reach
from respaldo.sources.sqlite import SqliteSource
from respaldo.sources.tar import TarSource

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]

WANTED = Verification()


def save(source: Source, item: str, repository: Repository, marks, endpoint=None) -> Copy:
    return source.save(item, repository, marks, Reach(endpoint), lambda _: None).copy


def evidence_of(source: Source, copy: Copy, repository: Repository, scratch: Path, wanted=WANTED):
    return {
        evidence.method: evidence.facts
        for evidence in source.verify(copy, repository, wanted, Reach(), str(scratch))
    }


# --- PostgreSQL


@pytest.fixture(scope="session")
def server(postgres_server):
    """The server, with a role whose password is asked for and its programs on PATH."""
    postgres_server.run_sql("SET password_encryption = 'scram-sha-256'")
    postgres_server.run_sql(f"CREATE ROLE con_clave SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    rules = postgres_server.folder / "data" / "pg_hba.conf"
    rules.write_text("local all con_clave scram-sha-256\n" + rules.read_text())
    postgres_server.run_sql("SELECT pg_reload_conf()")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{postgres_server.bin}:{os.environ['PATH']}")
        yield postgres_server


PASSWORD = r"con:dos puntos\y barra"


@pytest.fixture
def login(server) -> Endpoint:
    endpoint = server.endpoint(user="con_clave")
    return endpoint.model_copy(update={"password": SecretStr(PASSWORD)})


ODD = "a=b, c/d é"


@pytest.fixture
def database(server) -> Iterator[str]:
    """A database with a name that a connection string, a tag and a path would each misread."""
    server.run_sql(f'CREATE DATABASE "{ODD}"')
    server.run_sql("CREATE TABLE t AS SELECT n, md5(n::text) AS word FROM generate_series(1, 20000) n", ODD)
    server.run_sql("SELECT lo_from_bytea(0, 'large object')", ODD)
    yield ODD
    server.run_sql(f'DROP DATABASE "{ODD}" WITH (FORCE)')


def postgresql(*names: str, shared=False) -> PostgresqlSource:
    return PostgresqlSource(kind="postgresql", connection="erp_db", databases=names, globals=shared)


def words_in(server, database: str) -> str:
    with server.connect(server.endpoint(database)) as connection:
        rows = connection.execute("SELECT n, word FROM t ORDER BY n").fetchall()
        objects = connection.execute("SELECT lo_get(oid) FROM pg_largeobject_metadata").fetchall()
    return hashlib.sha256(repr((rows, objects)).encode()).hexdigest()


# --- the same promises for every kind


@dataclass
class Sample:
    """A source with data in it, the way to it, and how to tell that a copy brings the data back."""

    source: Source
    endpoint: Endpoint | None
    item: str
    comes_back: Callable[[Repository, Copy, Path], bool]


@pytest.fixture
def files_sample(tree):
    def comes_back(repository: Repository, copy: Copy, scratch: Path) -> bool:
        repository.restore(copy.snapshot_id, scratch)
        return subprocess.run(["diff", "-r", tree, f"{scratch}{tree}"], check=False).returncode == 0

    return Sample(FilesSource(kind="files", paths=(str(tree),)), None, "files", comes_back)


@pytest.fixture
def postgresql_sample(server, login, database):
    def comes_back(repository: Repository, copy: Copy, scratch: Path) -> bool:
        empty = server.fresh()
        dump = scratch / "dump"
        with dump.open("wb") as file:
            repository.stream(copy.snapshot_id, f"/{copy.item}", file.write)
        restore = [
            "pg_restore",
            "--exit-on-error",
            "-h",
            server.sockets,
            "-U",
            "postgres",
            "-d",
            empty.database,
        ]
        subprocess.run([*restore, dump], check=True)
        return words_in(server, empty.database) == words_in(server, database)

    return Sample(postgresql(database), login, "a%3Db%2C c%2Fd %C3%A9.dump", comes_back)


@pytest.fixture
def mariadb_sample(mariadb_server):
    mariadb_server.sql("CREATE DATABASE `a=b, c/d é`; CREATE TABLE `a=b, c/d é`.t (n int, word char(32))")
    mariadb_server.sql("INSERT INTO t SELECT seq, MD5(seq) FROM seq_1_to_20000", ODD)

    def comes_back(repository: Repository, copy: Copy, scratch: Path) -> bool:
        dump = scratch / "dump"
        with dump.open("wb") as file:
            repository.stream(copy.snapshot_id, f"/{copy.item}", file.write)
        mariadb_server.sql("CREATE DATABASE otra")
        mariadb_server.sql(dump.read_text(), "otra")
        here, there = (mariadb_server.sql("SELECT * FROM t", name) for name in (ODD, "otra"))
        return here == there

    source = MariadbSource(kind="mariadb", connection="erp_db", databases=(ODD,), users=False)
    return Sample(source, mariadb_server.endpoint(), "a%3Db%2C c%2Fd %C3%A9.sql", comes_back)


@pytest.fixture
def sqlite_sample(tmp_path):
    live = tmp_path / "ventas.db"
    with contextlib.closing(sqlite3.connect(live)) as database:
        database.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, word TEXT)")
        words = ((os.urandom(20).hex(),) for _ in range(5000))
        database.executemany("INSERT INTO t (word) VALUES (?)", words)
        database.commit()

    def rows(path: Path) -> list[object]:
        with contextlib.closing(sqlite3.connect(path)) as database:
            return database.execute("SELECT * FROM t ORDER BY n").fetchall()

    def comes_back(repository: Repository, copy: Copy, scratch: Path) -> bool:
        with (scratch / "ventas.db").open("wb") as file:
            repository.stream(copy.snapshot_id, f"/{quote(str(live)[1:], safe=' ')}", file.write)
        return rows(scratch / "ventas.db") == rows(live)

    return Sample(SqliteSource(kind="sqlite", paths=(str(live),)), None, str(live), comes_back)


@pytest.fixture
def command_sample(tree):
    def comes_back(repository: Repository, copy: Copy, scratch: Path) -> bool:
        seen = bytearray()
        repository.stream(copy.snapshot_id, "/a.bin", seen.extend)
        return bytes(seen) == (tree / "a").read_bytes()

    command = ("sh", "-c", 'read given; [ -n "$given" ] && cat "$0"', str(tree / "a"))
    source = CommandSource(kind="command", command=command, name="a.bin", secret="appliance")
    return Sample(source, Endpoint(name="appliance", password=SecretStr(PASSWORD)), "a.bin", comes_back)


@pytest.fixture
def barman_sample() -> Iterator[Sample]:
    with barman_kit.running() as kept:

        def comes_back(repository: Repository, copy: Copy, folder: Path) -> bool:
            repository.restore(copy.snapshot_id, folder)
            (base,) = (kept.home / "base").iterdir()
            there = Path(f"{folder}{base}")
            files = [path.relative_to(base) for path in base.rglob("*") if path.is_file()]
            return all((there / file).read_bytes() == (base / file).read_bytes() for file in files)

        source = BarmanSource(kind="barman", server=barman_kit.SERVER, config=str(kept.config))
        yield Sample(source, None, barman_kit.SERVER, comes_back)


@pytest.fixture
def tar_sample(tree):
    def comes_back(repository: Repository, copy: Copy, scratch: Path) -> bool:
        with (scratch / "files.tar").open("wb") as file:
            repository.stream(copy.snapshot_id, "/files.tar", file.write)
        subprocess.run(["tar", "-x", "-f", scratch / "files.tar", "-C", scratch], check=True)
        return subprocess.run(["diff", "-r", tree, f"{scratch}{tree}"], check=False).returncode == 0

    return Sample(TarSource(kind="tar", paths=(str(tree),)), None, "files.tar", comes_back)


@pytest.fixture(params=SOURCES, ids=lambda kind: kind.__name__)
def sample(request) -> Sample:
    kind = request.param.model_fields["kind"].annotation.__args__[0]
    return request.getfixturevalue(f"{kind}_sample")


def test_what_is_saved_is_verified_and_comes_back(sample, repository, marks, scratch):
    source = sample.source
    source.probe(Reach(sample.endpoint))
    assert source.items(Reach(sample.endpoint)) == (sample.item,)
    copy = save(source, sample.item, repository, marks, sample.endpoint)
    assert (copy.item, copy.size_bytes > 0) == (sample.item, True)
    evidence = source.verify(copy, repository, WANTED, Reach(), str(scratch))
    assert {each.item for each in evidence} == {sample.item}
    (found,) = repository.snapshots(marks.tags)
    assert found.as_copy() == copy
    again = scratch / "again"
    again.mkdir()
    assert sample.comes_back(repository, copy, again)


def test_a_copy_of_another_size_than_was_saved_is_not_good(sample, repository, marks, scratch):
    copy = save(sample.source, sample.item, repository, marks, sample.endpoint)
    other = copy.model_copy(update={"size_bytes": copy.size_bytes + 1})
    with pytest.raises((CountMismatchError, DumpUnreadableError)):
        sample.source.verify(other, repository, WANTED, Reach(), str(scratch))


def test_a_damaged_copy_is_not_good(sample, repository, marks, scratch):
    copy = save(sample.source, sample.item, repository, marks, sample.endpoint)
    packs = [path for path in Path(repository.place.location, "data").rglob("*") if path.is_file()]
    pack = max(packs, key=lambda path: path.stat().st_size)
    pack.chmod(0o600)
    with pack.open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)[0]
        file.seek(1000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(RepositoryDamagedError):
        sample.source.verify(copy, repository, WANTED, Reach(), str(scratch))


def test_a_source_describes_itself_without_its_secrets(sample):
    said = sample.source.describe() + repr(sample.source)
    assert sample.source.describe()
    assert PASSWORD not in said


# --- files


def files(*paths: Path, **settings) -> FilesSource:
    return FilesSource(kind="files", paths=tuple(map(str, paths)), **settings)


def test_a_relative_path_is_a_mistake():
    with pytest.raises(ValidationError):
        FilesSource(kind="files", paths=("data",))


def test_all_paths_that_are_not_there_are_named(tree):
    none, nothing = tree / "none", tree / "nothing"
    with pytest.raises(SourceMissingError) as caught:
        files(none, nothing).probe(Reach())
    assert caught.value.facts == {"path": f"{none}, {nothing}"}


def test_a_part_that_is_not_there_is_told_apart_and_named(tree):
    none, nothing = tree / "none", tree / "nothing"
    with pytest.raises(SourcePartlyMissingError) as caught:
        files(none, tree, nothing).probe(Reach())
    assert caught.value.facts == {"missing": f"{none}, {nothing}"}


def test_a_part_that_went_away_since_the_probe_leaves_no_snapshot(tree, tmp_path, repository, marks):
    with pytest.raises(SourcePartlyMissingError):
        save(files(tree, tmp_path / "none"), "files", repository, marks)
    assert repository.snapshots() == ()


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Be somebody to whom the file system can refuse something."""
    if os.geteuid() != 0:
        yield
        return
    nobody = pwd.getpwnam("nobody")
    os.seteuid(nobody.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("folder", [True, False], ids=["folder", "file"])
def test_a_path_that_may_not_be_read_is_named(ordinary_user, folder):
    with tempfile.TemporaryDirectory() as parent:
        path = Path(parent, "closed")
        if folder:
            path.mkdir()
        else:
            path.write_text("secret")
        path.chmod(0)
        with pytest.raises(SourceUnreadableError) as caught:
            files(path).probe(Reach())
        assert caught.value.facts["path"] == str(path)


def test_folders_without_a_file_are_empty(tmp_path):
    (tmp_path / "data" / "deeper").mkdir(parents=True)
    with pytest.raises(SourceEmptyError):
        files(tmp_path / "data").probe(Reach())


def test_a_link_is_not_the_data_that_it_leads_to(tree, tmp_path):
    # restic saves a link that it is given as a link.
    link = tmp_path / "link"
    link.symlink_to(tree)
    with pytest.raises(SourceUnreadableError) as caught:
        files(tree, link).probe(Reach())
    assert caught.value.facts["path"] == str(link)


def test_a_save_that_leaves_out_every_file_is_empty(tree, repository, marks):
    with pytest.raises(SourceEmptyError):
        save(files(tree, exclude=("*",)), "files", repository, marks)
    assert repository.snapshots() == ()


def test_names_of_any_kind_are_verified(tmp_path, repository, marks, scratch):
    data = tmp_path / "data"
    data.mkdir()
    names = [b"g[*]?\\x", b"two\nlines", b" spaces ", "ñandú".encode(), b"caf\xe9", b"plain", b"\xff\xfe"]
    for name in names:
        Path(os.fsdecode(bytes(data) + b"/" + name)).write_bytes(b"content of " + name)
    os.mkfifo(data / "fifo")
    os.link(data / "plain", data / "twin")
    source = files(data)
    copy = save(source, "files", repository, marks)
    facts = evidence_of(source, copy, repository, scratch)
    assert facts["structure"]["files"] == len(names) + 1
    # The two names that are not UTF-8 are counted, and cannot be asked for.
    assert facts["sample"] == {"restored": len(names) - 1, "equal": len(names) - 1, "changed_since": 0}
    again = scratch / "again"
    repository.restore(copy.snapshot_id, again)
    restored = os.fsencode(f"{again}{data}")
    assert set(os.listdir(restored)) == {*names, b"fifo", b"twin"}  # noqa: PTH208  (names in bytes)
    assert Path(os.fsdecode(restored + b"/caf\xe9")).read_bytes() == b"content of caf\xe9"


def test_what_changed_since_is_restored_and_not_compared(tmp_path, repository, marks, scratch):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("same", "grown", "touched", "gone", "now_a_folder"):
        (data / name).write_text(name)
    source = files(data)
    copy = save(source, "files", repository, marks)
    (data / "grown").write_text("grown by this")
    os.utime(data / "touched", ns=(1, 1))
    (data / "gone").unlink()
    (data / "now_a_folder").unlink()
    (data / "now_a_folder").mkdir()
    facts = evidence_of(source, copy, repository, scratch)
    assert facts["sample"] == {"restored": 5, "equal": 1, "changed_since": 4}


def test_a_source_that_differs_though_nothing_says_so_is_not_what_was_saved(
    tmp_path, repository, marks, scratch
):
    data = tmp_path / "data"
    data.mkdir()
    (data / "ledger").write_text("10000")
    written = (data / "ledger").stat()
    source = files(data)
    copy = save(source, "files", repository, marks)
    (data / "ledger").write_text("90000")
    os.utime(data / "ledger", ns=(written.st_atime_ns, written.st_mtime_ns))
    with pytest.raises(ContentMismatchError) as caught:
        source.verify(copy, repository, WANTED, Reach(), str(scratch))
    assert caught.value.facts["path"] == str(data / "ledger")


def test_a_copy_with_fewer_files_than_were_saved_is_not_good(filled, saved, tree, scratch):
    more = saved.copy.model_copy(update={"files": saved.copy.files + 1})
    with pytest.raises(CountMismatchError):
        files(tree).verify(more, filled, WANTED, Reach(), str(scratch))


def test_a_sample_is_as_large_as_was_asked_and_the_same_for_a_retry(filled, saved, tree, tmp_path):
    restored = []
    for attempt in ("first", "second"):
        folder = tmp_path / attempt
        folder.mkdir()
        facts = evidence_of(files(tree), saved.copy, filled, folder, Verification(probe_files=2))
        assert facts["sample"]["restored"] == 2
        restored.append(sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()))
    assert restored[0] == restored[1]
    assert len(restored[0]) == 2


def test_a_sample_of_more_paths_than_one_call_takes_is_restored_whole(
    filled, saved, tree, scratch, monkeypatch
):
    monkeypatch.setattr("respaldo.sources.files.source.RESTORED_AT_ONCE", 3)
    facts = evidence_of(files(tree), saved.copy, filled, scratch)
    assert facts["sample"] == {"restored": 4, "equal": 4, "changed_since": 0}


def test_a_scope_that_asks_for_no_sample_gets_its_structure_verified(filled, saved, tree, scratch):
    facts = evidence_of(files(tree), saved.copy, filled, scratch, Verification(probe_files=0))
    assert list(facts) == ["structure"]
    assert list(scratch.iterdir()) == []


# --- PostgreSQL: what goes wrong


def test_all_databases_and_the_globals_are_items(server, login, database):
    every = PostgresqlSource(kind="postgresql", connection="erp_db", databases="all")
    every.probe(Reach(login))
    items = every.items(Reach(login))
    assert items[0] == GLOBALS
    assert {"postgres.dump", "a%3Db%2C c%2Fd %C3%A9.dump"} <= set(items)
    assert not any("template" in item for item in items)


def test_a_database_that_is_left_out_is_no_item_and_something_must_be_left(login, database):
    def source(*names: str, exclude: tuple[str, ...]) -> PostgresqlSource:
        return PostgresqlSource(
            kind="postgresql", connection="erp_db", databases=names or "all", exclude=exclude
        )

    reach = Reach(login)
    every, left_out = source(exclude=()).items(reach), source(exclude=("postgres", "none"))
    left_out.probe(reach)
    assert left_out.items(reach) == tuple(item for item in every if item != "postgres.dump")
    assert left_out.describe() == "erp_db: *, -postgres, -none"
    with pytest.raises(SourceEmptyError):
        source("postgres", exclude=("postgres",)).probe(reach)


def test_globals_hold_the_roles(login, repository, marks, scratch):
    source = postgresql("postgres", shared=True)
    copy = save(source, GLOBALS, repository, marks, login)
    evidence_of(source, copy, repository, scratch)
    text = bytearray()
    repository.stream(copy.snapshot_id, f"/{GLOBALS}", text.extend)
    assert "CREATE ROLE con_clave" in text.decode()


def test_a_connection_must_be_given():
    with pytest.raises(ConnectionMissingError):
        postgresql("erp").probe(Reach())


def test_a_database_that_is_not_there_is_named(login):
    with pytest.raises(DatabaseMissingError) as caught:
        postgresql("postgres", "nómina").probe(Reach(login))
    assert caught.value.facts["database"] == "nómina"


def test_a_connection_to_a_database_that_is_not_there_is_told(login):
    with pytest.raises(DatabaseMissingError):
        postgresql("erp").probe(Reach(login.model_copy(update={"database": "none"})))


def test_a_server_that_is_down_may_come_back(login, tmp_path):
    with pytest.raises(DatabaseUnreachableError) as caught:
        postgresql("erp").probe(Reach(login.model_copy(update={"host": str(tmp_path)})))
    assert caught.value.transient


@pytest.mark.parametrize(
    "change",
    [{"password": SecretStr("otra")}, {"password": None}, {"user": "nadie", "password": None}],
    ids=["wrong password", "no password", "no such role"],
)
def test_a_refused_login_will_be_refused_again(login, change):
    with pytest.raises(DatabaseDeniedError) as caught:
        postgresql("erp").probe(Reach(login.model_copy(update=change)))
    assert not caught.value.transient
    assert "otra" not in str(caught.value)


@pytest.mark.parametrize("change", [{"password": SecretStr("otra")}, {"host": "/nowhere"}])
def test_a_dump_that_gets_no_connection_leaves_no_snapshot(login, repository, marks, change):
    with pytest.raises((DatabaseDeniedError, DatabaseUnreachableError)):
        save(postgresql("postgres"), "postgres.dump", repository, marks, login.model_copy(update=change))
    assert repository.snapshots() == ()


def test_a_database_that_went_away_since_the_probe_leaves_no_snapshot(login, repository, marks):
    with pytest.raises(SourceCommandError):
        save(postgresql("none"), "none.dump", repository, marks, login)
    assert repository.snapshots() == ()


def test_a_dump_that_the_server_cuts_leaves_no_snapshot(server, login, repository, marks):
    large = server.fresh().database
    server.run_sql(
        "CREATE TABLE t AS SELECT repeat(n::text, 300000) AS word FROM generate_series(1, 500) n", large
    )
    cut = threading.Event()

    def terminate() -> None:
        deadline = time.monotonic() + 30
        with server.connect(server.endpoint()) as connection:
            while not cut.is_set() and time.monotonic() < deadline:
                found = connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'pg_dump' AND state = 'active' AND query LIKE 'COPY%%'"
                ).fetchall()
                if found:
                    cut.set()

    killer = threading.Thread(target=terminate)
    killer.start()
    with pytest.raises(SourceCommandError):
        save(postgresql(large), f"{large}.dump", repository, marks, login)
    killer.join()
    assert cut.is_set()
    assert repository.snapshots() == ()


@pytest.mark.parametrize("lost", [1, 5000, 600_000])
def test_a_dump_that_was_stored_cut_short_is_not_good(
    server, login, database, repository, marks, scratch, lost
):
    # Through a pipe, as restic gets it: into a file pg_dump writes its list of objects again at the end.
    dump = ["pg_dump", "-Fc", "-Z0", "-h", server.sockets, "-U", "postgres"]
    named = os.environ | {"PGDATABASE": database}
    whole = subprocess.run(dump, env=named, capture_output=True, check=True).stdout
    cut = scratch / "cut"
    cut.write_bytes(whole[:-lost])
    stored = repository.save_output("erp.dump", ["cat", str(cut)], "erp.dump", marks, environment={})
    # Of the size that was saved: only the content tells.
    assert stored.copy.size_bytes == len(whole) - lost
    with pytest.raises(DumpUnreadableError) as caught:
        postgresql("erp").verify(stored.copy, repository, WANTED, Reach(), str(scratch))
    assert caught.value.facts["reason"]


def test_globals_that_were_stored_cut_short_are_not_good(repository, marks, scratch):
    stored = repository.save_output(GLOBALS, ["echo", "CREATE ROLE half;"], GLOBALS, marks, environment={})
    with pytest.raises(DumpUnreadableError):
        postgresql("erp", shared=True).verify(stored.copy, repository, WANTED, Reach(), str(scratch))


def test_a_password_reaches_no_argument_and_no_environment(login, repository, marks, tmp_path, monkeypatch):
    spy = tmp_path / "spy" / "pg_dump"
    spy.parent.mkdir()
    spy.write_text("#!/bin/sh\ntr '\\0' '\\n' </proc/$$/cmdline; env; tr '\\0' '\\n' </proc/$PPID/cmdline\n")
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    copy = save(postgresql("postgres"), "postgres.dump", repository, marks, login)
    seen = bytearray()
    repository.stream(copy.snapshot_id, "/postgres.dump", seen.extend)
    assert b"PGPASSFILE=/dev/fd/" in seen
    assert PASSWORD.encode() not in seen
    assert b"clave\n" not in seen.replace(b"con_clave\n", b"")


# --- the list of kinds


def test_every_module_that_defines_a_kind_is_listed():
    folder = Path(respaldo.sources.__file__).parent
    defined = {
        node.name
        for module in folder.rglob("*.py")
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and ast.unparse(field).startswith("kind: Literal[")
    }
    assert defined == {kind.__name__ for kind in SOURCES}


def test_every_kind_can_be_chosen_in_yaml():
    union = respaldo.sources.AnySource.__origin__.__args__
    assert set(union) == set(SOURCES)


def test_importing_the_driver_and_the_sources_imports_nothing_heavy():
    heavy = {"airflow", "psycopg", "pandas", "cryptography", "paramiko"}
    assert not heavy & imported_with("respaldo.sources", "respaldo.restic", "respaldo.hosts")
