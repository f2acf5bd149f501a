"""restic on another machine: a real SSH server, a repository carried to it, and all that can go wrong."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest
from pydantic import SecretStr

from conftest import ensured
from respaldo.domain.errors import RepositoryError, TimedOutError
from respaldo.domain.host_errors import (
    ForwardingForbiddenError,
    HostEngineError,
    HostFailedError,
    HostFullError,
    HostKeyError,
    HostLoginError,
    HostUnreachableError,
)
from respaldo.hosts import carrying
from respaldo.hosts import session as sessions
from respaldo.hosts.carrying import served
from respaldo.hosts.limits import Limits
from respaldo.hosts.session import entered
from respaldo.hosts.socket_folder import socket_folder
from respaldo.hosts.ssh import Host
from respaldo.hosts.worker import Command
from respaldo.restic.on_host import KEPT, provide, repository_on
from respaldo.texts import causes
from sshd_kit import SshServer, folders, nothing_left, processes, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

CLOSED = "AllowStreamLocalForwarding no\nAllowTcpForwarding local\n"


@pytest.fixture(scope="module")
def server():
    with ssh_server() as server:
        server.files.chmod(0o755)
        subprocess.run(["chown", server.user, server.files], check=True)
        yield server


def entry(server: SshServer) -> Host:
    return Host(
        name="archivo",
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )


@pytest.fixture
def host(server) -> Host:
    return entry(server)


@pytest.fixture(autouse=True)
def _programs(monkeypatch):
    folder = Path(ensured("restic-rest-server")).parent
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{folder}")


@pytest.fixture
def program(restic) -> Callable[[str], Path | None]:
    return lambda _: Path(restic)


@pytest.fixture
def data(server):
    folder = server.files / "datos"
    folder.mkdir()
    (folder / "uno").write_bytes(os.urandom(300_000))
    (folder / "ñandú\nx").write_text("dos líneas")
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@contextlib.contextmanager
def working(host: Host, repository, program, **more):
    with (
        entered(host, limits=Limits()) as session,
        repository_on(session, repository, provide(session, program), **more) as there,
    ):
        yield session, there


def test_what_is_there_is_saved_here_and_nothing_is_left_there(
    server, host, data, repository, program, marks
):
    before = sorted(server.files.iterdir())
    with working(host, repository, program) as (_, there):
        saved = there.save_paths("files", [str(data)], marks)
        assert [path.stat().st_mode & 0o777 for path in folders(server)] == [0o700]
    assert nothing_left(server)
    assert sorted(server.files.iterdir()) == before
    assert not saved.warnings
    for path in data.iterdir():
        received = bytearray()
        repository.stream(saved.copy.snapshot_id, str(path), received.extend)
        assert received == path.read_bytes()
    again = repository.snapshots(marks.for_item("files"))
    assert [one.id for one in again] == [saved.copy.snapshot_id]


def test_no_list_environment_or_file_there_shows_a_secret(server, host, repository, program, marks):
    password = repository.place.password.get_secret_value()
    look = (
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; "
        f"find /tmp/respaldo.* '{server.files}' -type f ! -name restic -exec cat {{}} + 2>/dev/null; true"
    )
    with working(host, repository, program) as (_, there):
        saved = there.save_output("look", ("sh", "-c", look), "look", marks, environment={})
    received = bytearray()
    repository.stream(saved.copy.snapshot_id, "/look", received.extend)
    assert b"--password-file\0/dev/fd/0" in received
    # The word is looked for as what it stands for: other programs have it in their own lines.
    assert f"{password}\n".encode() not in received.replace(b"\0", b"\n")


def test_a_machine_can_only_add_to_what_is_carried_to_it(
    server, host, filled, saved, program, make_repository
):
    other = make_repository("otro")
    other.create()
    ask = (
        "import http.client,socket,sys\n"
        "for method, path in (l.split() for l in sys.argv[2:]):\n"
        "  c=http.client.HTTPConnection('x'); c.sock=socket.socket(socket.AF_UNIX)\n"
        "  c.sock.connect(sys.argv[1])\n"
        "  c.request(method, path, body=b'x' if method=='POST' else None); print(c.getresponse().status)\n"
    )
    snapshot = saved.copy.snapshot_id
    key = next(Path(filled.place.location, "keys").iterdir()).name
    tried = [
        f"DELETE /snapshots/{snapshot}", f"POST /snapshots/{snapshot}",
        f"DELETE /keys/{key}", f"POST /keys/{key}",
        "DELETE /config", "POST /config", "DELETE /", "GET /../otro/config", "GET /%2e%2e/otro/config",
    ]  # fmt: skip
    before = {path: path.read_bytes() for path in Path(filled.place.location).rglob("*") if path.is_file()}
    with working(host, filled, program) as (session, there):
        with pytest.raises(RepositoryError):
            there.forget(snapshot)
        path = there.place.location.removeprefix("rest:http+unix://").removesuffix(":/")
        told = session.output("python3", "-c", ask, path, *tried)
    assert told.said == ""
    answers = dict(zip(tried, map(int, told.output.split()), strict=True))
    assert {asked: status for asked, status in answers.items() if status < 300} == {}
    after = {path: path.read_bytes() for path in Path(filled.place.location).rglob("*") if path.is_file()}
    assert after == before


def test_a_lock_is_held_as_long_as_the_repository_is_served(host, repository, program, tmp_path):
    with (tmp_path / "lock").open("w") as ours, (tmp_path / "lock").open("w") as theirs:
        fcntl.flock(ours, fcntl.LOCK_EX)
        with working(host, repository.holding(ours.fileno()), program):
            ours.close()
            with pytest.raises(BlockingIOError):
                fcntl.flock(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_is_stopped_or_takes_too_long_dies_there_with_all_that_it_started(server, host):
    command = Command(("sh", "-c", "sleep 300 & echo began; exec sleep 301"))
    heard = []
    with entered(host) as session:
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            session.run(command, on_output=heard.append, on_error=heard.append, timeout_seconds=1)
        code = session.run(command, on_output=heard.append, on_error=heard.append, should_stop=lambda: True)
        assert code == 128 + signal.SIGTERM
        assert time.monotonic() - began < 60
        assert not [line for line in processes(server) if "30" in line and "keeper" not in line]
        assert heard[0] == b"began\n"
    assert nothing_left(server)


def test_a_command_there_is_run_as_it_would_be_here(host):
    said = []
    odd = ("printf", "%s|", "a b", "$(id)", "'", '"', "ñ\n", "*")
    with entered(host, limits=Limits(nice=7)) as session:
        assert session.run(Command(odd, {"A": "b c"}), on_output=said.append, on_error=said.append) == 0
        assert b"".join(said).decode() == "a b|$(id)|'|\"|ñ\n|*|"
        reads = Command(("sh", "-c", 'cat; echo "$A"; nice; ionice; echo no >&2; exit 9'), {"A": "b c"})
        lines, errors = [], []
        code = session.run(reads, on_output=lines.append, on_error=errors.append, stdin=SecretStr("clave"))
        assert (code, errors) == (9, [b"no\n"])
        assert lines == [b"clave\n", b"b c\n", f"{min(19, os.nice(0) + 7)}\n".encode(), b"idle\n"]


WORKER = """
import os, sys, time
from pathlib import Path
from pydantic import SecretStr
from respaldo.hosts.carrying import carried
from respaldo.hosts.session import entered
from respaldo.hosts.socket_folder import socket_folder
from respaldo.hosts.ssh import Host
from respaldo.hosts.worker import Command
host = Host.model_validate_json(sys.argv[1]).model_copy(update={"password": SecretStr(sys.argv[2])})
with entered(host) as session, carried(session, Path(sys.argv[3])) as there:
    session.run(Command(("sh", "-c", "trap '' TERM; echo; sleep 400 & while :; do sleep 1; done")),
                on_output=lambda _: print(os.getpid(), flush=True), on_error=print)
"""


def test_a_worker_that_is_killed_leaves_nothing_there_and_serves_nothing_here(server, host, repository):
    argv = [sys.executable, "-c", WORKER, host.model_dump_json(), server.password, repository.place.location]
    worker = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert worker.stdout.readline().strip() == str(worker.pid).encode()
    assert len(folders(server)) == 1
    children = psutil.Process(worker.pid).children(recursive=True)
    assert [child for child in children if "rest-server" in child.name()]
    worker.kill()
    worker.wait()
    assert nothing_left(server)
    assert not psutil.wait_procs(children, 10)[1]
    # The folder of its socket here goes with the next.
    with entered(host) as session:
        assert session.folder
    old = list(Path("/tmp").glob(f"respaldo-carried-{worker.pid}-*"))
    with (
        socket_folder(carrying._PREFIX) as folder,
        served(Path(repository.place.location), folder / "socket"),
    ):
        assert not [path for path in old if path.exists()]


def test_a_connection_that_is_lost_is_told_and_leaves_nothing_there(server, host, repository, program):
    def cut() -> None:
        for one in psutil.process_iter(["username", "name"]):
            if one.info["username"] == server.user and one.info["name"] == "sshd":
                one.kill()

    timer = threading.Timer(1, cut)
    with entered(host) as session:
        timer.start()
        with pytest.raises(HostUnreachableError) as error:
            session.run(Command(("sleep", "300")), on_output=print, on_error=print)
    assert (error.value.transient, error.value.facts["host"]) == (True, "archivo")
    assert "archivo" in causes.explain(error.value)
    assert nothing_left(server)


def test_a_lost_connection_is_not_told_as_a_machine_that_forbids_forwarding(server, host, tmp_path):
    def of_user() -> list[psutil.Process]:
        return [
            one
            for one in psutil.process_iter(["username", "name"])
            if one.info["username"] == server.user and one.info["name"].startswith("sshd")
        ]

    with entered(host) as session:
        found = of_user()
        for one in found:
            one.suspend()
        timer = threading.Timer(1, lambda: [one.kill() for one in found])
        timer.start()
        with pytest.raises(HostUnreachableError) as error:
            session.forward(f"{session.folder}/x.sock", tmp_path / "x.sock")
    assert error.value.transient
    assert nothing_left(server)


@pytest.mark.parametrize("is_there", [True, False], ids=["refused", "unheard"])
def test_what_takes_too_long_is_told_so_when_the_machine_will_not_end_it(is_there, monkeypatch):
    # Room for the keeper and the command: nothing more is begun there.
    with ssh_server("MaxSessions 2\n") as server:
        with entered(entry(server)) as session:
            if not is_there:
                lost = HostUnreachableError(host="archivo", reason="host_slow")
                monkeypatch.setattr(session, "ask", Mock(side_effect=lost))
            began = time.monotonic()
            with pytest.raises(TimedOutError):
                session.run(Command(("sleep", "300")), on_output=print, on_error=print, timeout_seconds=1)
            assert time.monotonic() - began < 20
        assert nothing_left(server)


def test_a_machine_that_hears_nothing_of_us_any_more_ends_what_runs_there(server, host, monkeypatch):
    monkeypatch.setattr(sessions, "SILENT_SECONDS", 2)
    monkeypatch.setattr(sessions, "BEAT_SECONDS", 1000.0)
    began = time.monotonic()
    with entered(host) as session:
        # Whether it is heard first that this ended, or that the keeper did.
        with contextlib.suppress(HostUnreachableError):
            session.run(Command(("sleep", "300")), on_output=print, on_error=print)
        assert time.monotonic() - began < 60
        while Path(session.folder).exists():
            assert time.monotonic() - began < 60
            time.sleep(0.1)
    assert nothing_left(server)


def test_a_folder_that_an_earlier_run_left_goes_and_one_in_use_stays(server, host):
    left = Path("/tmp/respaldo.0123456789")
    left.mkdir(mode=0o700)
    (left / "keeper").write_text("999999\n")
    (left / "repository.sock").touch()
    subprocess.run(["chown", "-R", server.user, left], check=True)
    with entered(host) as first:
        assert not left.exists()
        with entered(host) as second:
            assert Path(first.folder).exists()
            assert first.folder != second.folder
    assert nothing_left(server)


def test_a_machine_that_forbids_forwarding_is_told_with_what_to_change(repository, program):
    with ssh_server(CLOSED) as closed, entered(entry(closed)) as session:
        with (
            pytest.raises(ForwardingForbiddenError) as error,
            repository_on(session, repository, repository.engine),
        ):
            pytest.fail("it was carried")
        assert "AllowStreamLocalForwarding" in causes.corrective(error.value)


def test_a_machine_that_does_not_let_us_in_is_told(server, host):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        nobody = int(listening.getsockname()[1])
    for changes, cause in (
        ({"host_key": server.other_key}, HostKeyError),
        ({"password": SecretStr("no es esta")}, HostLoginError),
        ({"port": nobody}, HostUnreachableError),
    ):
        with pytest.raises(cause) as error, entered(host.model_copy(update=changes)):
            pytest.fail("it was entered")
        assert error.value.facts["host"] == "archivo"
        assert "no es esta" not in str(error.value) + causes.explain(error.value)


def test_a_machine_whose_shell_does_nothing_is_told(host):
    with ssh_server("ForceCommand /bin/false\n") as closed:
        with pytest.raises(HostFailedError) as error, entered(entry(closed)):
            pytest.fail("it was entered")
        assert "archivo" in causes.explain(error.value)


@pytest.mark.parametrize("greeting", ["Bienvenido", ""], ids=["words", "blank"])
def test_a_machine_whose_shell_greets_is_told_with_its_words(greeting):
    greets = f"ForceCommand echo '{greeting}'; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"\n"
    with ssh_server(greets) as greeter:
        with pytest.raises(HostFailedError) as error, entered(entry(greeter)):
            pytest.fail("it was entered")
        assert f"'{greeting}" in str(error.value)
        assert nothing_left(greeter)


@pytest.mark.parametrize("base", ["nada", "ajena"], ids=["missing", "not_ours"])
def test_a_folder_that_cannot_be_worked_in_is_not_told_as_full(server, host, base):
    (server.files / "ajena").mkdir(mode=0o755, exist_ok=True)
    with pytest.raises(HostFailedError) as error, entered(host, base=str(server.files / base)):
        pytest.fail("it was entered")
    assert str(server.files / base) in str(error.value)


def test_what_runs_goes_on_while_the_machine_has_no_room_for_a_sign_of_life(server, host, monkeypatch):
    monkeypatch.setattr(sessions, "SILENT_SECONDS", 1)
    monkeypatch.setattr(sessions, "BEAT_SECONDS", 0.3)
    small = server.files / "lleno"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=1777", "tmpfs", small], check=True)
    fill = 'until : >"$1"; cat /dev/zero >>"$2"; sleep 1; [ ! -s "$1" ]; do :; done; sleep 4'
    try:
        with entered(host, base=str(small)) as session:
            beat = Path(session.folder, "beat")
            filling = Command(("sh", "-c", fill, "fill", str(beat), f"{small}/todo"))
            assert session.run(filling, on_output=print, on_error=print) == 0
            assert beat.read_bytes() == b""
    finally:
        subprocess.run(["umount", small], check=True)
        small.rmdir()
    assert nothing_left(server)


def test_what_nobody_keeps_there_any_more_is_ended(server, host, monkeypatch):
    # So long, what the keeper waits with outlives it.
    monkeypatch.setattr(sessions, "SILENT_SECONDS", 20)
    with entered(host) as session:
        kill = f"sleep 1; kill -KILL $(cat {session.folder}/keeper); exec sleep 300"
        began = time.monotonic()
        with pytest.raises(HostUnreachableError) as error:
            session.run(Command(("sh", "-c", kill)), on_output=print, on_error=print)
        assert (error.value.transient, error.value.facts["said"]) == (True, "keeper")
        assert time.monotonic() - began < 40
        folder = Path(session.folder)
    assert "sleep 300" not in processes(server)
    with entered(host):
        assert not folder.exists()
    assert nothing_left(server)


class Measured:
    """Hears slowly, and looks how much memory that takes."""

    def __init__(self) -> None:
        self.bytes = self.longest = 0
        self._first = self.most = psutil.Process().memory_info().rss

    def __call__(self, piece: bytes) -> None:
        self.bytes += len(piece)
        self.longest = max(self.longest, len(piece))
        if self.bytes % 101 == 0:
            time.sleep(0.001)
        self.most = max(self.most, psutil.Process().memory_info().rss)

    @property
    def grown(self) -> int:
        return self.most - self._first


@pytest.mark.parametrize("by_line", [True, False], ids=["endless line", "blocks"])
def test_a_machine_that_writes_without_end_does_not_fill_this_workers_memory(host, by_line):
    size = 300_000_000
    with entered(host, limits=Limits()) as session:
        heard = Measured()
        command = Command(("head", "-c", str(size), "/dev/zero"))
        assert session.run(command, on_output=heard, on_error=print, by_line=by_line) == 0
        assert heard.bytes == size
        assert heard.longest < 2 << 20
        assert heard.grown < 100_000_000


def test_what_writes_without_end_and_is_not_heard_can_be_ended(server, host):
    def hear(_: bytes) -> None:
        raise ValueError("enough")

    with entered(host) as session:
        began = time.monotonic()
        with pytest.raises(ValueError, match="enough"):
            session.run(Command(("yes",)), on_output=hear, on_error=print)
        assert time.monotonic() - began < 20
        assert "yes" not in processes(server)


def test_a_short_command_that_says_too_much_has_failed(host):
    with entered(host) as session, pytest.raises(HostFailedError):
        session.output("head", "-c", "40000000", "/dev/zero")


def test_what_is_asked_as_the_connections_thread_ends_is_told(host):
    with entered(host) as session:
        alive = session._thread
    assert not alive.is_alive()
    for is_alive in (False, True):
        # Seen as alive, its loop is closed all the same.
        session._thread = Mock(is_alive=Mock(side_effect=[is_alive, False, False]))
        with pytest.raises(HostUnreachableError):
            session.output("true")


def test_what_was_handed_to_a_thread_that_ends_is_given_up(host, monkeypatch):
    with entered(host) as session:
        pass
    never = concurrent.futures.Future()
    monkeypatch.setattr(session, "_start", lambda _: never)
    for ask in (
        lambda: session.output("true"),
        lambda: session.run(Command(("true",)), on_output=print, on_error=print),
    ):
        with pytest.raises(HostUnreachableError):
            ask()
        never = concurrent.futures.Future()


def test_a_thread_that_fails_at_once_is_told(host, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with pytest.raises(ImportError), entered(host):
        pytest.fail("it was entered")


def test_a_machine_without_restic_gets_one_that_may_stay(server, host, program):
    kept = server.files / KEPT / "restic"
    with entered(host) as session:
        engine = provide(session, program, keep=True)
        assert (engine.binary, kept.stat().st_mode & 0o777) == (str(kept), 0o700)
        inode = kept.stat().st_ino
        assert provide(session, program, keep=True) == engine
        assert kept.stat().st_ino == inode
        # Not the one that was brought: it is brought again.
        with kept.open("ab") as file:
            file.write(b"x")
        assert provide(session, program, keep=True) == engine
        assert kept.stat().st_ino != inode
        assert provide(session, program, keep=False).binary == f"{session.folder}/restic"
    assert not kept.parent.exists()
    assert nothing_left(server)


@pytest.mark.parametrize(
    "content",
    ['#!/bin/sh\necho \'{"version": "0.16.4"}\'\n', "#!/no/hay\n", None],
    ids=["old", "none", "arch"],
)
def test_a_restic_that_will_not_do_there_is_told(host, tmp_path, content):
    unfit = tmp_path / "unfit"
    unfit.write_text(content or "")
    with entered(host) as session, pytest.raises(HostEngineError) as error:
        provide(session, lambda _: unfit if content else None)
    assert "0.18.0" in causes.corrective(error.value)


def test_a_machine_without_room_is_told_and_nothing_is_left_there(server, host, program):
    small = server.files / "poco"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=1777", "tmpfs", small], check=True)
    try:
        with entered(host, base=str(small)) as session:
            with pytest.raises(HostFullError) as error:
                provide(session, program)
            assert error.value.facts["folder"] == session.folder
        assert list(small.iterdir()) == []
        (small / "todo").write_bytes(bytes(2 << 20))
        with pytest.raises(HostFullError), entered(host, base=str(small)):
            pytest.fail("it was entered")
    finally:
        subprocess.run(["umount", small], check=True)
        small.rmdir()
    assert nothing_left(server)


def test_restic_sends_no_faster_than_it_may_and_tells_how_far_it_is(
    server, host, data, repository, program, marks
):
    (data / "grande").write_bytes(os.urandom(2_000_000))
    with working(host, repository, program, upload_kib_per_second=500) as (_, there):
        seen = []
        began = time.monotonic()
        there.save_paths("files", [str(data)], marks, on_progress=seen.append)
        assert time.monotonic() - began > 3
        assert seen[-1].bytes_total > 2_000_000
