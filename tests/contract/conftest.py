"""A real restic and its repositories, for what every source and every repository must do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

import mariadb_kit
from conftest import ensured
from kinds_kit import Kinds
from mariadb_kit import MariadbServer
from respaldo.domain.values import Run
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.engine import Engine, find_engine
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from rest_kit import RestServer, rest_server
from s3_kit import BUCKETS, S3Server, s3_server
from sshd_kit import SshServer, ssh_server

RUN = Run(dag_id="backup__erp", run_id="scheduled__2026-03-01", scope_id="erp")
MARKS = Marks(host="test-host", tags=RUN.tags)

MakeRepository = Callable[..., Repository]


@dataclass(frozen=True)
class Template:
    """Repositories as they are when new and after one save: making each anew would cost a second."""

    new: Path
    filled: Path
    saved: Saved


@pytest.fixture
def engine(restic: None) -> Engine:
    return find_engine()


@pytest.fixture
def make_repository(engine: Engine, tmp_path: Path) -> MakeRepository:
    """Describe a repository below the test's folder, which is not made by that."""

    def make(name: str = "principal", *, location: str | None = None, password: str = "clave") -> Repository:  # noqa: S107
        place = Place(location or str(tmp_path / name), SecretStr(password), str(tmp_path / "cache"))
        return Repository(name=name, scope_id="erp", place=place, engine=engine)

    return make


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few files that no test changes."""
    folder = tmp_path_factory.mktemp("tree")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a").write_bytes(os.urandom(200_000))
    (folder / "deep" / "er" / "ñandú\nx").write_text("two lines")
    (folder / "empty").touch()
    (folder / "link").symlink_to("a")
    os.link(folder / "a", folder / "twin")
    return folder


@pytest.fixture(scope="session")
def templates() -> dict[str, Template]:
    """One template for each version of restic."""
    return {}


@pytest.fixture
def template(
    engine: Engine,
    templates: dict[str, Template],
    make_repository: MakeRepository,
    tree: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Template:
    if engine.version not in templates:
        folder = tmp_path_factory.mktemp("template")
        repository = make_repository(location=str(folder / "filled"))
        repository.create()
        shutil.copytree(folder / "filled", folder / "new")
        saved = repository.save_paths("files", [str(tree)], MARKS)
        templates[engine.version] = Template(folder / "new", folder / "filled", saved)
    return templates[engine.version]


@pytest.fixture
def repository(template: Template, make_repository: MakeRepository) -> Repository:
    """A repository without a snapshot."""
    repository = make_repository()
    shutil.copytree(template.new, repository.place.location)
    return repository


@pytest.fixture
def filled(template: Template, make_repository: MakeRepository) -> Repository:
    """A repository in which the tree was saved once."""
    repository = make_repository()
    shutil.copytree(template.filled, repository.place.location)
    return repository


@pytest.fixture
def saved(template: Template) -> Saved:
    """What the one save of the filled repository gave."""
    return template.saved


@pytest.fixture
def marks() -> Marks:
    return MARKS


@pytest.fixture(scope="session")
def running_mariadb() -> Iterator[MariadbServer]:
    with mariadb_kit.running() as server:
        yield server


@pytest.fixture
def mariadb_server(running_mariadb: MariadbServer) -> Iterator[MariadbServer]:
    """The one server of all tests, without databases: those that a test makes go again."""
    before = running_mariadb.databases()
    yield running_mariadb
    for name in running_mariadb.databases() - before:
        running_mariadb.sql(f"DROP DATABASE `{name.replace('`', '``')}`")


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3"), tls=True) as server:
        yield server


@pytest.fixture
def in_bucket(s3: S3Server, engine: Engine, tmp_path: Path) -> MakeRepository:
    """Describe a repository of this test's own in a bucket, which is not made by that."""

    def make(
        bucket: str = "uno",
        name: str = "principal",
        *,
        login: Login | None = None,
        append_only: bool = False,
        server: S3Server = s3,
        options: dict[str, str] | None = None,
    ) -> Repository:
        location = f"{server.location(bucket)}/{tmp_path.name}-{name}"
        keys = BUCKETS.get(bucket, BUCKETS["uno"])
        access = Access.to(
            location,
            login or Login(user=keys.key_id, secret=keys.secret),
            name=name,
            options=options,
            authority=str(server.ca) if server.ca else None,
        )
        place = Place(location, SecretStr(f"clave de {name}"), str(tmp_path / "cache"), access=access)
        return Repository(name, "erp", place, engine, append_only=append_only)

    return make


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    folder = tmp_path_factory.mktemp("rest")
    with rest_server(ensured("restic-rest-server"), folder, tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def append_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    folder = tmp_path_factory.mktemp("append-only")
    with rest_server(ensured("restic-rest-server"), folder, "--append-only", tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def sshd() -> Iterator[SshServer]:
    with ssh_server() as server:
        # Who saves over SFTP needs a folder of its own.
        subprocess.run(["chown", server.user, server.files], check=True)
        yield server


@pytest.fixture
def of_kind(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Kinds:
    return Kinds(request, engine, tmp_path)
