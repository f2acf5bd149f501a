"""What Airflow's database keeps of runs that ended long ago.

Not by ``airflow db clean``: that goes by age alone. It removes a run that still waits for a person, and of
one that waits the trigger, with which the database removes the question itself. Here runs are chosen by
their state, and the database removes what hangs on them: tasks, their values, their questions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from respaldo.domain.values import Run
from respaldo.production import databases
from respaldo.production.mounted import secret

if TYPE_CHECKING:
    import psycopg

RunsOf = Callable[[str], frozenset[str]]
"""DAG -> the runs of it that Airflow knows."""

_AT_ONCE = 500
"""Runs of one transaction: nobody waits long for it."""

_UNFINISHED = (
    "SELECT dag_id, run_id, conf FROM dag_run WHERE state IS NULL OR state NOT IN ('success', 'failed')"
)

# The newest of each kind stays: by it the scheduler knows when the next one is.
_REMOVE_RUNS = """
DELETE FROM dag_run WHERE id IN (
    SELECT old.id FROM dag_run AS old
    WHERE old.state IN ('success', 'failed') AND old.end_date < %(before)s
      AND EXISTS (
          SELECT FROM dag_run AS newer
          WHERE newer.dag_id = old.dag_id AND newer.run_type = old.run_type
            AND newer.run_after > old.run_after
      )
      AND (old.dag_id, old.run_id) NOT IN (SELECT * FROM unnest(%(dags)s::text[], %(runs)s::text[]))
      AND coalesce(old.conf ->> 'request_key', '') <> ALL (%(keys)s::text[])
      AND coalesce(old.conf ->> 'rerun_of', '') <> ALL (%(keys)s::text[])
    ORDER BY old.id LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
"""

# Each by itself: what happened in the page, programs that stopped, signals of good copies, versions of DAGs
# that no run has, and who was in the page.
_REMOVE_REST = (
    "DELETE FROM log WHERE dttm < %(before)s",
    "DELETE FROM job WHERE latest_heartbeat < %(before)s",
    "DELETE FROM asset_event WHERE timestamp < %(before)s",
    """
    DELETE FROM dag_version AS old WHERE created_at < %(before)s
      AND EXISTS (
          SELECT FROM dag_version AS newer
          WHERE newer.dag_id = old.dag_id AND newer.version_number > old.version_number
      )
      AND NOT EXISTS (SELECT FROM task_instance WHERE dag_version_id = old.id)
      AND NOT EXISTS (SELECT FROM dag_run WHERE created_dag_version_id = old.id)
    """,
    "DELETE FROM session WHERE expiry < %(before)s",
)


def enter() -> psycopg.Connection[Any]:
    """Enter Airflow's database as its owner; each statement is its own transaction.

    :raises psycopg.OperationalError: it cannot be entered.
    """
    import psycopg

    return psycopg.connect(
        host=databases.SERVER,
        user=databases.AIRFLOW,
        dbname=databases.AIRFLOW,
        password=secret("airflow_database_password"),
        autocommit=True,
        connect_timeout=10,
    )


def remove(connection: psycopg.Connection[Any], before: datetime) -> int:
    """Remove what ended before a time; give how many runs that were.

    What is not over stays, and so does what it speaks of: the failed run that somebody is still to judge,
    the copies that a request under way has begun.

    :raises psycopg.Error: the database refused; what was removed by then is removed.
    """
    removed = 0
    while True:
        asked = {"before": before, "most": _AT_ONCE, **_spoken_of(connection)}
        count = connection.execute(_REMOVE_RUNS, asked).rowcount
        if not count:
            break
        removed += count
    for statement in _REMOVE_REST:
        connection.execute(statement, {"before": before})
    return removed


def runs_of(connection: psycopg.Connection[Any], dag_id: str) -> frozenset[str]:
    """Name the runs of a DAG that Airflow knows."""
    found = connection.execute("SELECT run_id FROM dag_run WHERE dag_id = %s", (dag_id,))
    return frozenset(run_id for (run_id,) in found)


def _spoken_of(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Name the runs that unfinished ones speak of, and the keys by which their own runs are known."""
    runs, keys = [], []
    for dag_id, run_id, conf in connection.execute(_UNFINISHED):
        said = conf if isinstance(conf, dict) else {}
        keys.append(Run(dag_id=dag_id, run_id=run_id, scope_id="").key)
        if said.get("dag") and said.get("run"):
            failed = Run(dag_id=said["dag"], run_id=said["run"], scope_id="")
            runs.append(failed)
            keys.append(failed.key)
    return {"dags": [run.dag_id for run in runs], "runs": [run.run_id for run in runs], "keys": keys}
