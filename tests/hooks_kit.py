"""An installation with one scope whose steps are done one by one, to see its own commands run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import yaml

from airflow_kit import connection_to
from live_kit import repository_settings, write_configuration
from respaldo.domain.values import Run
from respaldo.flows import steps
from respaldo.flows.closing import close
from respaldo.flows.workplace import Workplace
from respaldo.report.spool import Spool
from respaldo.report.store import Report

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


def sh(name: str, script: str, **more: str) -> dict:
    return {"name": name, "run": ["sh", "-c", script], **more}


class Place:
    """An installation with the scope ``erp``, whose steps are done one by one."""

    def __init__(self, root: Path, database) -> None:
        self.root, self.database = root, database
        self.results: dict = {}
        self.log = root / "calls"

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def note(self, word: str) -> str:
        return f"echo {word} >> {self.log}"

    def scope(self, **changes: object) -> None:
        settings = {
            "name": "ERP", "department": "Hacienda", "criticality": "alta", "rpo": "26h", "rto": "4h",
            "responsible": "soporte", "source": {"kind": "files", "paths": [str(self.root / "data")]},
            "repository": "principal", "retention": {"daily": "7d"}, **changes,
        }  # fmt: skip
        path = self.root / "config" / "scopes" / "erp.yaml"
        path.write_text(yaml.safe_dump(settings, allow_unicode=True))

    def context(self, step: str, attempt: int = 1, run_id: str = "uno", states: dict | None = None) -> dict:
        ti = SimpleNamespace(
            dag_id="backup__erp", run_id=run_id, try_number=attempt, task_id=step,
            xcom_pull=lambda task_ids, key=None: None if key else self.results.get(task_ids),
            xcom_push=lambda **_: None, get_task_states=lambda **_: {run_id: states or {}},
        )  # fmt: skip
        task = SimpleNamespace(execution_timeout=None, get_flat_relative_ids=lambda **_: set(states or {}))
        dag_run = SimpleNamespace(run_type="manual", conf={}, run_after=NOW)
        return {"ti": ti, "task": task, "dag_run": dag_run, "params": {}}

    def do(self, step: str, **how) -> dict:
        self.results[step] = steps.run(step, "erp", self.context(step, **how))
        return self.results[step]

    def close(self, run_id: str = "uno", **states: str) -> None:
        close(Workplace.of("erp", self.context("record", run_id=run_id, states=states)))

    def row(self, run_id: str = "uno") -> dict:
        run = Run(dag_id="backup__erp", run_id=run_id, scope_id="erp")
        return Report(self.database, Spool(self.root / "spool")).row(run.key)

    def ran(self, key: str = "hooks execute 1") -> list[tuple[str, str, int]]:
        return [(one["when"], one["name"], one["exit_code"]) for one in self.row()["console"].get(key, ())]


def installed(root: Path, database, set_variable: Callable[[str, str], None]) -> Place:
    """Make it, and say where it is in the environment."""
    (root / "data").mkdir()
    (root / "data" / "libro.csv").write_text("uno\n")
    config, settings = root / "config", repository_settings("principal")
    settings["location"] = str(root / "principal")
    write_configuration(config, {"principal": settings}, {})
    (config / "scopes").mkdir(exist_ok=True)
    set_variable("RESPALDO_CONFIG", str(config))
    set_variable("RESPALDO_HOME", str(root / "home"))
    set_variable("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(database))
    master = json.dumps({"conn_type": "restic", "password": "clave de prueba, larga"})
    set_variable("AIRFLOW_CONN_RESPALDO_PRINCIPAL", master)
    return Place(root, database)
