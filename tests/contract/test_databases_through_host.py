"""Databases that are entered through a machine: real servers, real SSH, nothing of ours on the machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from conftest import PostgresServer
from mariadb_kit import MariadbServer
from respaldo.domain.errors import DatabaseDeniedError, DatabaseUnreachableError, RespaldoError
from respaldo.domain.host_errors import HostUnreachableError, ServerForwardingForbiddenError
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.values import Copy, Endpoint
from respaldo.domain.verification import Verification
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.engine import Engine
from respaldo.sources import Source
from respaldo.sources.mariadb import MariadbSource
from respaldo.sources.postgresql import PostgresqlSource
from respaldo.sources.reach import Machine, Reach
from respaldo.texts import causes
from sshd_kit import SshServer, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

DATABASE = "municipio y más"
PASSWORD = "clave de prueba"
KEY = "0f3a92c14d5e6f70"


@pytest.fixture(scope="module")
def machine_server() -> Iterator[SshServer]:
    with ssh_server() as server:
        yield server


def host_of(server: SshServer) -> Host:
    return Host(
        name="servidor",
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )


@contextlib.contextmanager
def reached(server: SshServer, endpoint: Endpoint, engine: Engine) -> Iterator[Reach]:
    machine = Machine(host_of(server), HostSettings(), engine)
    try:
        yield Reach(endpoint, machine)
    finally:
        machine.close()


@dataclass
class Kind:
    """A database behind the machine: its source, the ways that the machine has to it, what is done to it."""

    source: Source
    ways: dict[str, Endpoint]
    sql: Callable[[str, str], object]
    held: Callable[[], contextlib.AbstractContextManager[object]]
    """Has whoever dumps it wait."""
    asked: str = "SELECT COUNT(*), MIN(palabra), MAX(palabra) FROM libro"


@pytest.fixture(scope="module")
def postgres(postgres_server, machine_server) -> Iterator[PostgresServer]:
    """A server that asks for a password at its port, and for the machine's own user at its socket."""
    folder = Path(tempfile.mkdtemp(prefix="respaldo-pg-", dir="/tmp"))
    # An address of this machine that nobody else uses: the port may be the usual one.
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(256)}.7"
    server = PostgresServer(folder=folder, bin=postgres_server.bin, address=address)
    try:
        server.initialize()
        server.start()
        server.run_sql(f"CREATE ROLE con_clave SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
        server.run_sql(f"CREATE ROLE {machine_server.user} SUPERUSER LOGIN")
        rules = folder / "data" / "pg_hba.conf"
        rules.write_text(
            f"local all {machine_server.user} peer\nlocal all postgres trust\n"
            f"host all con_clave 127.0.0.0/8 scram-sha-256\n"
        )
        server.run_sql("SELECT pg_reload_conf()")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def postgresql_kind(postgres, machine_server, monkeypatch) -> Iterator[Kind]:
    monkeypatch.setenv("PATH", f"{postgres.bin}:{Path('/usr/bin')}:/bin:/usr/sbin")
    postgres.run_sql(f'CREATE DATABASE "{DATABASE}"')
    made = "CREATE TABLE libro AS SELECT n, md5(n::text) AS palabra FROM generate_series(1, 2000) n"
    postgres.run_sql(made, DATABASE)

    def sql(statement: str, database: str) -> object:
        with postgres.connect(postgres.endpoint(database)) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else None

    @contextlib.contextmanager
    def held() -> Iterator[None]:
        with postgres.connect(postgres.endpoint(DATABASE)) as connection, connection.transaction():
            connection.execute("LOCK TABLE libro")
            yield

    secret = SecretStr(PASSWORD)
    ways = {
        "port": Endpoint(name="erp_db", host=postgres.address, user="con_clave", password=secret),
        "socket": Endpoint(name="erp_db", host=str(postgres.sockets)),
    }
    source = PostgresqlSource(kind="postgresql", connection="erp_db", host="servidor", databases=(DATABASE,))
    yield Kind(source, ways, sql, held)
    for (name,) in sql("SELECT datname FROM pg_database WHERE datname LIKE 'municipio%'", "postgres"):
        postgres.run_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def mariadb_kind(mariadb_server: MariadbServer, machine_server) -> Iterator[Kind]:
    Path(mariadb_server.folder).chmod(0o755)
    server = mariadb_server
    server.sql(f"CREATE DATABASE `{DATABASE}`")
    made = "CREATE TABLE libro AS SELECT seq AS n, MD5(seq) AS palabra FROM seq_1_to_2000"
    server.sql(made, DATABASE)
    user = f"'{machine_server.user}'@localhost"
    server.sql(f"CREATE USER {user} IDENTIFIED VIA unix_socket; GRANT ALL ON *.* TO {user} WITH GRANT OPTION")
    server.sql(f"CREATE USER con_clave@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO con_clave@'%'")

    @contextlib.contextmanager
    def held() -> Iterator[None]:
        # For as long as this client is there: nobody else may change or read its table's definition.
        holding = threading.Event()

        def hold() -> None:
            holding.set()
            with contextlib.suppress(AssertionError):
                server.sql("LOCK TABLES libro WRITE; SELECT SLEEP(30)", DATABASE)

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        while "SLEEP" not in server.sql("SHOW FULL PROCESSLIST"):
            time.sleep(0.05)
        try:
            yield
        finally:
            for line in server.sql("SHOW FULL PROCESSLIST").splitlines():
                if "SLEEP" in line:
                    server.sql(f"KILL {line.split()[0]}")
            thread.join()

    secret = SecretStr(PASSWORD)
    ways = {
        # Without a host: the machine itself.
        "port": Endpoint(name="erp_db", port=server.port, user="con_clave", password=secret),
        "socket": Endpoint(name="erp_db", host=server.socket),
    }
    source = MariadbSource(kind="mariadb", connection="erp_db", host="servidor", databases=(DATABASE,))
    yield Kind(source, ways, server.sql, held)
    server.sql(f"DROP USER {user}; DROP USER con_clave@'%'")


@pytest.fixture(params=["postgresql", "mariadb"])
def kind(request) -> Kind:
    return request.getfixturevalue(f"{request.param}_kind")


@pytest.fixture(params=["port", "socket"])
def endpoint(request, kind) -> Endpoint:
    return kind.ways[request.param]


def saved(kind: Kind, reach: Reach, repository, marks) -> dict[str, Copy]:
    return {
        item: kind.source.save(item, repository, marks, reach, lambda _: None).copy
        for item in kind.source.items(reach)
    }


def processes(server: SshServer) -> list[psutil.Process]:
    every = psutil.process_iter(["username", "name"])
    return [one for one in every if one.info["username"] == server.user and one.info["name"] == "sshd"]


def cut(server: SshServer) -> None:
    for one in processes(server):
        one.kill()


def sockets_left() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"respaldo-led-{os.getpid()}-*"))


@pytest.mark.slow
def test_each_copy_comes_back_as_it_was_through_the_machine(
    kind, endpoint, machine_server, engine, repository, marks, scratch
):
    source = kind.source
    with reached(machine_server, endpoint, engine) as reach:
        source.probe(reach)
        [folder] = sockets_left()
        assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {0o700}
        then = kind.sql(kind.asked, DATABASE)
        first = saved(kind, reach, repository, marks)
        kind.sql("DELETE FROM libro WHERE n < 100", DATABASE)
        now = kind.sql(kind.asked, DATABASE)
        second = saved(kind, reach, repository, marks)
        assert then != now
        for number, (copies, expected) in enumerate(((first, then), (second, now))):
            for copy in copies.values():
                source.verify(copy, repository, Verification(), reach, str(scratch))
            parts = source.find(Wanted(databases=(DATABASE,)), tuple(copies.values()), repository, ())
            target = f"municipio {number}"
            for destination in (Destination(kind="database", target=target), Destination()):
                delivery = Delivery(destination=destination, key=f"{number}{KEY[1:]}", staging="/nowhere")
                assert source.touches(parts, delivery, reach) == ()
                made = source.restore(parts[0], repository, delivery, reach, str(scratch), lambda _: None)
                [where] = made.where
                assert where.startswith("erp_db/municipio")
                assert kind.sql(kind.asked, where.removeprefix("erp_db/")) == expected
        over = Delivery(
            destination=Destination(kind="original", overwrite="always"), key=KEY, staging="/nowhere"
        )
        [part] = source.find(Wanted(databases=(DATABASE,)), tuple(first.values()), repository, ())
        source.restore(part, repository, over, reach, str(scratch), lambda _: None)
        assert kind.sql(kind.asked, DATABASE) == then
    assert sockets_left() == []


def test_a_machine_that_is_lost_while_it_carries_a_dump_is_the_cause_and_no_copy_stays(
    kind, endpoint, machine_server, engine, repository, marks
):
    timer = threading.Timer(3, cut, (machine_server,))
    with reached(machine_server, endpoint, engine) as reach:
        item = kind.source.items(reach)[-1]
        with kind.held():
            timer.start()
            with pytest.raises(HostUnreachableError) as error:
                kind.source.save(item, repository, marks, reach, lambda _: None)
        assert (error.value.transient, error.value.facts["host"]) == (True, "servidor")
        # Nor is it anything else for what comes after, until it is entered anew.
        with pytest.raises(HostUnreachableError):
            kind.source.probe(reach)
    assert repository.snapshots() == ()
    assert sockets_left() == []
    with reached(machine_server, endpoint, engine) as reach:
        kind.source.save(item, repository, marks, reach, lambda _: None)
    assert len(repository.snapshots()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "more"),
    [
        ("port", "AllowTcpForwarding no\n"),
        ("port", "PermitOpen none\n"),
        ("socket", "AllowStreamLocalForwarding no\n"),
    ],
)
def test_a_machine_that_lets_nobody_on_is_told_with_what_to_change(kind, way, more, engine):
    with ssh_server(more) as server, reached(server, kind.ways[way], engine) as reach:
        with pytest.raises(ServerForwardingForbiddenError) as error:
            kind.source.probe(reach)
        # The machine is there: that it is forbidden is told the second time too.
        with pytest.raises(ServerForwardingForbiddenError):
            kind.source.probe(reach)
    assert error.value.transient is False
    assert "servidor" in causes.explain(error.value)


def told(error: RespaldoError) -> str:
    assert "respaldo-led" not in str(error)
    return str(error)


@pytest.mark.slow
def test_a_server_that_does_not_answer_the_machine_is_told_by_its_own_name(kind, machine_server, engine):
    for endpoint, name in (
        (Endpoint(name="erp_db", port=1, user="ana"), "localhost"),
        (Endpoint(name="erp_db", host="/nowhere/at-all", user="ana"), "/nowhere/at-all"),
        (Endpoint(name="erp_db", host="no.such.machine.invalid", user="ana"), "no.such.machine.invalid"),
    ):
        with reached(machine_server, endpoint, engine) as reach:
            with pytest.raises(DatabaseUnreachableError) as error:
                kind.source.probe(reach)
            assert name in told(error.value)


@pytest.mark.slow
def test_a_server_that_lets_nobody_in_is_told_by_its_own_name(kind, machine_server, engine):
    wrong = kind.ways["port"].model_copy(update={"password": SecretStr("otra")})
    with reached(machine_server, wrong, engine) as reach:
        with pytest.raises(DatabaseDeniedError) as error:
            kind.source.probe(reach)
        told(error.value)


@pytest.mark.slow
def test_a_machine_that_is_not_there_is_the_cause(kind, engine, machine_server):
    gone = host_of(machine_server).model_copy(update={"port": 1})
    reach = Reach(kind.ways["port"], Machine(gone, HostSettings(), engine))
    with pytest.raises(HostUnreachableError):
        kind.source.probe(reach)


@pytest.mark.slow
def test_servers_of_one_machine_share_its_connection_and_no_socket(
    postgresql_kind, mariadb_kind, machine_server, engine
):
    machine = Machine(host_of(machine_server), HostSettings(), engine)
    try:
        for kind in (postgresql_kind, mariadb_kind):
            for endpoint in kind.ways.values():
                for _ in range(2):
                    kind.source.probe(Reach(endpoint, machine))
        [folder] = sockets_left()
        assert len(list(folder.iterdir())) == 4
    finally:
        machine.close()
