"""What a thousand scopes cost the DAG processor, against as many DAGs of five tasks that say nothing.

Both are built and serialized in this process, in seconds of computing. Airflow gives up a file after 50.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.table import Table

COUNT = 1000

SCOPE = """
name: Banco de pruebas {number}
department: Pruebas
criticality: baja
schedule: "0 1 * * *"
rpo: 26h
rto: 4h
responsible: soporte
source: {{kind: files, paths: ["/srv/pruebas"]}}
repository: principal
second_copy: secundario
retention: {{daily: 7d}}
"""


def parsing(configuration: Path) -> Table:
    """Measure both.

    :param configuration: the folder whose organization and repositories the scopes use.
    """
    from respaldo.flows.scopes import airflow_backup_dags

    table = Table("thousand DAGs", "read: CPU s", "read and serialized: CPU s", "ratio")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("organization.yaml", "repositories.yaml"):
            (root / name).write_bytes((configuration / name).read_bytes())
        write_scopes(root / "scopes", COUNT)
        before = os.environ.get("RESPALDO_CONFIG")
        os.environ["RESPALDO_CONFIG"] = folder
        try:
            plain = _cost(_plain)
            ours = _cost(lambda: airflow_backup_dags().values())
        finally:
            if before is None:
                del os.environ["RESPALDO_CONFIG"]
            else:
                os.environ["RESPALDO_CONFIG"] = before
    for title, (read, whole) in {"plain": plain, "scopes": ours}.items():
        table.add_row(title, f"{read:.1f}", f"{whole:.1f}", f"{whole / plain[1]:.2f}")
    return table


def write_scopes(folder: Path, count: int) -> None:
    """Make a folder of scopes that differ in their names alone."""
    folder.mkdir()
    for number in range(count):
        (folder / f"banco_{number:04}.yaml").write_text(SCOPE.format(number=number), encoding="utf-8")


def _cost(make: Callable[[], Iterable[object]]) -> tuple[float, float]:
    from airflow.serialization.serialized_objects import DagSerialization

    began = time.process_time()
    made = list(make())
    read = time.process_time() - began
    for dag in made:
        DagSerialization.to_dict(dag)
    return read, time.process_time() - began


def _plain() -> Iterable[object]:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG
    from airflow.sdk.bases.operator import chain

    for number in range(COUNT):
        with DAG(dag_id=f"plain_{number}", schedule="0 1 * * *") as dag:
            chain(*(EmptyOperator(task_id=f"task_{task}") for task in range(6)))
        yield dag
