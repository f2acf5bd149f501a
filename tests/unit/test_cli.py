"""The command `respaldo`, without Airflow: what it prints and how it ends."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from respaldo.cli import app
from respaldo.cli.workplace import operator
from respaldo.restic.passwords import derive_password
from respaldo.texts import frame

DEFAULT = Path(__file__).parents[2] / "include" / "config"
FILES, DATABASES = "demo_documentos", "demo_erp"
SCOPES = ("demo_documentos", "demo_erp")
"""Those of the default configuration that these tests are about."""


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The default configuration with two of its scopes."""
    folder = tmp_path / "config"
    shutil.copytree(DEFAULT, folder)
    for path in (folder / "scopes").iterdir():
        if path.stem not in SCOPES:
            path.unlink()
    monkeypatch.setenv("RESPALDO_CONFIG", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def respaldo(*arguments, typed=None):
    return CliRunner().invoke(app, list(arguments), input=typed)


def break_scope(config):
    path = config / "scopes" / "demo_erp.yaml"
    path.write_text(path.read_text().replace("rpo: 26h", "rpoo: 26h"))
    return path


@pytest.mark.parametrize("words", [[], ["db"], ["roles"], ["scopes"], ["plan"], ["labels"], ["restore"]])
def test_the_frame_of_the_help_is_spanish(config, words):
    shown = respaldo(*words, "--help").stdout
    assert ("Uso: " in shown, "Opciones" in shown, frame.HELP in shown) == (True, True, True)
    english = re.compile(r"Usage|OPTIONS|COMMAND|Options|Commands|Arguments|default|required|message")
    assert english.findall(shown) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "--days", "x"], "Valor no válido para '--days': debe ser un número entero"),
        (["plan", "--days", "0"], "Valor no válido para '--days': no puede ser menor que 1"),
        (["labels", "--skip", "999"], "Valor no válido para '--skip': no puede ser mayor que 299"),
        (["plan", "--format", "xml"], "Valor no válido para '--format': 'xml' no es uno de: 'table'"),
        (["plan", "--days"], "La opción '--days' necesita un valor."),
        (["plan", "--dias", "3"], "No existe la opción --dias (parecidas: --days)"),
        (["labels", "--new=x"], "La opción '--new' no lleva valor."),
        (["plan", "más"], "Sobran argumentos: (más)"),
        (["find"], "Falta el argumento 'scope'."),
        (["pla"], "No existe la orden 'pla'. ¿Quiso escribir 'plan'?"),
        (["db", "nada"], "No existe la orden 'nada'."),
        (["labels", "PRI\udcff"], "«PRI\ufffd» no es un texto"),
        (["db", "flush", "\udce1"], "«\ufffd» no es un texto"),
        (["restore", FILES, "--reason", "a\udcf1o"], "«a\ufffdo» no es un texto"),
    ],
)
def test_what_is_typed_wrong_is_told_in_spanish(config, words, said):
    done = respaldo(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_lint_says_that_all_is_well_and_what_it_read(config):
    done = respaldo("lint", "--offline")
    assert (done.exit_code, done.stdout) == (0, "Configuración correcta: 2 alcances, 2 repositorios.\n")


def test_lint_names_every_mistake_and_ends_with_one(config):
    path = break_scope(config)
    done = respaldo("lint", "--offline")
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    place = path.read_text().splitlines().index("rpoo: 26h") + 1
    assert f"{path}:{place}: rpoo: clave desconocida. ¿Quiso escribir «rpo»?" in lines
    assert f"{path}:1: rpo: falta esta clave." in lines
    assert lines[-1] == "2 errores."


def test_lint_tells_a_broken_common_file(config):
    (config / "repositories.yaml").unlink()
    done = respaldo("lint", "--offline")
    assert done.exit_code == 1
    assert "repositories.yaml:1: el archivo no se puede leer" in done.stdout


def test_the_schemas_in_the_repository_are_those_of_the_models(config, tmp_path):
    done = respaldo("schema", str(tmp_path / "written"))
    assert done.exit_code == 0
    written = {path.name: json.loads(path.read_text()) for path in (tmp_path / "written").iterdir()}
    kept = {path.name: json.loads(path.read_text()) for path in (DEFAULT / "schema").iterdir()}
    assert set(kept) == {"defaults.json", "organization.json", "repositories.json", "scope.json"}
    assert written == kept, "run `respaldo schema`"


def test_schemas_are_written_beside_the_configuration_when_no_folder_is_named(config):
    shutil.rmtree(config / "schema")
    assert respaldo("schema").exit_code == 0
    assert (config / "schema" / "scope.json").is_file()


def test_scopes_shows_what_is_configured_and_what_is_broken(config):
    break_scope(config)
    done = respaldo("scopes")
    assert done.exit_code == 0
    good = next(line for line in done.stdout.splitlines() if "demo_documentos" in line)
    for told in ("Documentos de demostración", "files:", "0 1 * * *", "26h", "principal", "soporte"):
        assert told in done.stdout
        assert told.split()[0] in good
    assert "inválido: 2 errores" in next(line for line in done.stdout.splitlines() if "demo_erp" in line)


def test_scopes_ends_with_one_when_nothing_can_be_read(config):
    (config / "organization.yaml").write_text("name: [")
    done = respaldo("scopes")
    assert done.exit_code == 1
    assert "organization.yaml:1:" in done.stdout


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_comes_from_the_secret_that_is_typed_in(config, ending):
    done = respaldo("password", "principal", "demo_erp", "--stdin", typed=f"del sobre{ending}")
    expected = derive_password(SecretStr("del sobre"), "principal", "demo_erp").get_secret_value()
    assert (done.exit_code, done.stdout) == (0, f"{expected}\n")


def test_a_password_needs_no_configuration(monkeypatch, tmp_path):
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path / "none"))
    assert respaldo("password", "principal", "erp", "--stdin", typed="x").exit_code == 0


def test_an_empty_secret_gives_no_password(config):
    done = respaldo("password", "principal", "demo_erp", "--stdin", typed="\n")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr


def test_a_password_for_a_repository_that_is_not_configured_is_refused(config):
    done = respaldo("password", "principl", "demo_erp")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "No hay un repositorio «principl»; los hay: principal, secundario\n"


def test_help_is_spanish():
    done = respaldo("--help")
    assert done.exit_code == 0
    assert "Comprueba la configuración" in done.stdout


@pytest.fixture
def home(config, restic, airflow_home, tmp_path, monkeypatch):
    """A folder of its own, in which what is refused leaves nothing."""
    folder = tmp_path / "home"
    monkeypatch.setenv("RESPALDO_HOME", str(folder))
    return folder


@pytest.mark.parametrize("command", [("copies",), ("find",), ("restore",)])
def test_a_scope_that_is_not_configured_is_refused_with_those_that_are(home, command):
    done = respaldo(*command, "demo_documento", *(("x",) if command == ("find",) else ()))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "No hay un alcance «demo_documento»; los hay: demo_documentos, demo_erp" in done.stderr


def test_a_scope_whose_copies_restic_does_not_keep_is_told_as_such(home, config):
    shutil.copy(DEFAULT / "scopes" / "demo_externo.yaml", config / "scopes")
    done = respaldo("restore", "demo_externo")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "De «demo_externo» restic no guarda copias: las hace una persona u otro producto" in done.stderr


def test_a_broken_scope_is_told_with_its_mistakes(home, config):
    path = break_scope(config)
    done = respaldo("copies", "demo_erp")
    assert done.exit_code == 1
    assert f"{path}:1: rpo: falta esta clave." in done.stdout


REFUSED = [
    (FILES, ("--repository", "tercero"), "No hay un repositorio «tercero»"),
    (FILES, ("--repository", "principal", "--second"), "no ambos"),
    (FILES, ("--at", "ayer"), "«ayer» no es una fecha"),
    (FILES, ("--at", "2026-03-01", "--snapshot", "12345678"), "un momento o una copia, no ambos"),
    (FILES, ("--moment", "2026-03-01T10:41:07"), "solo se pide de un servidor que guarda Barman"),
    (FILES, ("--snapshot", "no"), "8 o más cifras"),
    (FILES, ("--table", "public.factura"), "guarda archivos"),
    (FILES, ("--to", "database:nueva"), "se entregan en una carpeta"),
    (FILES, ("--to", "database:"), "necesita la carpeta o la base de datos"),
    (FILES, ("--to", "orignal"), "la carpeta debe ser una ruta absoluta"),
    (DATABASES, ("--path", "/x"), "guarda bases de datos"),
    (DATABASES, ("--to", "/srv/x"), "se entregan en una base de datos"),
    (DATABASES, ("--overwrite", "if-newer"), "se reemplaza o no"),
]


@pytest.mark.parametrize(("scope", "options", "why"), REFUSED)
def test_a_restoration_that_contradicts_itself_is_refused_before_anything_is_done(home, scope, options, why):
    done = respaldo("restore", scope, *options)
    assert (done.exit_code, done.stdout) == (1, "")
    assert why in done.stderr
    assert not home.exists()


@pytest.mark.parametrize("command", ["copies", "find", "restore"])
def test_the_commands_on_copies_explain_themselves_in_spanish(command):
    assert "alcance" in respaldo(command, "--help").stdout


def test_behind_sudo_the_operator_is_who_called_it(monkeypatch):
    monkeypatch.delenv("SUDO_USER", raising=False)
    alone = operator()
    monkeypatch.setenv("SUDO_USER", "ana")
    assert operator() == f"ana ({alone})"


def test_plan_shows_the_days_to_come_by_hand_and_what_is_broken(config):
    path = config / "scopes" / "demo_erp.yaml"
    (config / "scopes" / "libre.yaml").write_text(path.read_text().replace('schedule: "30 1 * * *"\n', ""))
    (config / "scopes" / "roto.yaml").write_text("name: [")
    done = respaldo("plan", "--days", "3")
    assert done.exit_code == 0
    assert done.stdout.count("Documentos de demostración") in (2, 3), "its hour of today may be over"
    assert "Equipo de Soporte Técnico" in done.stdout
    assert "America/Bogota" in done.stdout
    assert "A mano" in done.stdout
    assert "inválido: 1 errores" in next(line for line in done.stdout.splitlines() if "roto" in line)


def test_plan_gives_one_run_a_line_to_spreadsheets_and_programs(config):
    told = respaldo("plan", "--days", "3", "--scope", "demo_erp", "--format", "csv").stdout
    lines = list(csv.DictReader(io.StringIO(told, newline="")))
    rows = json.loads(respaldo("plan", "--days", "3", "--scope", "demo_erp", "--format", "json").stdout)
    assert [line["Hora"] for line in lines] == [row["hora"] for row in rows] == ["01:30"] * len(rows)
    assert len(rows) in (2, 3)
    assert all(row["momento"].endswith("T01:30:00-05:00") for row in rows)


def test_a_plan_of_a_scope_that_is_not_there_is_refused_with_those_that_are(config):
    done = respaldo("plan", "--scope", "demo_er")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "No hay un alcance «demo_er»" in done.stderr
