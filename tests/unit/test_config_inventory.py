"""An inventory of assets becomes scopes: read as spreadsheets write it, checked, written all or none."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from respaldo.cli import app
from respaldo.config.configuration import load
from respaldo.config.drafts import Draft, id_of, written
from respaldo.config.external import ExternalScope
from respaldo.config.importing import write
from respaldo.config.inventory import Asset, plain
from respaldo.config.manual import ManualScope
from respaldo.config.scope_settings import SCOPE_ID
from respaldo.texts.configuration import PROBLEMS

PROJECT = Path(__file__).parents[2]
DEFAULT = PROJECT / "include" / "config"
EXAMPLE = PROJECT / "docs" / "assets-example.csv"
HEADINGS = "asset,name,department,criticality,kind,paths,repository"
NOMINA = "A-1,Nómina,Talento Humano,alta,files,/srv/nomina,principal"


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A configuration without scopes."""
    folder = tmp_path / "config"
    (folder / "scopes").mkdir(parents=True)
    for name in ("organization.yaml", "repositories.yaml"):
        shutil.copy(DEFAULT / name, folder)
    monkeypatch.setenv("RESPALDO_CONFIG", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


@pytest.fixture
def csv_file(tmp_path):
    def make(*lines, encoding="utf-8", end="\n"):
        path = tmp_path / "assets.csv"
        path.write_bytes(end.join((*lines, "")).encode(encoding))
        return path

    return make


def respaldo(*arguments):
    return CliRunner().invoke(app, ["scopes", *map(str, arguments)])


def names(config):
    return sorted(path.name for path in (config / "scopes").iterdir())


def test_the_example_in_the_docs_becomes_scopes_of_every_mode(config):
    done = respaldo("import", EXAMPLE)

    assert done.exit_code == 0, done.output
    found = load(config)
    assert found.invalid == {}
    scopes = found.all_scopes
    assert sorted(scopes) == [
        "actas_del_concejo",
        "base_de_datos_del_erp",
        "catastro",
        "equipo_de_la_comisaria_de_familia",
        "pagina_web",
    ]
    assert scopes["actas_del_concejo"].settings.saved == "/srv/actas, /srv/actas_anexos"
    assert scopes["base_de_datos_del_erp"].settings.source.databases == ("erp", "erp_historico")
    assert isinstance(scopes["equipo_de_la_comisaria_de_familia"].settings, ManualScope)
    assert isinstance(scopes["catastro"].settings, ExternalScope)
    assert scopes["catastro"].settings.contract.number == "CT-2026-014"
    assert scopes["pagina_web"].settings.schedule is None
    assert {scope.settings.asset for scope in scopes.values()} == {
        "INV-0012", "INV-0027", "INV-0031", "INV-0044", "INV-0058"
    }  # fmt: skip
    assert "estas columnas no se usan: ubicacion" in done.stderr


def test_a_line_names_databases_of_mariadb(config, csv_file):
    file = csv_file(
        "asset,name,department,criticality,kind,connection,databases,repository",
        "A-1,Nómina,Talento,alta,mariadb,nomina_db,all,principal",
    )
    done = respaldo("import", file)

    assert done.exit_code == 0, done.output
    source = load(config).scopes["nomina"].settings.source
    assert (source.kind, source.connection, source.databases) == ("mariadb", "nomina_db", ())


def test_comments_say_what_to_review(config):
    respaldo("import", EXAMPLE)
    text = (config / "scopes" / "pagina_web.yaml").read_text()
    lines = text.splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../schema/scope.json"
    assert "# Del inventario assets-example.csv, línea 6: INV-0058." in text
    before = {key: lines[lines.index(key) - 2] for key in ("rpo: 26h", "rto: 8h")}
    assert all("REVISAR" in comment for comment in before.values())
    assert "REVISAR" not in lines[lines.index("criticality: baja") - 1]
    assert "sin `schedule`" in text
    assert "REVISAR" in (config / "scopes" / "catastro.yaml").read_text().partition("source:")[0]


def test_what_an_asset_does_not_say_comes_from_the_options(config, csv_file):
    file = csv_file("asset,name,department,criticality,kind,paths,rto", "A-1,Nómina,Talento,alta,files,/n,2h")
    options = ("--repository", "principal", "--second-copy", "secundario", "--schedule", "0 2 * * *")
    done = respaldo("import", file, *options, "--rto", "9h", "--retention", "last 2d")
    assert done.exit_code == 0, done.output
    said = yaml.safe_load((config / "scopes" / "nomina.yaml").read_text())
    assert (said["repository"], said["second_copy"], said["schedule"]) == (
        "principal",
        "secundario",
        "0 2 * * *",
    )
    assert (said["rto"], said["rpo"], said["responsible"]) == ("2h", "26h", "soporte")
    assert said["retention"] == {"last": "2d"}


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(config, csv_file):
    done = respaldo("import", csv_file(HEADINGS, NOMINA), "--dry-run")
    assert done.exit_code == 0
    assert f"Se escribiría {config / 'scopes' / 'nomina.yaml'}: Nómina (línea 2)" in done.stdout
    assert names(config) == []


def test_files_go_to_another_folder_that_need_not_be_there(config, csv_file, tmp_path):
    target = tmp_path / "new" / "folder"
    assert respaldo("import", csv_file(HEADINGS, NOMINA), "--to", target).exit_code == 0
    assert [path.name for path in target.iterdir()] == ["nomina.yaml"]
    assert names(config) == []


@pytest.mark.parametrize(
    ("encoding", "delimiter", "end", "is_told"),
    [
        ("utf-8", ",", "\n", False),
        ("utf-8-sig", ";", "\r\n", False),
        ("utf-16", "\t", "\r\n", False),
        ("cp1252", ";", "\r\n", True),
    ],
)
def test_what_spreadsheets_write_is_read(config, csv_file, encoding, delimiter, end, is_told):
    lines = [line.replace(",", delimiter) for line in (HEADINGS, NOMINA)]
    done = respaldo("import", csv_file(*lines, encoding=encoding, end=end))
    assert done.exit_code == 0, done.output
    assert yaml.safe_load((config / "scopes" / "nomina.yaml").read_text())["name"] == "Nómina"
    assert ("no está en UTF-8" in done.stderr) is is_told


def test_lines_within_cells_and_empty_lines_keep_the_numbers_right(config, csv_file):
    file = csv_file(
        HEADINGS,
        'A-1,"Nómina\nde planta",Talento,alta,files,"/a\n/b",principal',
        ",,,,,,",
        "",
        "A-2,Actas,General,alta,files,actas,principal",
    )
    done = respaldo("import", file)
    assert done.exit_code == 1
    assert f"{file}:7: paths: «actas» debe ser una ruta absoluta." in done.stderr
    assert "1 errores. No se escribió nada." in done.stderr


MISTAKES = {
    "repository_unknown": (f"{HEADINGS}\n{NOMINA.replace('pal', 'pl')}", 2, "repository", "«principl»"),
    "path_relative": (f"{HEADINGS}\n{NOMINA.replace('/srv', 'srv')}", 2, "paths", "ruta absoluta"),
    "missing": (f"{HEADINGS}\n{NOMINA.replace('Nómina', ' ')}", 2, "name", "falta"),
    "literal_error": (f"{HEADINGS}\n{NOMINA.replace('alta', 'urgente')}", 2, "criticality", "«urgente»"),
    "union_tag_invalid": (f"{HEADINGS}\n{NOMINA.replace('files', 'mysql')}", 2, "kind", "«mysql»"),
    "union_tag_not_found": (f"{HEADINGS}\n{NOMINA.replace('files', '')}", 2, "kind", "falta"),
    "cron_invalid": (f"{HEADINGS},programación\n{NOMINA},cada día", 2, "programación", "«cada día»"),
    "role_unknown": (f"{HEADINGS},Responsable\n{NOMINA},soprte", 2, "Responsable", "«soporte»"),
    "duration": (f"{HEADINGS},RPO\n{NOMINA},un día", 2, "RPO", "«un día» no es una duración"),
    "scope_id": (f"{HEADINGS},id\n{NOMINA},Nómina", 2, "id", "no sirve de identificador"),
    "asset_twice": (f"{HEADINGS}\n{NOMINA}\n{NOMINA}", 3, "asset", "ya está en la línea 2"),
    "scope_id_twice": (
        f"{HEADINGS},id\n{NOMINA},nomina\n{NOMINA.replace('A-1', 'A-2')},nomina", 3, "id", "de la línea 2"
    ),
    "inventory_cells": (f"{HEADINGS}\n{NOMINA},más", 2, "", "8 celdas y los títulos son 7"),
    "not_csv": (f'{HEADINGS}\n"{NOMINA}', 2, "", "no es un CSV"),
    "inventory_empty": ("", 1, "", "está vacío"),
    "column_unknown": (f"{HEADINGS},scheduel\n{NOMINA},x", 1, "scheduel", "¿Quiso escribir «schedule»?"),
    "column_twice": (f"{HEADINGS},Nombre\n{NOMINA},x", 1, "Nombre", "la misma columna que «name»"),
    "column_missing": ("name,kind\nNómina,files", 1, "asset", "falta la columna «asset»"),
}  # fmt: skip


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_told_with_line_and_column_and_nothing_is_written(config, csv_file, code):
    text, line, column, told = MISTAKES[code]
    good = "A-9,Bueno,Talento,alta,files,/srv/bueno,principal"
    lines = [text, good] if text.count("\n") == 1 and text.startswith(f"{HEADINGS}\n{NOMINA[:3]}") else [text]
    file = csv_file(*lines)
    done = respaldo("import", file)
    assert done.exit_code == 1
    place = f"{file}:{line}: {column}:" if column else f"{file}:{line}:"
    assert any(found.startswith(place) and told in found for found in done.stderr.splitlines()), done.stderr
    assert "No se escribió nada" in done.stderr
    assert names(config) == []
    assert code in PROBLEMS


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_bytes(b"asset\n\x81\x8d")])
def test_a_file_that_cannot_be_read_is_told(config, tmp_path, make):
    path = tmp_path / "assets.csv"
    make(path)
    done = respaldo("import", path)
    assert done.exit_code == 1
    assert "el archivo no se puede leer" in done.stderr


def test_equal_names_get_numbers_also_beside_scopes_of_other_assets(config, csv_file):
    lines = [NOMINA, NOMINA.replace("A-1", "A-2"), NOMINA.replace("A-1", "A-3")]
    respaldo("import", csv_file(HEADINGS, *lines[:2]))
    done = respaldo("import", csv_file(HEADINGS, *lines))
    assert names(config) == ["nomina.yaml", "nomina_2.yaml", "nomina_3.yaml"]
    assert "2 activos ya tienen alcance: A-1, A-2" in done.stdout
    assert "A-3" in (config / "scopes" / "nomina_3.yaml").read_text()


def test_a_second_import_of_the_same_file_changes_nothing(config):
    respaldo("import", EXAMPLE)
    before = {path: path.read_bytes() for path in (config / "scopes").iterdir()}
    done = respaldo("import", EXAMPLE)
    assert (done.exit_code, "Nada por escribir" in done.stdout) == (0, True)
    assert {path: path.read_bytes() for path in (config / "scopes").iterdir()} == before


@pytest.mark.parametrize("name", ["nomina.yaml", "nomina.yml"])
def test_a_file_that_is_there_is_never_overwritten(config, csv_file, name):
    """It names no asset: it may well be the same thing."""
    path = config / "scopes" / name
    path.write_text("mío")
    done = respaldo(
        "import", csv_file(HEADINGS, NOMINA, NOMINA.replace("A-1", "A-2").replace("Nómina", "Otra"))
    )
    assert done.exit_code == 1
    told = PROBLEMS["scope_file_exists"].format(value=path)
    assert f":2: name: {told}" in done.stderr
    assert (names(config), path.read_text()) == ([name], "mío")


@pytest.mark.parametrize("name", ["../fuera", "/tmp/fuera", "a\x00b", "a" * 300])
def test_an_id_that_is_no_name_of_a_file_is_refused_before_anything_is_written(config, csv_file, name):
    done = respaldo("import", csv_file(f"{HEADINGS},id", f"{NOMINA},{name}"))
    assert done.exit_code == 1
    assert "No se escribió nada" in done.stderr
    assert names(config) == []
    assert not list(config.rglob("fuera*"))


def test_a_folder_that_takes_nothing_is_told(config, csv_file, tmp_path):
    (tmp_path / "file").write_text("")
    done = respaldo("import", csv_file(HEADINGS, NOMINA), "--to", tmp_path / "file")
    assert done.exit_code == 1
    assert "No quedó escrito ninguno" in done.stderr


def test_when_one_file_cannot_be_written_none_stays(config, csv_file):
    """The second one's name is taken by a link to nowhere, which no check before it sees."""
    (config / "scopes" / "otra.yaml").symlink_to("/nonexistent/otra.yaml")
    target = config / "scopes"
    with pytest.raises(FileExistsError):
        write({"nomina": "a", "otra": "b"}, target)
    assert names(config) == ["otra.yaml"]


def test_missing_names_assets_and_scopes_that_do_not_meet(config, csv_file):
    respaldo("import", csv_file(HEADINGS, NOMINA, NOMINA.replace("A-1", "A-7").replace("Nómina", "Vieja")))
    own = config / "scopes" / "nomina.yaml"
    shutil.copy(own, config / "scopes" / "propia.yaml")
    (config / "scopes" / "propia.yaml").write_text(own.read_text().replace("asset: A-1\n", ""))
    (config / "scopes" / "rota.yaml").write_text("name: [")

    done = respaldo("missing", csv_file("codigo;nombre", "A-1;Nómina", "A-2;Actas [bold]"))

    assert done.exit_code == 1
    without, _, rest = done.stdout.partition("Alcances de un activo que no está en el inventario")
    unknown, _, unnamed = rest.partition("Alcances que no dicen de qué activo son")
    assert "A-2" in without
    assert "Actas [bold]" in without
    assert "A-1" not in without
    assert "vieja" in unknown
    assert "propia" not in unknown
    assert "propia" in unnamed
    assert "Activos sin alcance: 1 de 2." in done.stdout
    assert "rota (respaldo lint)" in done.stderr
    assert "como si no tuviera alcance" in " ".join(done.stderr.split())


def test_an_import_warns_of_a_broken_file_that_may_be_the_scope_of_an_asset(config, csv_file):
    (config / "scopes" / "rota.yaml").write_text("asset: A-1\nname: [")
    done = respaldo("import", csv_file(HEADINGS, NOMINA), "--dry-run")
    assert done.exit_code == 0
    assert "rota (respaldo lint)" in done.stderr
    assert "como si no tuviera alcance" in " ".join(done.stderr.split())


def test_missing_is_content_when_each_asset_has_its_scope(config, csv_file):
    respaldo("import", csv_file(HEADINGS, NOMINA))
    done = respaldo("missing", csv_file("Activo,Serial", "A-1,XYZ"))
    assert (done.exit_code, done.stdout) == (0, "Cada activo del inventario tiene su alcance.\n")


def test_the_plain_command_still_lists_the_scopes(config, csv_file):
    respaldo("import", csv_file(HEADINGS, NOMINA))
    done = respaldo()
    assert done.exit_code == 0
    assert "nomina" in done.stdout


def test_a_thousand_assets_are_imported_in_seconds(config, csv_file):
    lines = [NOMINA.replace("A-1", f"A-{n}").replace("Nómina", f"Equipo {n}") for n in range(1000)]
    done = respaldo("import", csv_file(HEADINGS, *lines))
    assert done.exit_code == 0, done.output[-500:]
    assert len(names(config)) == 1000


@given(st.text(max_size=80))
def test_an_id_can_be_made_of_any_name(name):
    found = id_of(Asset(7, {"name": name, "asset": "INV/07"}), set())
    assert re.fullmatch(SCOPE_ID, found)
    assert plain(found) == found


@given(st.dictionaries(st.sampled_from(["name", "what", "instructions"]), st.text(min_size=1, max_size=60)))
def test_whatever_is_written_is_read_again_as_it_was(data):
    draft = Draft(Asset(1, {}), "x", data, frozenset({"what"}))
    text = written(draft, "Título\nOtra línea", {"name": "Nota"}, "REVISAR")
    assert (yaml.safe_load(text) or {}) == data
