"""An installation whose data are on other machines and whose copies are on servers, all of them real."""

from __future__ import annotations

import contextlib
import gzip
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import far_kit
import mariadb_kit
from conftest import ensured
from live_kit import PROJECT, Live, Outcome, new_home, repository_settings, started, write_configuration
from machines_kit import DATABASE, HOST, KINDS, SLOW, THREE
from mariadb_kit import ROOT_PASSWORD, MariadbServer
from network_kit import DATA, TEMPORARY, Machine
from network_kit import machine as machine_of
from respaldo.embedded.layout import Layout
from rest_kit import PASSWORD, USER, rest_server
from s3_kit import BUCKETS, s3_server
from sshd_kit import ssh_server


@dataclass(frozen=True)
class Stage:
    """The machines by their connections, and the servers."""

    machines: dict[str, Machine]
    mariadb: MariadbServer
    repositories: dict[str, dict[str, Any]]
    logins: dict[str, dict[str, Any]]
    """Of the repositories' connections: what is in them beside the master secret."""


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with contextlib.ExitStack() as opened:
        machines = {name: opened.enter_context(machine_of()) for name in (*THREE, HOST)}
        mariadb = opened.enter_context(mariadb_kit.running())
        mariadb.folder.chmod(0o755)
        program = ensured("restic-rest-server")
        rest = opened.enter_context(rest_server(program, tmp_path_factory.mktemp("rest"), tls=True))
        s3 = opened.enter_context(s3_server(tmp_path_factory.mktemp("s3"), tls=True))
        sftp = opened.enter_context(ssh_server())
        subprocess.run(["chown", sftp.user, sftp.files], check=True)
        keys = BUCKETS["uno"]
        repositories = {name: repository_settings(name) for name in ("principal", "secundario")}
        repositories |= {
            "por_rest": repository_settings("por_rest") | {"location": rest.location, "ca": str(rest.ca)},
            "por_s3": repository_settings("por_s3") | {"location": s3.location("uno"), "ca": str(s3.ca)},
            "por_sftp": repository_settings("por_sftp")
            | {"location": f"sftp://{sftp.user}@127.0.0.1:{sftp.port}/{sftp.files}"},
        }
        logins = {
            "por_rest": {"login": USER, "extra": json.dumps({"secret": PASSWORD})},
            "por_s3": {"login": keys.key_id, "extra": json.dumps({"secret": keys.secret.get_secret_value()})},
            "por_sftp": {"extra": json.dumps({"private_key": sftp.private_key, "host_key": sftp.host_key})},
        }
        yield Stage(machines, mariadb, repositories, logins)


@pytest.fixture(scope="package")
def live(stage: Stage) -> Iterator[Live]:
    scopes = dict(KINDS)
    for name in THREE:
        source = {"kind": "files", "host": name, "paths": [DATA]}
        scopes[name] = {"source": source, "retries": {"attempts": 4, "delay": "5s"}}
    with new_home("machines") as home:
        config = home / "config"
        write_configuration(config, stage.repositories, scopes)
        layout = Layout.of(PROJECT, {"RESPALDO_HOME": str(home), "RESPALDO_CONFIG": str(config)})
        with started(layout, dags=len(scopes) + 1, before=lambda live: _connect(live, stage)) as live:
            yield live


@pytest.fixture(scope="package")
def machine(stage: Stage) -> Machine:
    """The one that has all kinds."""
    found = stage.machines[HOST]
    (found.data / "actas").mkdir()
    (found.data / "actas" / "uno.txt").write_text("uno\n" * 10)
    (found.data / "actas" / "datos.bin").write_bytes(gzip.compress(b"datos" * 1000))
    with sqlite3.connect(found.data / "padron.db") as padron:
        padron.execute("CREATE TABLE persona AS SELECT 1 AS n, 'Ñandú' AS nombre")
    padron.close()
    far_kit.give(found, found.data)
    stage.mariadb.sql(f"CREATE DATABASE {DATABASE}")
    stage.mariadb.sql("CREATE TABLE empleado AS SELECT seq AS n, MD5(seq) AS c FROM seq_1_to_500", DATABASE)
    return found


@pytest.fixture(scope="package")
def outcomes(live: Live, machine: Machine) -> dict[str, Outcome]:
    return live.finish_all(tuple(KINDS))


def _connect(live: Live, stage: Stage) -> None:
    for name, fields in stage.logins.items():
        connection = {"connection_id": f"respaldo_{name}", "conn_type": "restic"} | fields
        path = f"connections/respaldo_{name}"
        live.installation.api.patch(path, connection, update_mask=list(fields))
    for name, one in stage.machines.items():
        server = one.server
        settings = {"folder": TEMPORARY} | ({"upload": SLOW} if name in THREE else {})
        extra = {"private_key": server.private_key, "host_key": server.host_key, "respaldo": settings}
        _post(live, name, "ssh", server.address, server.port, server.user, extra=json.dumps(extra))
    _post(live, "nomina_db", "mysql", stage.mariadb.socket, None, "root", password=ROOT_PASSWORD)


def _post(live: Live, name: str, kind: str, host: str, port: int | None, login: str, **more: str) -> None:
    connection = {"connection_id": name, "conn_type": kind, "host": host, "port": port, "login": login}
    live.installation.api.post("connections", connection | more)
