"""lint tells of a machine's connection what else only the first run would have told."""

import json

import pytest
from typer.testing import CliRunner

from hooks_kit import Place, installed, sh
from respaldo.cli import app

pytestmark = [pytest.mark.one_restic, pytest.mark.timeout(120)]

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"
WINDOWS = {"host_key": KEY, "respaldo": {"platform": "windows"}}
SQLITE = {"kind": "sqlite", "host": "archivo", "paths": ["/srv/app.db"]}


@pytest.fixture
def place(tmp_path, report_database, airflow_home, monkeypatch, restic) -> Place:
    return installed(tmp_path, report_database, monkeypatch.setenv)


@pytest.fixture
def lint(place, monkeypatch):
    """Say what a machine's connection has beside its address; give what lint says of the scope's machine."""

    def said(extra: dict, source: dict | None = None, **changes: object) -> list[str]:
        connection = {"conn_type": "ssh", "host": "archivo.example.org", "login": "u", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_ARCHIVO", json.dumps(connection))
        place.scope(source=source or {"kind": "files", "host": "archivo", "paths": ["/srv"]}, **changes)
        output = CliRunner().invoke(app, ["lint"]).output
        return [line.split("erp.yaml:1: ")[1] for line in output.splitlines() if "erp.yaml" in line]

    return said


def test_a_machine_that_can_be_used_has_nothing_told(lint):
    assert lint({"host_key": KEY, "respaldo": {"nice": 15}}, SQLITE, pre=[sh("Detener", "true")]) == []
    assert lint(WINDOWS, post=[sh("Iniciar", "true", at="worker")]) == []


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({}, "no se conoce la llave del equipo «archivo»"),
        ({"host_key": KEY, "no_host_key_check": "true"}, "«archivo» le falta, o tiene mal: host_key"),
        ({"host_key": KEY, "respaldo": {"nise": 15}}, "tiene mal: respaldo.nise"),
        ({"host_key": KEY, "jump": "puerta"}, "la conexión «puerta» no existe"),
        ({"host_key": KEY, "jump": "archivo"}, "tiene mal: jump (archivo → archivo)"),
    ],
)
def test_a_connection_that_no_run_could_use_is_told(lint, extra, told):
    [line] = lint(extra)
    assert line.startswith("source.host: ")
    assert told in line


def test_a_machine_on_the_way_whose_key_is_not_known_is_told(lint, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_PUERTA", json.dumps({"conn_type": "ssh", "host": "p", "extra": {}}))
    [line] = lint({"host_key": KEY, "jump": "puerta"})
    assert "respaldo hosts trust puerta" in line


def test_what_cannot_be_done_on_a_windows_machine_is_told(lint):
    hooks = {"pre": [sh("Aquí", "true", at="worker"), sh("Detener", "true")], "post": [sh("Iniciar", "true")]}
    lines = lint(WINDOWS, SQLITE, **hooks)
    assert [line.split(": ")[0] for line in lines] == ["source.host", "pre.1", "post.0"]
    assert "de él no se copia «sqlite»" in lines[0]
    assert "diga que es del trabajador" in lines[1]
