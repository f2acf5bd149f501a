"""``respaldo hosts`` at a terminal, against a real SSH server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import ensured
from respaldo.cli import app
from sshd_kit import SshServer, ssh_server

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def server():
    with ssh_server() as server:
        yield server


@pytest.fixture
def respaldo(airflow_home, restic, monkeypatch):
    folder = Path(ensured("restic-rest-server")).parent
    monkeypatch.setenv("PATH", f"{Path(restic).parent}:{folder}:{os.environ['PATH']}")

    def run(*words, connection, typed=None):
        monkeypatch.setenv("AIRFLOW_CONN_ARCHIVO", connection)
        return CliRunner().invoke(app, ["hosts", *words], input=typed)

    return run


def connection(server: SshServer, **extra) -> str:
    return json.dumps(
        {
            "conn_type": "ssh",
            "host": "127.0.0.1",
            "port": server.port,
            "login": server.user,
            "password": server.password,
            "extra": extra,
        }
    )


@pytest.fixture
def programs():
    """A folder for programs that is first on the PATH of the machine's user."""
    folder = Path(tempfile.mkdtemp(prefix="respaldo-programs-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def test_a_machine_that_has_all_is_good(server, respaldo):
    shown = respaldo("check", "archivo", connection=connection(server, host_key=server.host_key))
    assert shown.exit_code == 0, shown.output
    assert "MAL" not in shown.output
    assert "aviso" not in shown.output
    assert "se puede copiar" in shown.output
    assert server.user in shown.output
    assert "nice -n 10 ionice -c 3" in shown.output
    assert "llevado; se va con la conexión" in shown.output


def test_what_its_connection_says_of_a_machine_is_what_is_examined(server, respaldo):
    subprocess.run(["chown", server.user, server.files], check=True)
    asked = {"nice": None, "upload": "2M", "keep_restic": True, "folder": "/var/tmp", "forwarding": "tcp"}
    extra = {"host_key": server.host_key, "respaldo": asked}
    shown = respaldo("check", "archivo", connection=connection(server, **extra))
    assert shown.exit_code == 0, shown.output
    assert "ionice -c 3, 1953 KiB/s" in shown.output
    assert "127.0.0.1:" in shown.output.replace(f"127.0.0.1:{server.port}", "")
    assert f"{server.files}/.respaldo/restic (llevado; se queda)" in shown.output
    refused = respaldo("check", "archivo", connection=connection(server, respaldo={"nice": "mucho"}))
    assert (refused.exit_code, "respaldo.nice" in refused.output) == (1, True)


def test_a_machine_behind_another_is_examined_and_accepted_by_way_of_it(server, respaldo, monkeypatch):
    with ssh_server() as door:
        monkeypatch.setenv("AIRFLOW_CONN_PUERTA", connection(door, host_key=door.host_key))
        behind = connection(server, host_key=server.host_key, jump="puerta")
        shown = respaldo("check", "archivo", connection=behind)
        assert (shown.exit_code, "puerta → archivo" in shown.output) == (0, True), shown.output
        assert respaldo("trust", "archivo", connection=behind).exit_code == 0
        monkeypatch.setenv("AIRFLOW_CONN_PUERTA", connection(door, host_key=door.other_key))
        for command in ("check", "trust"):
            told = respaldo(command, "archivo", connection=behind)
            assert (told.exit_code, "respaldo hosts trust puerta" in told.output) == (1, True), told.output


def test_a_machine_that_lacks_a_program_or_a_right_is_told_with_what_mends_it(respaldo, programs):
    write(programs / "ionice", "echo 'ioprio_set failed: Operation not permitted' >&2; exit 1")
    with ssh_server(f"SetEnv PATH={programs}:/usr/bin:/bin\n") as barred:
        shown = respaldo("check", "archivo", connection=connection(barred, host_key=barred.host_key))
    assert (shown.exit_code, shown.output.count("MAL")) == (1, 1), shown.output
    assert "ioprio_set failed" in shown.output
    assert '"idle_disk": false' in shown.output.replace("«", '"').replace("»", '"')
    for path in Path("/usr/bin").iterdir():
        if path.name != "ionice":
            (programs / path.name).symlink_to(path)
    (programs / "ionice").unlink()
    with ssh_server(f"SetEnv PATH={programs}\n") as bare:
        lacking = connection(bare, host_key=bare.host_key)
        shown = respaldo("check", "archivo", connection=lacking)
        assert (shown.exit_code, "util-linux" in shown.output) == (1, True), shown.output
        without = connection(bare, host_key=bare.host_key, respaldo={"idle_disk": False})
        shown = respaldo("check", "archivo", connection=without)
        assert (shown.exit_code, "nice -n 10" in shown.output) == (0, True), shown.output


def test_what_only_some_kinds_of_source_need_is_told_and_is_no_failure(respaldo, programs):
    write(programs / "comm", "exit 1")
    write(programs / "sort", "exec cat")
    write(programs / "python3", "exit 1")
    with ssh_server(f"SetEnv PATH={programs}:/usr/bin:/bin\n") as bare:
        shown = respaldo("check", "archivo", connection=connection(bare, host_key=bare.host_key))
    assert (shown.exit_code, shown.output.count("MAL")) == (0, 0), shown.output
    row = "".join(line for line in shown.output.splitlines() if "│" in line).split("aviso")[1]
    for name in ("sort -z", "comm -z", "python3 >= 3.7", "coreutils"):
        assert name in " ".join(row.replace("│", " ").split()), shown.output
    assert "xargs" not in shown.output


def test_a_machine_whose_clock_is_wrong_is_told(respaldo, programs):
    write(programs / "date", "echo 1000000000")
    with ssh_server(f"SetEnv PATH={programs}:/usr/bin:/bin\n") as late:
        shown = respaldo("check", "archivo", connection=connection(late, host_key=late.host_key))
    assert (shown.exit_code, shown.output.count("MAL")) == (1, 1), shown.output
    assert "timedatectl" in shown.output


def test_of_a_machine_with_several_keys_the_known_one_is_shown(server, respaldo, programs):
    key = programs / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", key], check=True)
    with ssh_server(f"HostKey {key}\n") as several:
        for known in (several.host_key, " ".join(Path(f"{key}.pub").read_text().split()[:2])):
            shown = respaldo("trust", "archivo", connection=connection(several, host_key=known))
            assert (shown.exit_code, "ya se conoce" in shown.output) == (0, True), shown.output
        wrong = respaldo("trust", "archivo", connection=connection(several, host_key="nada"), typed="no\n")
        assert (wrong.exit_code, "SHA256:" in wrong.output) == (1, True)


def test_what_a_machine_lacks_is_told_with_what_mends_it(respaldo):
    with ssh_server("AllowStreamLocalForwarding no\nAllowTcpForwarding local\n") as closed:
        shown = respaldo("check", "archivo", connection=connection(closed, host_key=closed.host_key))
    assert shown.exit_code == 1
    assert shown.output.count("MAL") == 1
    assert "AllowStreamLocalForwarding yes" in shown.output


def test_a_machine_with_another_key_is_told_and_its_key_can_be_accepted(server, respaldo):
    wrong = connection(server, host_key=server.other_key)
    shown = respaldo("check", "archivo", connection=wrong)
    assert (shown.exit_code, "respaldo hosts trust" in shown.output) == (1, True)
    refused = respaldo("trust", "archivo", connection=wrong, typed="no\n")
    assert (refused.exit_code, "ATENCIÓN" in refused.output) == (1, True)
    known = respaldo("trust", "archivo", connection=connection(server, host_key=server.host_key))
    assert (known.exit_code, "ya se conoce" in known.output) == (0, True)
    # One of the environment is not Airflow's to change: what to write is told.
    told = respaldo("trust", "archivo", connection=wrong, typed="sí\n")
    assert (told.exit_code, server.host_key in told.output) == (1, True)


def test_a_key_that_is_accepted_is_kept_in_the_connection(server, airflow_with_fab):
    airflow_with_fab(
        sys.executable, "-m", "airflow", "connections", "add", "archivo", "--conn-json",
        connection(server, private_key="-----"),
    )  # fmt: skip
    command = (sys.executable, "-c", "from respaldo.cli import app; app()", "hosts", "trust", "archivo")
    assert "SHA256:" in airflow_with_fab(*command, "--yes")
    assert "ya se conoce" in airflow_with_fab(*command)
    stored = airflow_with_fab(sys.executable, "-m", "airflow", "connections", "get", "archivo", "-o", "json")
    extra = json.loads(stored)[0]["extra_dejson"]
    assert (extra["host_key"], extra["private_key"]) == (server.host_key, "-----")


def test_a_machine_that_is_off_is_told(server, respaldo):
    off = json.loads(connection(server)) | {"port": 1}
    for command in ("check", "trust"):
        shown = respaldo(command, "archivo", connection=json.dumps(off))
        assert shown.exit_code == 1
        assert "El equipo no responde" in shown.output
