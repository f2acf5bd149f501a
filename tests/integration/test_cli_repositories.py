"""`respaldo repositories check` says of real servers what is wrong, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr
from typer.testing import CliRunner

from conftest import ensured
from respaldo import connections
from respaldo.cli import app
from respaldo.restic.access import Login
from rest_kit import PASSWORD, USER, rest_server
from s3_kit import BUCKETS, s3_server

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]


@pytest.fixture
def place(tmp_path, monkeypatch, restic):
    """Write a configuration whose repositories are those given, used by one scope."""
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(connections, "master_secret", lambda _: SecretStr("maestro"))
    login = Login(user=USER, secret=SecretStr(PASSWORD))
    monkeypatch.setattr(connections, "repository_login", lambda _: login)

    def write(**repositories: dict) -> None:
        both = dict.fromkeys(("site", "medium", "connection"), "x")
        scope = {
            "name": "Área", "department": "Sistemas", "criticality": "alta", "schedule": "0 1 * * *",
            "rpo": "26h", "rto": "4h", "responsible": "soporte", "retention": {"daily": "7d"},
            "source": {"kind": "files", "paths": [str(tmp_path)]}, "repository": next(iter(repositories)),
        }  # fmt: skip
        files = {
            "organization.yaml": yaml.safe_load(_default("organization.yaml")),
            "repositories.yaml": {name: both | settings for name, settings in repositories.items()},
            "scopes/area.yaml": scope,
        }
        for name, content in files.items():
            path = tmp_path / "config" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content))

    return write


def _default(name: str) -> str:
    return (Path(__file__).parents[2] / "include" / "config" / name).read_text()


def check(*names: str):
    return CliRunner().invoke(app, ["repositories", "check", *names])


def test_what_can_be_used_is_told_and_ends_with_0(place, tmp_path):
    place(principal={"location": str(tmp_path)}, otro={"location": "/srv/x"})
    told = check()
    assert told.exit_code == 0, told.output
    assert "todavía no" in told.output
    assert "otro: ningún alcance guarda copias en él" in told.output
    assert "Todo bien: 1 comprobados." in told.output


def test_a_server_that_lets_copies_be_removed_though_it_should_not_is_told(place, tmp_path):
    with rest_server(ensured("restic-rest-server"), tmp_path / "s", tls=True) as server:
        place(nube={"location": server.location, "ca": str(server.ca), "append_only": True})
        told = check("nube")
    assert told.exit_code == 1
    assert "el servidor deja borrar" in told.output
    assert PASSWORD not in told.output


def test_a_server_that_is_away_is_told_with_what_to_do(place):
    place(nube={"location": "rest:http://127.0.0.1:1"})
    told = check("nube")
    assert told.exit_code == 1
    assert "No se pudo llegar a rest:http://127.0.0.1:1/area" in told.output
    assert "Revise la red y el servidor del repositorio." in told.output


def test_a_name_that_is_none_of_them_is_told_with_those_there_are(place, tmp_path):
    place(principal={"location": str(tmp_path)})
    told = check("prinzipal")
    assert told.exit_code == 1
    assert "No hay un repositorio «prinzipal»; los hay: principal" in told.output


@pytest.mark.parametrize(
    ("bucket", "secret", "told"),
    [
        ("guardado", None, "Todo bien: 1 comprobados."),
        ("uno", None, "niéguele a la llave s3:DeleteObjectVersion"),
        ("guardado", "otra", "revise el usuario y la contraseña, o las llaves, de la conexión"),
    ],
)
def test_a_store_of_objects_is_told_by_what_its_key_may_do(
    place, tmp_path, monkeypatch, bucket, secret, told
):
    keys = BUCKETS[bucket]
    login = Login(user=keys.key_id, secret=SecretStr(secret) if secret else keys.secret)
    monkeypatch.setattr(connections, "repository_login", lambda _: login)
    with s3_server(tmp_path / "s", tls=True) as server:
        place(nube={"location": server.location(bucket), "ca": str(server.ca), "append_only": True})
        result = check("nube")
    assert told in " ".join(result.output.split())
    assert result.exit_code == (0 if told.startswith("Todo") else 1)
    assert keys.secret.get_secret_value() not in result.output
