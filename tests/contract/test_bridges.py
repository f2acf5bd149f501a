"""Every kind of repository from a machine over SSH: carried through this worker, to be added to, no more."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import multiprocessing
import os
import re
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from conftest import ensured
from respaldo.domain.errors import (
    RepositoryDeniedError,
    RepositoryError,
    RepositoryMissingError,
    RepositoryUnreachableError,
)
from respaldo.domain.repository_errors import RepositoryUntrustedError
from respaldo.hosts import carrying
from respaldo.hosts.objects import request
from respaldo.hosts.session import Limits, entered
from respaldo.hosts.ssh import Host
from respaldo.hosts.worker import Command
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.engine import Engine
from respaldo.restic.on_host import provide, repository_on
from respaldo.restic.repository import Repository
from rest_kit import PASSWORD, USER, RestServer, make_certificates, rest_server
from s3_kit import BUCKETS, S3Server, s3_server
from sshd_kit import SshServer, nothing_left, ssh_server

pytestmark = [pytest.mark.timeout(240), pytest.mark.one_restic]

KINDS = ("local", "rest", "sftp", "s3")
SERVED = KINDS[1:]
WAYS = ("socket", "tcp")
EVERY = [
    # A folder and a server, by a socket, are enough for `make test`.
    pytest.param(kind, way, marks=[] if way == "socket" and kind in KINDS[:2] else pytest.mark.slow)
    for kind, way in product(KINDS, WAYS)
]


def one_of(kinds: Sequence[str]) -> list:
    """Have `make test` play the first of them only."""
    return [kinds[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in kinds[1:])]


def _opened(server: SshServer) -> None:
    subprocess.run(["chown", server.user, server.files], check=True)


@pytest.fixture(scope="module")
def machine() -> Iterator[SshServer]:
    with ssh_server() as server:
        _opened(server)
        yield server


@pytest.fixture(scope="module")
def ports_only() -> Iterator[SshServer]:
    """A machine whose SSH server leads no sockets."""
    with ssh_server("AllowStreamLocalForwarding no\nAllowTcpForwarding remote\n") as server:
        _opened(server)
        yield server


@pytest.fixture(scope="module")
def sftp() -> Iterator[SshServer]:
    with ssh_server() as server:
        _opened(server)
        yield server


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    """Not append-only: what is refused to the machine is refused by what carries."""
    with rest_server(ensured("restic-rest-server"), tmp_path_factory.mktemp("rest"), tls=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _programs(monkeypatch):
    folder = Path(ensured("restic-rest-server")).parent
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{folder}")


@dataclass(frozen=True)
class Kept:
    """A repository, where its server keeps it, and how that is looked at behind the server's back."""

    repository: Repository
    folder: Path
    look: Callable[[], dict[str, bytes | str]]
    """Gives what is there by its path in the repository."""


@dataclass(frozen=True)
class Kinds:
    """Makes a repository of each kind."""

    request: pytest.FixtureRequest
    engine: Engine
    folder: Path

    def __call__(self, kind: str, name: str = "erp", server=None) -> Kept:
        ask = self.request.getfixturevalue
        match kind:
            case "local":
                kept = self._made(name, str(self.folder / name), Login(), self.folder / name)
            case "rest":
                kept = self.at_rest(server or ask("rest"), f"{self.folder.name}/{name}")
            case "sftp":
                kept = self.at_sftp(server or ask("sftp"), f"{self.folder.name}-{name}")
            case "s3":
                kept = self.in_bucket(ask("s3"), f"{self.folder.name}-{name}")
        kept.repository.create()
        return kept

    def at_rest(self, server: RestServer, name: str, **changes) -> Kept:
        login = Login(user=USER, secret=SecretStr(PASSWORD)).model_copy(update=changes)
        return self._made(name, f"{server.location}/{name}", login, server.data / name, ca=server.ca)

    def at_sftp(self, server: SshServer, name: str, **changes) -> Kept:
        key = SecretStr(server.private_key)
        login = Login(private_key=key, host_key=server.host_key).model_copy(update=changes)
        location = f"sftp://{server.user}@127.0.0.1:{server.port}/{server.files}/{name}"
        return self._made(name, location, login, server.files / name)

    def in_bucket(self, server: S3Server, name: str) -> Kept:
        keys, place = BUCKETS["uno"], server.place("uno")
        login, location = Login(user=keys.key_id, secret=keys.secret), f"{server.location('uno')}/{name}"

        def look() -> dict[str, bytes | str]:
            status, said = request(place, "GET", query={"list-type": "2", "prefix": f"{name}/"})
            assert status == 200
            found = re.findall(r"<Key>[^<]+?/([^<]+)</Key>.*?<ETag>([^<]+)</ETag>", said.decode(), re.DOTALL)
            return dict(found)

        kept = self._made(name, location, login, Path(name), ca=server.ca)
        return replace(kept, look=look)

    def _made(self, name: str, location: str, login: Login, folder: Path, ca: Path | None = None) -> Kept:
        access = Access.to(location, login, name="principal", authority=str(ca) if ca else None)
        place = Place(location, SecretStr(f"clave de {name}"), str(self.folder / "cache"), access=access)
        repository = Repository("principal", "erp", place, self.engine)
        return Kept(repository, folder, lambda: contents(folder))


@pytest.fixture
def of_kind(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Kinds:
    return Kinds(request, engine, tmp_path)


@pytest.fixture
def program(restic) -> Callable[[str], Path | None]:
    return lambda _: Path(restic)


@pytest.fixture
def server(request: pytest.FixtureRequest, way: str) -> SshServer:
    return request.getfixturevalue("machine" if way == "socket" else "ports_only")


@pytest.fixture
def data(machine, ports_only, tmp_path) -> Iterator[Path]:
    """A folder that each machine's user may read."""
    folder = machine.files.with_name(f"data {tmp_path.name}")
    (folder / "deep").mkdir(parents=True)
    (folder / "uno").write_bytes(os.urandom(3_000_000))
    (folder / "deep" / "ñandú\nx").write_text("dos líneas")
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@contextlib.contextmanager
def working(server: SshServer, repository: Repository, program, **more):
    host = Host(
        name="archivo",
        address=server.address,
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )
    with (
        entered(host, limits=Limits()) as session,
        repository_on(session, repository, provide(session, program), **more) as there,
    ):
        yield session, there


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def own_children() -> set[int]:
    """What this process started: the servers of other tests start and end processes as they like."""
    return {child.pid for child in psutil.Process().children()}


def sockets_here() -> list[Path]:
    return list(Path("/tmp").glob(f"respaldo-carried-{os.getpid()}-*"))


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_two_saves_of_a_machine_are_given_back_each_as_it_was(
    of_kind, server, data, program, marks, tmp_path, kind
):
    repository = of_kind(kind).repository
    children = own_children()
    states, saved = [], []
    for change in (None, "dos"):
        if change:
            (data / change).write_bytes(os.urandom(2_000_000))
            (data / "deep" / "ñandú\nx").write_text("otras")
        with working(server, repository, program) as (_, there):
            saved.append(there.save_paths("files", [str(data)], marks))
        states.append(contents(data))
    assert nothing_left(server)
    assert own_children() <= children
    assert sockets_here() == []
    for state, one in zip(states, saved, strict=True):
        assert not one.warnings
        target = tmp_path / one.copy.snapshot_id
        repository.restore(one.copy.snapshot_id, target)
        assert contents(Path(f"{target}{data}")) == state
    # The second found what the first had stored.
    assert repository.check().is_good
    assert repository.listed("locks") == frozenset()


ASK = """
import http.client, socket, sys
where, login, *asked = sys.argv[1:]
for line in asked:
    method, path, body = line.split()
    c = http.client.HTTPConnection('127.0.0.1', timeout=30)
    if where.startswith('/'):
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect(where)
    else:
        c.sock = socket.create_connection(('127.0.0.1', int(where)))
    headers = {'Authorization': login} if login != '-' else {}
    c.request(method, path, body=body.encode() if method == 'POST' else None, headers=headers)
    print(c.getresponse().status)
"""


def asked_there(session, there: Repository, asked: list[str], *, login: bool = True) -> dict[str, int]:
    """Ask from the machine, with all that its user has."""
    location = there.place.entered.location
    said = "-"
    if isinstance(location, SecretStr):
        address = location.get_secret_value().removeprefix("rest:http://")
        where = address.rpartition(":")[2].strip("/")
        said = f"Basic {b64encode(address.rpartition('@')[0].encode()).decode()}" if login else "-"
    else:
        where = location.removeprefix("rest:http+unix://").removesuffix(":/")
    told = session.output("python3", "-c", ASK, where, said, *asked)
    assert told.said == ""
    return dict(zip(asked, map(int, told.output.split()), strict=True))


@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_a_machine_can_neither_alter_nor_remove_what_is_carried_to_it_nor_reach_more(
    of_kind, server, tree, program, marks, kind
):
    kept, other = of_kind(kind), of_kind(kind, "otro")
    snapshot = kept.repository.save_paths("files", [str(tree)], marks).copy.snapshot_id
    before = kept.look(), other.look()
    names = {path.partition("/")[0]: path.rpartition("/")[2] for path in before[0] if "/" in path}
    assert set(names) == {"keys", "data", "index", "snapshots"}
    forged = "0" * 64
    tried = [
        *(f"{method} /{folder}/{name} x" for folder, name in names.items() for method in ("DELETE", "POST")),
        "DELETE /config -", "POST /config x", "DELETE / -", "PUT /config x",
        f"POST /data/{forged} x",
        f"POST /data/../../{other.folder.name}/data/{forged} x",
        "GET /../otro/config -", "GET /%2e%2e/otro/config -", f"GET /../{other.folder.name}/config -",
        f"GET /data/..%2f..%2f{other.folder.name}%2fconfig -", f"GET //{other.folder}/config -",
        f"GET /{other.folder.name}/config -", f"DELETE /locks/../snapshots/{snapshot} -",
        f"DELETE /locks/..%2fsnapshots%2f{snapshot} -",
        # Too many keys shut everybody out.
        "POST /?create=true x", "POST /otro/?create=true x",
        f"POST /keys/{hashlib.sha256(b'x').hexdigest()} x",
    ]  # fmt: skip
    with working(server, kept.repository, program) as (session, there):
        with pytest.raises(RepositoryError):
            there.forget(snapshot)
        answers = asked_there(session, there, tried)
        good = asked_there(session, there, ["GET /config -", f"HEAD /keys/{names['keys']} -"])
    assert {one: status for one, status in answers.items() if status < 300} == {}
    assert set(good.values()) == {200}
    assert (kept.look(), other.look()) == before


@pytest.mark.slow
def test_a_folder_that_is_not_served_in_time_may_be_later(tmp_path, monkeypatch):
    slow = tmp_path / "restic-rest-server"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(carrying, "_START_SECONDS", 0.5)
    with pytest.raises(RepositoryUnreachableError) as error, carrying.served(tmp_path, tmp_path / "socket"):
        pytest.fail("it was served")
    assert error.value.transient
    assert sockets_here() == []


@pytest.mark.slow
@pytest.mark.parametrize("way", ["tcp"])
@pytest.mark.parametrize("kind", one_of(KINDS))
def test_other_users_of_a_machine_do_not_get_in_by_its_port(of_kind, server, program, kind):
    with working(server, of_kind(kind).repository, program) as (session, there):
        asked = ["GET /config -", "GET /snapshots/ -", "POST /data/x x"]
        answers = asked_there(session, there, asked, login=False)
        location = there.place.entered.location.get_secret_value()
        assert location.split(":")[3].split("@")[0] not in f"{there}{there.place}"
    assert set(answers.values()) == {401}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socket"])
def test_a_port_is_taken_first_where_that_is_said(of_kind, server, data, program, marks):
    with working(server, of_kind("local").repository, program, forwarding="tcp") as (_, there):
        assert isinstance(there.place.entered.location, SecretStr)
        assert not there.save_paths("files", [str(data)], marks).warnings


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "way"), EVERY)
def test_nothing_on_a_machine_shows_a_secret(of_kind, server, program, marks, kind):
    repository = of_kind(kind).repository
    look = (
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; "
        f"find /tmp/respaldo.* '{server.files}' -type f ! -name restic -exec cat {{}} + 2>/dev/null; true"
    )
    with working(server, repository, program) as (_, there):
        saved = there.save_output("look", ("sh", "-c", look), "look", marks, environment={})
        location = there.place.entered.location
    received = bytearray()
    repository.stream(saved.copy.snapshot_id, "/look", received.extend)
    assert b"--password-file\0/dev/fd/" in received
    secrets = [
        PASSWORD,
        "c1%40ve",
        "PRIVATE KEY",
        BUCKETS["uno"].secret.get_secret_value(),
        repository.place.password.get_secret_value(),
    ]
    if isinstance(location, SecretStr):
        assert b"--repository-file\0/dev/fd/" in received
        secrets.append(location.get_secret_value().split(":")[3].split("@")[0])
    found = [secret for secret in secrets if secret.encode() in received]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socket"])
@pytest.mark.parametrize("kind", one_of(SERVED))
def test_a_lock_is_held_as_long_as_the_repository_is_carried(of_kind, server, program, tmp_path, kind):
    repository = of_kind(kind).repository
    with (tmp_path / "lock").open("w") as ours, (tmp_path / "lock").open("w") as theirs:
        fcntl.flock(ours, fcntl.LOCK_EX)
        with working(server, repository.holding(ours.fileno()), program):
            ours.close()
            with pytest.raises(BlockingIOError):
                fcntl.flock(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)


def killed_after(seconds: float, find: Callable[[], list[psutil.Process]]) -> threading.Timer:
    def kill() -> None:
        for one in find():
            one.kill()

    timer = threading.Timer(seconds, kill)
    timer.start()
    return timer


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for what does not come again, and for a restic that would remove its lock there."""
    monkeypatch.setattr("respaldo.restic.call.BACKEND_PATIENCE_SECONDS", 3.0)
    monkeypatch.setattr("respaldo.hosts.session.GRACE_SECONDS", 3.0)


def bridges() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "respaldo.hosts.bridging_program" in child.cmdline()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socket"])
@pytest.mark.parametrize("kind", one_of(SERVED))
def test_what_stands_between_is_killed_and_it_is_told_and_nothing_is_left(
    of_kind, server, data, program, marks, monkeypatch, kind
):
    impatient(monkeypatch)
    repository = of_kind(kind).repository
    (data / "grande").write_bytes(os.urandom(12_000_000))
    with working(server, repository, program, upload_kib_per_second=1000) as (_, there):
        killed_after(3, bridges)
        with pytest.raises(RepositoryUnreachableError):
            there.save_paths("files", [str(data)], marks)
    assert nothing_left(server)
    assert sockets_here() == []
    assert bridges() == []
    repository.unlock()
    assert repository.check().is_good


@pytest.mark.slow
@pytest.mark.parametrize("way", ["tcp"])
@pytest.mark.parametrize("kind", one_of(KINDS))
def test_a_worker_that_is_killed_leaves_nothing_there_and_serves_nothing_here(of_kind, server, program, kind):
    repository = of_kind(kind).repository
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def work() -> None:
        with working(server, repository, program) as (session, _):
            theirs.send("carried")
            sleeping = Command(("sh", "-c", "trap '' TERM; sleep 400"))
            session.run(sleeping, on_output=print, on_error=print)

    worker = context.Process(target=work)
    worker.start()
    assert ours.poll(60)
    children = psutil.Process(worker.pid).children(recursive=True)
    assert any("respaldo.hosts.bridging_program" in child.cmdline() for child in children)
    worker.kill()
    worker.join()
    assert nothing_left(server)
    assert not psutil.wait_procs(children, 20)[1]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socket"])
def test_a_rest_server_that_dies_mid_way_is_told_and_leaves_nothing_half(
    of_kind, server, data, program, marks, monkeypatch, tmp_path
):
    impatient(monkeypatch)
    (data / "grande").write_bytes(os.urandom(12_000_000))
    serving = ensured("restic-rest-server")
    with rest_server(serving, tmp_path / "s", tls=True) as rest:
        kept = of_kind("rest", server=rest)
        with working(server, kept.repository, program, upload_kib_per_second=1000) as (_, there):
            killed_after(3, lambda: _listening_at(rest.port))
            with pytest.raises(RepositoryUnreachableError) as error:
                there.save_paths("files", [str(data)], marks)
    assert error.value.transient
    assert nothing_left(server)
    assert sockets_here() == []
    with rest_server(serving, tmp_path / "s", tls=True, port=rest.port):
        with working(server, kept.repository, program) as (_, there):
            assert not there.save_paths("files", [str(data)], marks).warnings
        kept.repository.unlock()
        assert kept.repository.check().is_good


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socket"])
def test_a_store_of_objects_that_dies_mid_way_is_told_and_leaves_nothing_half(
    of_kind, server, data, program, marks, monkeypatch, tmp_path
):
    impatient(monkeypatch)
    (data / "grande").write_bytes(os.urandom(12_000_000))
    with s3_server(tmp_path / "s3", tls=True) as store:
        kept = of_kind.in_bucket(store, tmp_path.name)
        kept.repository.create()
        with working(server, kept.repository, program, upload_kib_per_second=1000) as (_, there):
            killed_after(3, lambda: [psutil.Process(store.pid)])
            with pytest.raises(RepositoryUnreachableError):
                there.save_paths("files", [str(data)], marks)
    assert nothing_left(server)
    assert sockets_here() == []
    with s3_server(tmp_path / "s3", tls=True, ports=store.ports):
        with working(server, kept.repository, program) as (_, there):
            assert not there.save_paths("files", [str(data)], marks).warnings
        kept.repository.unlock()
        assert kept.repository.check().is_good


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socket"])
def test_an_sftp_server_that_dies_mid_way_is_told_and_leaves_nothing_half(
    of_kind, server, data, program, marks, monkeypatch
):
    impatient(monkeypatch)
    (data / "grande").write_bytes(os.urandom(12_000_000))
    with ssh_server() as sftp:
        _opened(sftp)
        kept = of_kind("sftp", server=sftp)
        locked = []

        def sessions() -> list[psutil.Process]:
            # Nobody gets in again.
            subprocess.run(["usermod", "--expiredate", "1", sftp.user], check=True)
            locked.append(time.monotonic())
            return [one for one in psutil.process_iter(["username"]) if one.info["username"] == sftp.user]

        with working(server, kept.repository, program, upload_kib_per_second=1000) as (_, there):
            killed_after(3, sessions)
            with pytest.raises((RepositoryUnreachableError, RepositoryDeniedError)):
                there.save_paths("files", [str(data)], marks)
        assert locked
        assert nothing_left(server)
        assert sockets_here() == []
        subprocess.run(["usermod", "--expiredate", "", sftp.user], check=True)
        for path in kept.folder.rglob("*"):
            if path.is_file() and len(path.name) == 64 and path.parent.name != "keys":
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        with working(server, kept.repository, program) as (_, there):
            assert not there.save_paths("files", [str(data)], marks).warnings
        kept.repository.unlock()
        assert kept.repository.check().is_good


def _listening_at(port: int) -> list[psutil.Process]:
    return [
        child for child in psutil.Process().children(recursive=True) if f"127.0.0.1:{port}" in child.cmdline()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["socket"])
def test_a_server_that_does_not_let_us_in_is_told_before_anything_is_carried(
    of_kind, server, rest, sftp, program, tmp_path
):
    make_certificates(tmp_path)
    stranger = replace(rest, ca=tmp_path / "ca.pem")
    for kept, cause in (
        (of_kind.at_rest(rest, "erp", secret=SecretStr("no es esta")), RepositoryDeniedError),
        (of_kind.at_rest(rest, f"{tmp_path.name}/nada"), RepositoryMissingError),
        (of_kind.at_rest(stranger, "erp"), RepositoryUntrustedError),
        (of_kind.at_sftp(sftp, "erp", host_key=sftp.other_key), RepositoryUntrustedError),
        (of_kind.at_sftp(sftp, "erp", private_key=SecretStr(server_key(tmp_path))), RepositoryDeniedError),
        (of_kind.at_sftp(sftp, f"{tmp_path.name}-nada"), RepositoryMissingError),
    ):
        with pytest.raises(cause) as error, working(server, kept.repository, program):
            pytest.fail("it was carried")
        assert "no es esta" not in str(error.value)
    assert nothing_left(server)
    assert sockets_here() == []


def server_key(folder: Path) -> str:
    """Make a key that nobody knows."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "otra"], check=True)
    return (folder / "otra").read_text()
