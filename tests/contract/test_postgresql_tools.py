"""The version of PostgreSQL's programs that does for a server is chosen, and no other: two real ones."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import PostgresServer
from respaldo.domain.database_errors import ToolUnfitError
from respaldo.domain.errors import ToolMissingError
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.verification import Verification
from respaldo.sources.postgresql import PostgresqlSource, tools
from respaldo.sources.postgresql.dump_input import read_contents
from respaldo.sources.reach import Reach
from respaldo.texts import causes

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]

OLD = Path("/usr/lib/postgresql/15/bin")
SOURCE = PostgresqlSource(kind="postgresql", connection="test", databases=("erp",))
STAGING = Delivery(destination=Destination(), key="0f3a92c14d5e6f70", staging="/nowhere")

Installed = Callable[..., None]


@pytest.fixture(scope="module")
def old_server() -> Iterator[PostgresServer]:
    if not (OLD / "postgres").exists():
        pytest.skip("no PostgreSQL 15")
    folder = Path(tempfile.mkdtemp(prefix="respaldo-pg-", dir="/tmp"))
    server = PostgresServer(folder=folder, bin=OLD)
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(params=["old", "new"])
def server(request) -> Iterator[PostgresServer]:
    """One of a version that is older than the other."""
    name = {"old": "old_server", "new": "postgres_server"}[request.param]
    server = request.getfixturevalue(name)
    server.run_sql("CREATE DATABASE erp")
    server.run_sql("CREATE TABLE libro AS SELECT n FROM generate_series(1, 100) n", "erp")
    yield server
    with server.connect(server.endpoint()) as connection:
        made = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'erp%'").fetchall()
    for (name,) in made:
        server.run_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def installed(tmp_path, monkeypatch, postgres_server, old_server) -> Installed:
    """Have this worker one version on PATH, and others in folders of their own."""
    folders = {15: OLD, 18: postgres_server.bin}

    def install(on_path: int, *others: int) -> None:
        for version in (on_path, *others):
            programs = tmp_path / str(version) / "bin"
            programs.mkdir(parents=True, exist_ok=True)
            for name in ("pg_dump", "pg_dumpall", "pg_restore"):
                program = programs / name
                program.write_text(f'#!/bin/sh\nexec {folders[version] / name} "$@"\n')
                program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / str(on_path) / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setattr(tools, "_FOLDERS", (f"{tmp_path}/*/bin",))

    return install


def saved(server: PostgresServer, repository, marks, scratch):
    reach = Reach(server.endpoint())
    SOURCE.probe(reach)
    copies = [
        SOURCE.save(item, repository, marks, reach, lambda _: None).copy for item in SOURCE.items(reach)
    ]
    for copy in copies:
        SOURCE.verify(copy, repository, Verification(), reach, str(scratch))
    [dump] = [copy for copy in copies if copy.item == "erp.dump"]
    [part] = SOURCE.find(Wanted(databases=("erp",)), copies, repository, ())
    return part, read_contents("erp.dump", dump.snapshot_id, repository, str(scratch)).written_by


@pytest.mark.parametrize("on_path", [15, 18])
def test_of_several_versions_the_servers_own_is_used_and_its_dump_goes_back(
    server, installed, on_path, repository, marks, scratch
):
    installed(on_path, 15, 18)
    part, written_by = saved(server, repository, marks, scratch)
    with server.connect(server.endpoint()) as connection:
        assert written_by == connection.info.server_version // 10_000
    restored = SOURCE.restore(
        part, repository, STAGING, Reach(server.endpoint()), str(scratch), lambda _: None
    )
    assert restored.where == ("test/erp_restore_0f3a92c1",)


@pytest.mark.parametrize("server", ["new"], indirect=True)
def test_tools_that_are_older_than_the_server_are_refused_with_the_package_that_will_do(server, installed):
    installed(15)
    with pytest.raises(ToolUnfitError) as error:
        SOURCE.probe(Reach(server.endpoint()))
    assert error.value.facts["needed"] == "postgresql-client-18"
    told = causes.explain(error.value)
    assert "PostgreSQL 18" in told
    assert "pg_dump (PostgreSQL) 15" in told


@pytest.mark.parametrize("server", ["old"], indirect=True)
def test_a_newer_tool_alone_makes_a_copy_that_an_older_server_would_not_take_and_that_is_told(
    server, installed, repository, marks, scratch
):
    installed(18)
    part, written_by = saved(server, repository, marks, scratch)
    assert written_by == 18
    with pytest.raises(ToolUnfitError) as error:
        SOURCE.restore(part, repository, STAGING, Reach(server.endpoint()), str(scratch), lambda _: None)
    assert error.value.facts["needed"] == "PostgreSQL 18"
    with server.connect(server.endpoint()) as connection:
        asked = "SELECT count(*) FROM pg_database WHERE datname LIKE 'erp_%'"
        assert connection.execute(asked).fetchone() == (0,)


@pytest.mark.parametrize("server", ["old"], indirect=True)
def test_a_dump_of_a_newer_tool_is_read_by_one_and_the_older_one_is_not_tried(
    server, installed, repository, marks, scratch
):
    installed(18)
    part, _ = saved(server, repository, marks, scratch)
    installed(15, 18)
    with pytest.raises(ToolUnfitError) as error:
        SOURCE.restore(part, repository, STAGING, Reach(server.endpoint()), str(scratch), lambda _: None)
    assert error.value.facts["version"].startswith("pg_restore (PostgreSQL) 18")


def test_a_program_on_path_that_does_not_say_its_version_is_taken(postgres_server, tmp_path, monkeypatch):
    spy = tmp_path / "pg_dump"
    spy.write_text("#!/bin/sh\necho something 3.5\n")
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert tools.fit_for(tools.PostgresServer(postgres_server.endpoint()), "pg_dump") == str(spy)


def test_a_program_that_is_on_path_nowhere_is_missing(postgres_server, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError):
        tools.fit_for(tools.PostgresServer(postgres_server.endpoint()), "pg_dump")
