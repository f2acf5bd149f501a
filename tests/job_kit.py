"""The work of a scope's steps without Airflow: its job, and what a report would know of its copies."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import SecretStr

from respaldo.actions.job import Job
from respaldo.config.configuration import load
from respaldo.config.home import Home
from respaldo.domain.restoring import KnownCopy
from respaldo.domain.values import Endpoint, Run
from respaldo.restic.engine import find_engine

CONFIG = Path(__file__).parents[1] / "include" / "config"


def nobody_looks(progress):
    """Take progress events that no test is about."""


def job_of(source: dict, folder: Path, attempt: int = 1, run_id: str = "first") -> Job:
    """Write a scope with a source and give its job; an attempt is another one of the same run."""
    scope = {
        "name": "Borde",
        "department": "TIC",
        "criticality": "alta",
        "rpo": "26h",
        "rto": "4h",
        "responsible": "soporte",
        "source": source,
        "repository": "principal",
        "retention": {"daily": "7d"},
    }
    place = {
        "location": str(folder / "principal"),
        "connection": "c",
        "site": "Sede",
        "medium": "disco",
    }
    root = folder / "config"
    (root / "scopes").mkdir(parents=True, exist_ok=True)
    (root / "organization.yaml").write_text((CONFIG / "organization.yaml").read_text())
    (root / "repositories.yaml").write_text(yaml.safe_dump({"principal": place}))
    (root / "scopes" / "borde.yaml").write_text(yaml.safe_dump(scope))
    configuration = load(root)
    return Job(
        run=Run(dag_id="backup__borde", run_id=run_id, scope_id="borde", attempt=attempt),
        scope=configuration.scopes["borde"],
        configuration=configuration,
        home=Home(folder / "home"),
        engine=find_engine(),
        master_secret=lambda _: SecretStr("maestro"),
        endpoint_of=lambda name: Endpoint(name=name, password=SecretStr("cl4ve")),
    )


def known(job: Job, made, verified) -> KnownCopy:
    return KnownCopy(
        run_key=job.run.key,
        run_id=job.run.run_id,
        number=1,
        taken_at=made.ended_at,
        state="succeeded",
        files=made.files,
        size_bytes=made.size_bytes,
        repository="principal",
        copies=made.copies,
        verification=verified.evidence,
    )
