"""A console record on another machine: a real SSH server, and all that can be wrong with it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from respaldo.actions.console import reading
from respaldo.actions.console.reading import read
from respaldo.config.external import ExternalSource
from respaldo.domain.people_errors import ConsoleUnreadableError
from respaldo.hosts import ssh
from respaldo.texts import causes
from respaldo.texts.console import UNREADABLE
from sshd_kit import ssh_server

pytestmark = pytest.mark.timeout(120)

ZONE = ZoneInfo("America/Bogota")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
SECRET = SecretStr("Authorization: Bearer t0k3n")
TABLE = "job,result,end\nnomina,Success,2026-11-23T02:00:00\n"


@pytest.fixture(scope="module")
def server():
    with ssh_server() as server:
        yield server


@pytest.fixture
def host(server) -> ssh.Host:
    return ssh.Host(
        name="veeam",
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )


def ask(host: ssh.Host, **record):
    fields = {"job": "job", "result": "result", "end": "end"}
    settings = {
        "kind": "external",
        "product": "Veeam",
        "record": {"host": "veeam"} | record,
        "entries": {"format": "csv", "fields": fields},
        "good": ["Success"],
        "failed": ["*"],
    }
    return read(ExternalSource.model_validate(settings), lambda _: host, lambda _: SECRET, ZONE, NOW)


def refused(host: ssh.Host, **record) -> ConsoleUnreadableError:
    with pytest.raises(ConsoleUnreadableError) as error:
        ask(host, **record)
    words = causes.explain(error.value)
    assert "{" not in words
    assert error.value.facts["reason"] in UNREADABLE
    return error.value


def change(host: ssh.Host, **changes) -> ssh.Host:
    return host.model_copy(update=changes)


@pytest.fixture
def table(server):
    path = server.files / "hoy.csv"
    path.write_text(TABLE)
    yield path
    for file in server.files.iterdir():
        file.unlink()


def test_a_file_is_read_with_a_password(host, table):
    record = ask(host, **{"from": "file"}, path=str(table))
    assert record.newest.ended_at == datetime(2026, 11, 23, 2, 0, tzinfo=ZONE)
    assert record.where == str(table)


def test_a_file_is_read_with_a_private_key(host, server, table):
    with_key = change(host, password=None, private_key=SecretStr(server.private_key))
    assert ask(with_key, **{"from": "file"}, path=str(table)).newest.outcome == "good"


def test_of_several_files_the_newest_is_read(host, server, table):
    older = server.files / "ayer.csv"
    older.write_text(TABLE.replace("Success", "Failed"))
    os.utime(older, (1, 1))
    (server.files / "carpeta.csv").mkdir()
    try:
        record = ask(host, **{"from": "file"}, path=f"{server.files}/*.csv")
    finally:
        (server.files / "carpeta.csv").rmdir()
    assert record.where == str(table)


def test_the_output_of_a_command_is_read_and_its_words_are_kept_apart(host, server, table):
    odd = server.files / "a b'$(id).csv"
    odd.write_text(TABLE)
    record = ask(host, **{"from": "command"}, command=["cat", str(odd)])
    assert record.newest.outcome == "good"


def test_a_single_word_is_the_whole_line_for_the_shell(host, table):
    record = ask(host, **{"from": "command"}, command=[f"cd / && cat '{table}' | cat"])
    assert record.newest.outcome == "good"


def test_a_command_there_reads_its_secret_and_nobody_sees_it(host, server, table):
    keeps = "cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline >shown; cat >read"
    command = {"from": "command", "secret": "nube_api"}
    for name in ("shown", "read"):
        (server.files / name).touch()
        (server.files / name).chmod(0o666)
    assert ask(host, **command, command=[f"{keeps}; cat '{table}'"]).newest.outcome == "good"
    assert (server.files / "read").read_text() == f"{SECRET.get_secret_value()}\n"
    shown = (server.files / "shown").read_bytes()
    assert (b"sshd" in shown, b"t0k3n" in shown) == (True, False)
    # One that does not read it is none the worse for it.
    assert ask(host, **command, command=[f"exec <&-; cat '{table}'"]).newest.outcome == "good"
    said = refused(host, **command, command=["cat >&2; exit 3"])
    assert (said.facts["reason"], said.facts["said"]) == ("command_failed", "***")


def test_a_machine_with_another_key_is_not_spoken_to(host, server, table):
    for known in (server.other_key, "ssh-ed25519 AAAA", "no es una llave"):
        error = refused(change(host, host_key=known), **{"from": "file"}, path=str(table))
        assert (error.code, error.facts["reason"]) == ("host_key", "host_key")
        assert not error.transient
    assert "Failed password" not in (server.folder / "log").read_text()


def test_a_machine_whose_key_nobody_told_is_not_spoken_to(host, table, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    unknown = change(host, host_key=None)
    assert refused(unknown, **{"from": "file"}, path=str(table)).facts["reason"] == "host_key"


def test_what_the_workers_user_knows_is_known(host, server, table, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
    assert ask(change(host, host_key=None), **{"from": "file"}, path=str(table)).entries == 1


def test_a_wrong_password_is_told_and_never_repeated(host, table):
    error = refused(change(host, password=SecretStr("no es esta")), **{"from": "file"}, path=str(table))
    assert error.facts["reason"] == "login_refused"
    assert not error.transient
    assert "no es esta" not in causes.explain(error) + str(error)


@pytest.mark.parametrize("key", ["no es una llave", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"])
def test_a_private_key_that_is_none_is_told(host, table, key):
    broken = change(host, password=None, private_key=SecretStr(key))
    assert refused(broken, **{"from": "file"}, path=str(table)).facts["reason"] == "private_key"


def test_what_is_not_there_or_may_not_be_read_is_told(host, server, table):
    assert refused(host, **{"from": "file"}, path=f"{server.files}/no.csv").facts["reason"] == "no_file"
    assert refused(host, **{"from": "file"}, path=f"{server.files}/no*.csv").facts["reason"] == "no_file"
    assert refused(host, **{"from": "file"}, path=str(server.files)).facts["reason"] == "not_a_file"
    secret = server.files / "cerrado.csv"
    secret.write_text(TABLE)
    secret.chmod(0o600)
    assert refused(host, **{"from": "file"}, path=str(secret)).facts["reason"] == "no_permission"


def test_a_command_that_fails_or_says_nothing_is_told(host, server):
    failed = refused(host, **{"from": "command"}, command=["echo sin permiso >&2; exit 3"])
    assert (failed.facts["reason"], failed.facts["exit_code"]) == ("command_failed", "3")
    assert "sin permiso" in causes.explain(failed)
    assert refused(host, **{"from": "command"}, command=["true"]).facts["reason"] == "empty"


def test_a_command_that_never_ends_is_left_and_may_be_tried_again(host):
    began = time.monotonic()
    error = refused(host, **{"from": "command"}, command=["sleep", "600"], within="2s")
    assert (error.facts["reason"], error.transient) == ("host_slow", True)
    assert time.monotonic() - began < 20


def test_output_without_end_is_taken_only_so_far(host, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    error = refused(host, **{"from": "command"}, command=["head", "-c", "300000", "/dev/zero"])
    assert error.facts["reason"] == "too_large"


@contextlib.contextmanager
def cut_after(many: int, port: int) -> Iterator[int]:
    """Stand between a client and a server, and be gone when the server has said so many bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def pass_on(source: socket.socket, target: socket.socket, left: float) -> None:
            with contextlib.suppress(OSError):
                while left > 0 and (block := source.recv(4096)):
                    target.sendall(block)
                    left -= len(block)
                for one in (source, target):
                    one.shutdown(socket.SHUT_RDWR)

        def serve() -> None:
            client = listening.accept()[0]
            server = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=pass_on, args=(client, server, float("inf")), daemon=True).start()
            pass_on(server, client, many)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("after", [10_000, 200_000])
@pytest.mark.parametrize("way", ["file", "command"])
def test_a_connection_that_is_lost_in_the_middle_may_be_tried_again(host, server, table, way, after):
    table.write_text(TABLE + "#" * 5_000_000)
    record = {"path": str(table)} if way == "file" else {"command": ["cat", str(table)]}
    with cut_after(after, server.port) as port:
        error = refused(change(host, port=port), **{"from": way}, **record)
    assert (error.facts["reason"], error.transient) == ("host_unreachable", True)


def test_a_machine_that_is_off_may_be_tried_again(host, table):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        nobody = int(listening.getsockname()[1])
    error = refused(change(host, port=nobody), **{"from": "file"}, path=str(table))
    assert (error.code, error.transient) == ("host_unreachable", True)
    assert "no se llega al equipo" in causes.explain(error)
    assert "encendido" in causes.corrective(error)


def test_a_machine_that_never_answers_may_be_tried_again(host, table):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        accepted = []
        threading.Thread(target=lambda: accepted.append(listening.accept()), daemon=True).start()
        error = refused(change(host, port=port), **{"from": "file"}, path=str(table), within="2s")
    assert (error.facts["reason"], error.transient) == ("host_slow", True)
