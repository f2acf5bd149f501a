"""Every kind of source, here and on a machine, in every kind of repository: two copies, both given back."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import far_kit
import network_kit
from mariadb_kit import MariadbServer
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.values import Endpoint
from respaldo.domain.verification import Verification
from respaldo.restic.engine import Engine
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks
from respaldo.sources import SOURCES, Source
from respaldo.sources.command import CommandSource
from respaldo.sources.files import FilesSource
from respaldo.sources.mariadb import MariadbSource
from respaldo.sources.postgresql import PostgresqlSource
from respaldo.sources.reach import Reach
from respaldo.sources.sqlite import SqliteSource
from respaldo.sources.tar import TarSource

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

PLACES = ("worker", "host")
REPOSITORIES = ("local", "rest", "sftp", "s3")
DATABASE = "todo"
HOST = "archivo"

State = Any
"""What there is, so that two of them can be compared."""


@dataclass
class Case:
    """One source with its data: how they are changed, and what they are, live and given back."""

    source: Source
    change: Callable[[], None]
    live: Callable[[], State]
    given_back: Callable[[str], State]
    """Of one of the places that a restoration names."""
    endpoint: Endpoint | None = None


@dataclass
class Data:
    """Where a case has its data: a folder as it is seen from here, and its path where they are."""

    folder: Path
    path: str
    host: str | None
    machine: network_kit.Machine | None

    def give(self) -> None:
        if self.machine is not None:
            far_kit.give(self.machine, self.folder)


@pytest.fixture(scope="module")
def machine() -> Iterator[network_kit.Machine]:
    with far_kit.programs_found(), network_kit.machine() as machine:
        yield machine


@pytest.fixture
def data(request: pytest.FixtureRequest, where: str, tmp_path: Path) -> Data:
    if where == "worker":
        folder = tmp_path / "datos"
        folder.mkdir()
        return Data(folder, str(folder), None, None)
    machine = request.getfixturevalue("machine")
    far_kit.empty(machine)
    return Data(machine.data, network_kit.DATA, HOST, machine)


@pytest.fixture
def reach(data: Data, engine: Engine, restic: str) -> Iterator[Callable[[Endpoint | None], Reach]]:
    if data.machine is None:
        yield Reach
        return
    with far_kit.far_reach(data.machine, engine) as far:
        yield lambda endpoint: Reach(endpoint, far.machine)
    assert far_kit.nothing_left(data.machine)


# --- the kinds


def _tree(folder: Path) -> State:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        times = None if path.is_dir() else status.st_mtime_ns // 10**9
        found[str(path.relative_to(folder))] = (oct(status.st_mode), times, content)
    return found


def _make_tree(data: Data) -> Callable[[], None]:
    (data.folder / "actas").mkdir()
    (data.folder / "actas" / "una ñ.txt").write_text("uno\n" * 100)
    (data.folder / "datos.bin").write_bytes(os.urandom(300_000))
    (data.folder / "enlace").symlink_to("datos.bin")
    data.give()

    def change() -> None:
        (data.folder / "actas" / "otra.txt").write_text("dos\n")
        (data.folder / "actas" / "una ñ.txt").write_text("uno y medio\n")
        (data.folder / "enlace").unlink()
        data.give()

    return change


def files(data: Data, _: pytest.FixtureRequest) -> Case:
    source = FilesSource(kind="files", host=data.host, paths=(data.path,))
    change = _make_tree(data)
    return Case(source, change, lambda: _tree(data.folder), lambda where: _tree(Path(f"{where}{data.path}")))


def tar(data: Data, _: pytest.FixtureRequest) -> Case:
    source = TarSource(kind="tar", host=HOST, paths=(data.path,))
    change = _make_tree(data)
    return Case(source, change, lambda: _tree(data.folder), lambda where: _tree(Path(f"{where}{data.path}")))


def command(data: Data, _: pytest.FixtureRequest) -> Case:
    text = data.folder / "configuración"
    text.write_text("hostname uno\nend\n")
    data.give()
    source = CommandSource(
        kind="command",
        host=data.host,
        command=("cat", f"{data.path}/configuración"),
        name="running-config.txt",
        must_end_with="end",
    )
    return Case(
        source,
        lambda: text.write_text("hostname dos\nend\n") and None,
        text.read_text,
        lambda where: Path(where).read_text(),
    )


def sqlite(data: Data, _: pytest.FixtureRequest) -> Case:
    file = data.folder / "padrón.db"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE persona (n INTEGER PRIMARY KEY, nombre TEXT)")
        made.executemany("INSERT INTO persona (nombre) VALUES (?)", [(f"n{n}",) for n in range(500)])
    made.close()
    data.give()

    def change() -> None:
        with sqlite3.connect(file) as changed:
            changed.execute("UPDATE persona SET nombre = 'otra' WHERE n < 10")
        changed.close()
        data.give()

    def dumped(path: str | Path) -> State:
        with sqlite3.connect(path) as asked:
            lines = list(asked.iterdump())
        asked.close()
        return lines

    source = SqliteSource(kind="sqlite", host=data.host, paths=(f"{data.path}/padrón.db",))
    return Case(source, change, lambda: dumped(file), dumped)


def postgresql(data: Data, request: pytest.FixtureRequest) -> Case:
    server = request.getfixturevalue("postgres_server")
    request.getfixturevalue("monkeypatch").setenv("PATH", f"{server.bin}:{os.environ['PATH']}")
    server.run_sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    server.run_sql(f"CREATE DATABASE {DATABASE}")
    server.run_sql("CREATE TABLE libro AS SELECT n, md5(n::text) AS texto FROM generate_series(1, 500) n",
                   DATABASE)  # fmt: skip

    def rows(where: str) -> State:
        with server.connect(server.endpoint(where.rpartition("/")[2])) as connection:
            return connection.execute("SELECT * FROM libro ORDER BY n").fetchall()

    return Case(
        PostgresqlSource(
            kind="postgresql", host=data.host, connection="db", databases=(DATABASE,), globals=False
        ),
        lambda: server.run_sql("UPDATE libro SET texto = 'otro' WHERE n < 10", DATABASE),
        lambda: rows(DATABASE),
        rows,
        server.endpoint(),
    )


def mariadb(data: Data, request: pytest.FixtureRequest) -> Case:
    server: MariadbServer = request.getfixturevalue("mariadb_server")
    server.folder.chmod(0o755)
    server.sql(f"CREATE DATABASE {DATABASE}")
    server.sql("CREATE TABLE libro AS SELECT seq AS n, MD5(seq) AS texto FROM seq_1_to_500", DATABASE)

    def rows(where: str) -> State:
        return server.sql("SELECT * FROM libro ORDER BY n", where.rpartition("/")[2])

    return Case(
        MariadbSource(kind="mariadb", host=data.host, connection="db", databases=(DATABASE,), users=False),
        lambda: server.sql("UPDATE libro SET texto = 'otro' WHERE n < 10", DATABASE) and None,
        lambda: rows(DATABASE),
        rows,
        server.endpoint(),
    )


KINDS: dict[str, Callable[[Data, pytest.FixtureRequest], Case]] = {
    made.__name__: made for made in (files, tar, command, sqlite, postgresql, mariadb)
}
FAR = ("files", "host", "rest")
CASES = [
    # `make test` plays every kind in every place, and one whose repository is a server's.
    pytest.param(*case, marks=[] if case[2] == "local" or case == FAR else pytest.mark.slow)
    for case in product(KINDS, PLACES, REPOSITORIES)
    # What is read over SSH by tar is on no worker.
    if case[:2] != ("tar", "worker")
]


@pytest.mark.parametrize(("kind", "where", "repository"), CASES)
def test_two_copies_of_data_that_changed_give_each_state_back(
    of_kind, marks: Marks, data: Data, reach, request, tmp_path, kind, repository
):
    case = KINDS[kind](data, request)
    there: Repository = of_kind(repository)
    there.create()
    source, states, copies = case.source, [], []
    reached = reach(case.endpoint)
    source.probe(reached)
    for number in range(2):
        if number:
            case.change()
        states.append(case.live())
        (item,) = source.items(reached)
        saved = source.save(item, there, marks, reached, lambda _: None)
        assert saved.warnings == ()
        copies.append(saved.copy)
    assert states[0] != states[1]
    for number, (state, copy) in enumerate(zip(states, copies, strict=True)):
        scratch = tmp_path / f"scratch{number}"
        scratch.mkdir()
        recorded = source.verify(copy, there, Verification(), reached, str(scratch))
        (part,) = source.find(Wanted(), (copy,), there, recorded)
        staging = tmp_path / f"staging{number}"
        delivery = Delivery(destination=Destination(), key=f"{number}123456789abcdef", staging=str(staging))
        shutil.rmtree(scratch)
        scratch.mkdir()
        restored = source.restore(part, there, delivery, reached, str(scratch), lambda _: None)
        (where,) = restored.where
        assert case.given_back(where) == state


def test_no_kind_is_forgotten():
    # A server that Barman keeps is a folder of the worker to restic: test_barman has what is its own.
    assert {one.model_fields["kind"].annotation.__args__[0] for one in SOURCES} - {"barman"} == set(KINDS)
