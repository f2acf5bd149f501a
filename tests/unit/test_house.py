"""The rules of the house that no linter knows."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from imports_kit import imported_with

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "include" / "respaldo"
LONGEST_MODULE = 400

MODULES = sorted(
    path for folder in ("include", "dags", "plugins") for path in (PROJECT / folder).rglob("*.py")
)
LAYERS = [
    "respaldo.demo",
    "respaldo.embedded",
    "respaldo.flows",
    "respaldo.actions",
    "respaldo.sources",
    "respaldo.restic",
    "respaldo.hosts",
    "respaldo.domain",
]


def test_no_module_is_longer_than_a_reader_can_hold():
    long = {
        str(path): count for path in MODULES if (count := len(path.read_text().splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_the_direction_of_imports_is_held_by_contracts():
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    named = [name.strip() for layer in layers for name in layer.split("|")]
    assert [name for name in named if name in LAYERS] == LAYERS
    forbidden = {
        module
        for contract in contracts
        if contract["type"] == "forbidden" and "airflow" in contract["forbidden_modules"]
        for module in contract["source_modules"]
    }
    assert forbidden >= {f"respaldo.{name}" for name in ("domain", "config", "actions", "restic", "report")}


def test_what_sets_airflow_up_does_not_import_it(tmp_path):
    """Airflow takes its home when it is imported: in this user's folder, made there or another's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    packages = ("respaldo.demo", "respaldo.embedded")
    assert "airflow" not in imported_with(*packages, environment=kept | {"HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [path for path in PACKAGE.rglob("*.py") if not {"texts", "demo"} & set(path.relative_to(PACKAGE).parts)],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_what_operators_read_is_written_in_texts(path):
    spanish = [
        line for line in path.read_text().splitlines() if re.search("[áéíóúñü¿¡]", line, re.IGNORECASE)
    ]
    assert spanish == []


def test_no_file_names_the_folder_of_somebodys_machine():
    # People's folders, and this checkout's own; not its parent, which may be /opt: texts name that.
    pattern = re.compile(rf"/(home|Users)/[a-z]+/|{re.escape(str(PROJECT))}/")
    assert [str(path) for path in MODULES if pattern.search(path.read_text())] == []
