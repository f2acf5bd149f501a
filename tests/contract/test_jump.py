"""A machine that is reached only from another: real SSH servers, one behind the other."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from conftest import ensured
from respaldo.domain.host_errors import (
    HostKeyError,
    HostLoginError,
    HostUnreachableError,
    JumpForbiddenError,
)
from respaldo.hosts import ssh
from respaldo.hosts.refusals import as_cause
from respaldo.hosts.session import entered
from respaldo.hosts.ssh import Host
from respaldo.restic.on_host import provide, repository_on
from respaldo.texts import causes
from sshd_kit import SshServer, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]


@pytest.fixture(scope="module")
def servers():
    """The door, the machine behind it, and the one behind that."""
    with ssh_server() as door, ssh_server() as middle, ssh_server() as inner:
        yield door, middle, inner


def entry(name: str, server: SshServer, jump: Host | None = None) -> Host:
    return Host(
        name=name,
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
        jump=jump,
    )


@pytest.fixture
def door(servers) -> Host:
    return entry("puerta", servers[0])


@pytest.fixture
def host(servers, door) -> Host:
    return entry("archivo", servers[2], door)


def entries(server: SshServer) -> int:
    """Count who is in a machine now: its SSH server has a process of its own for each."""
    found = psutil.process_iter(["username", "name"])
    return sum(one.info["name"] == "sshd" and one.info["username"] == server.user for one in found)


def nobody_is_in(*servers: SshServer) -> bool:
    deadline = time.monotonic() + 20
    while any(entries(one) for one in servers):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return True


def test_what_is_behind_another_machine_is_saved_by_way_of_it(
    servers, host, repository, restic, marks, monkeypatch
):
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{Path(ensured('restic-rest-server')).parent}")
    door, _, inner = servers
    content = os.urandom(300_000)
    (inner.files / "uno").write_bytes(content)
    with (
        entered(host) as session,
        repository_on(session, repository, provide(session, lambda _: Path(restic))) as there,
    ):
        saved = there.save_paths("files", [str(inner.files)], marks)
        assert (entries(door), entries(inner)) == (1, 1)
    received = bytearray()
    repository.stream(saved.copy.snapshot_id, str(inner.files / "uno"), received.extend)
    assert received == content
    assert nobody_is_in(door, inner)


@pytest.mark.slow
def test_a_way_may_have_two_machines(servers, door):
    _, middle, inner = servers
    with entered(entry("archivo", inner, entry("medio", middle, door))) as session:
        assert session.output("whoami").output.decode().strip() == inner.user
        assert [entries(one) for one in servers] == [1, 1, 1]
    assert nobody_is_in(*servers)


@pytest.mark.slow
def test_files_commands_and_keys_are_had_by_way_of_it(servers, host):
    door, _, inner = servers
    (inner.files / "dos").write_text("dos")
    assert ssh.read_file(host, str(inner.files / "do*"), 10, 30) == (str(inner.files / "dos"), b"dos")
    assert ssh.run(host, "whoami", 100, 30).output.decode().strip() == inner.user
    assert ssh.shown_key(host).text == inner.host_key
    assert nobody_is_in(door, inner)


@pytest.mark.slow
def test_the_machine_behind_is_known_as_those_are_that_are_entered_at_once(
    servers, host, tmp_path, monkeypatch
):
    door, _, inner = servers
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(
        f"[127.0.0.1]:{inner.port} {inner.host_key}\n[127.0.0.1]:{door.port} {door.host_key}\n"
    )
    unnamed = host.model_copy(
        update={"host_key": None, "jump": host.jump.model_copy(update={"host_key": None})}
    )
    assert ssh.run(unnamed, "whoami", 100, 30).output.decode().strip() == inner.user
    (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{door.port} {door.host_key}\n")
    with pytest.raises(ssh.SshError) as error:
        ssh.run(unnamed, "whoami", 100, 30)
    assert (error.value.reason, error.value.host) == ("host_key", None)


@pytest.mark.slow
def test_a_jump_that_fails_is_told_by_its_own_name(servers, host, door):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        nobody = int(listening.getsockname()[1])
    with ssh_server("AllowTcpForwarding no\n") as closed:
        for changed, cause, word in (
            (door.model_copy(update={"host_key": servers[0].other_key}), HostKeyError, "hosts trust puerta"),
            (
                door.model_copy(update={"password": SecretStr("no es esta")}),
                HostLoginError,
                "hosts check puerta",
            ),
            (door.model_copy(update={"port": nobody}), HostUnreachableError, "puerta"),
            (entry("puerta", closed), JumpForbiddenError, "AllowTcpForwarding"),
        ):
            through = host.model_copy(update={"jump": changed})
            with pytest.raises(cause) as error, entered(through):
                pytest.fail("it was entered")
            assert error.value.facts["host"] == "puerta"
            assert word in causes.explain(error.value) + causes.corrective(error.value)
            with pytest.raises(ssh.SshError) as failure:
                ssh.shown_key(through)
            assert as_cause(through, failure.value).facts["host"] == "puerta"
    assert nobody_is_in(*servers)


@pytest.mark.slow
def test_a_machine_that_fails_behind_another_is_told_by_its_own_name(servers, host):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        nobody = int(listening.getsockname()[1])
    for changes, cause in (
        ({"host_key": servers[2].other_key}, HostKeyError),
        ({"password": SecretStr("no es esta")}, HostLoginError),
        ({"port": nobody}, HostUnreachableError),
    ):
        with pytest.raises(cause) as error, entered(host.model_copy(update=changes)):
            pytest.fail("it was entered")
        assert error.value.facts["host"] == "archivo"
    assert nobody_is_in(*servers)
