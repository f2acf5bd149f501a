"""Airflow without a scheduler: DAG files are read as the DAG processor reads them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

# Airflow writes its configuration where this says as soon as it is imported: not into somebody's home.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="respaldo-airflow-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

PROJECT = Path(__file__).parents[2]

SCOPE = {
    "name": "Base de nómina",
    "department": "Talento Humano",
    "criticality": "alta",
    "schedule": "0 1 * * *",
    "rpo": "26h",
    "rto": "4h",
    "responsible": "soporte",
    "source": {"kind": "files", "paths": ["/srv/nomina"]},
    "repository": "principal",
    "second_copy": "secundario",
    "retention": {"daily": "7d"},
}


@pytest.fixture
def project() -> Path:
    return PROJECT


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with the default organization and repositories, and no scope."""
    folder = tmp_path / "config"
    (folder / "scopes").mkdir(parents=True)
    for name in ("organization.yaml", "repositories.yaml"):
        (folder / name).write_bytes((PROJECT / "include" / "config" / name).read_bytes())
    monkeypatch.setenv("RESPALDO_CONFIG", str(folder))
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def write_scope(configuration: Path) -> Callable[..., Path]:
    """Write a good scope file, but for what is given; None takes a key out."""

    def write(scope_id: str, **changes: object) -> Path:
        settings = {key: value for key, value in (SCOPE | changes).items() if value is not None}
        path = configuration / "scopes" / f"{scope_id}.yaml"
        path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def dags() -> Callable[[], dict]:
    """Read dags/ and give its DAGs; whatever keeps a file from being read is an error."""
    from airflow.dag_processing.dagbag import DagBag

    def read() -> dict:
        bag = DagBag(str(PROJECT / "dags"), bundle_path=PROJECT / "dags", bundle_name="dags-folder")
        assert bag.import_errors == {}
        return bag.dags

    return read


@pytest.fixture
def scope_dags(dags: Callable[[], dict]) -> Callable[[], dict]:
    """Read dags/ and give the DAGs of scopes."""
    return lambda: {dag_id: dag for dag_id, dag in dags().items() if dag_id.startswith("backup__")}


@pytest.fixture
def as_a_task_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Read DAG files from now on as a process does that is about to run a task of this DAG."""
    return lambda dag_id: monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", dag_id)
