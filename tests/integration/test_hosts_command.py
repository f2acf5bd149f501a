"""``respaldo hosts`` at a terminal, against a real SSH server."""

from __future__ import annotations

import json
import os
import sys
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


def test_a_machine_that_has_all_is_good(server, respaldo):
    shown = respaldo("check", "archivo", connection=connection(server, host_key=server.host_key))
    assert shown.exit_code == 0, shown.output
    assert "MAL" not in shown.output
    assert "se puede copiar" in shown.output


def test_what_a_machine_lacks_is_told_with_what_mends_it(respaldo):
    with ssh_server("AllowStreamLocalForwarding no\n") as closed:
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
