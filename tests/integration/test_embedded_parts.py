"""The parts of an embedded installation, each by itself: the server, the folders, the secrets, the port."""

import configparser
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psutil
import pytest

from respaldo.embedded import airflow_cfg, environment, ports, preparation
from respaldo.embedded.databases import ensure
from respaldo.embedded.errors import EmbeddedError, SocketFolderError
from respaldo.embedded.layout import Layout, make_own
from respaldo.embedded.postgres import programs
from respaldo.embedded.settings import Settings
from respaldo.embedded.starting import server_at
from respaldo.preparing import secret_files
from respaldo.preparing.airflow_database import Written
from respaldo.texts import embedded as texts

LONGEST_SOCKET_BYTES = 107


@pytest.fixture
def layout():
    """Give an installation's folders, in one that other users can pass through."""
    project = Path(tempfile.mkdtemp(prefix="respaldo-parts-", dir="/tmp"))
    project.chmod(0o755)
    layout = Layout.of(project, {})
    layout.make_folders()
    yield layout
    shutil.rmtree(project)
    shutil.rmtree(layout.sockets, ignore_errors=True)


@pytest.fixture
def server(layout):
    server = server_at(layout)
    server.prepare()
    return server


@pytest.fixture
def serve(server, layout):
    """Give a function that starts the server and waits until it answers."""
    started = []

    def start() -> subprocess.Popen:
        process = subprocess.Popen(server.argv, stderr=subprocess.DEVNULL)
        started.append(process)
        server.wait_until_ready(lambda: process.poll() is None, layout.logs / "none")
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def test_the_server_keeps_what_was_committed_when_it_is_killed(server, serve):
    process = serve()
    ensure(server)
    with server.connect("respaldo") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    others = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    # Before the last of its processes is gone no other server may begin.
    psutil.wait_procs(others, timeout=60)
    # Its number now belongs to another process that runs: ourselves.
    lock = server.data / "postmaster.pid"
    lock.write_text(lock.read_text().replace(str(process.pid), str(os.getpid()), 1))

    server.prepare()
    serve()
    with server.connect("respaldo") as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (1,)


def test_the_databases_are_made_once_and_let_go_of_a_dead_schedulers_lock(server, serve):
    serve()
    assert ensure(server) == ensure(server)
    with server.connect("airflow") as connection:
        shown = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone()
        encoding = connection.execute("SHOW server_encoding").fetchone()
        checksums = connection.execute("SHOW data_checksums").fetchone()
        addresses = connection.execute("SHOW listen_addresses").fetchone()
    assert (shown, encoding, checksums, addresses) == (("1min",), ("UTF8",), ("on",), ("",))


def test_the_server_is_not_root_and_opens_no_folder_to_others(layout):
    before = {folder: folder.stat().st_mode for folder in (layout.project, *layout.project.parents)}
    server = server_at(layout)
    seen = subprocess.run([*server.user.prefix, "id", "-u"], capture_output=True, text=True, check=True)
    assert int(seen.stdout) != 0
    assert {folder: folder.stat().st_mode for folder in before} == before
    assert layout.postgres.stat().st_mode & 0o077 == 0
    assert layout.server_sockets.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("depth", [1, 30])
def test_sockets_fit_however_deep_the_project_lies(tmp_path, depth):
    project = tmp_path.joinpath(*["carpeta"] * depth)
    layout = Layout.of(project, {})
    longest = layout.sockets / "supervisor.sock.4194304"
    assert len(os.fsencode(longest)) <= LONGEST_SOCKET_BYTES
    assert len(os.fsencode(layout.server_sockets / ".s.PGSQL.5432")) <= LONGEST_SOCKET_BYTES


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SocketFolderError):
        make_own(tmp_path / "sockets", 0o711)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_socket_folder_of_another_user_is_refused(tmp_path):
    folder = tmp_path / "sockets"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(SocketFolderError):
        make_own(folder, 0o711)


def test_a_secret_is_made_once(tmp_path):
    file = tmp_path / "secret"
    first = secret_files.kept(file, secret_files.token)
    assert secret_files.kept(file, secret_files.token) == first
    assert len(first) == 64
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_user_gets_a_password_and_the_others_keep_theirs(tmp_path):
    file = tmp_path / "passwords.json"
    before = secret_files.passwords(file, ["admin"])
    after = secret_files.passwords(file, ["admin", "director"])
    assert after["admin"] == before["admin"]
    assert len(after["director"]) >= 16


@pytest.mark.parametrize("address", ["127.0.0.1", ""], ids=["here", "everywhere"])
def test_a_port_that_somebody_listens_on_is_passed_over(address):
    with socket.create_server((address, 0)) as taken:
        port = taken.getsockname()[1]
        assert ports.free(port) > port


def test_a_shell_that_reads_the_environment_file_finds_the_installation(tmp_path):
    layout = Layout.of(tmp_path / "mi proyecto $HOME 'raro' 100%", {})
    layout.home.mkdir(parents=True)
    layout.env_file.write_text(environment.shell_file(layout))
    script = '. "$1" && printf "%s\\n" "$RESPALDO_HOME" "$AIRFLOW_HOME" "$(command -v psql)"'
    shell = ["sh", "-eu", "-c", script, "sh", layout.env_file]
    told = subprocess.run(shell, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[:2] == [str(layout.home), str(layout.airflow)]
    assert told[2] == str(programs() / "psql")


@pytest.mark.parametrize(("manager", "named"), [("simple", "SimpleAuthManager"), ("fab", "FabAuthManager")])
def test_the_manager_of_users_is_the_one_that_is_asked_for(layout, manager, named):
    settings = Settings(manager=manager, users={"ana": "user", "admin": "admin"})
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(airflow_cfg.render(layout, settings, 8080))
    assert read["core"]["auth_manager"].endswith(f".{named}")
    server = server_at(layout)
    administrator = preparation.request(layout, settings, server, Written()).administrator
    password = secret_files.passwords(layout.passwords, settings.users)["admin"]
    assert administrator == (("admin", password) if manager == "fab" else None)


def test_every_error_has_its_words():
    kinds = {kind.code for kind in EmbeddedError.__subclasses__()}
    assert kinds <= texts.ERRORS.keys()
