"""What restored databases still hold of the installation that is gone, and what it must be now."""

from __future__ import annotations

from typing import NamedTuple

from respaldo import connections
from respaldo.production import databases
from respaldo.production.connections import ITSELF
from respaldo.production.initialize import ADMINISTRATOR
from respaldo.production.mounted import secret
from respaldo.production.saved import Say
from respaldo.texts import recovering as texts

# With passwords of the databases that are gone. Those of the repositories are the envelope's, and stay;
# those that lead to another server are somebody's own.
_FORGET = "DELETE FROM connection WHERE conn_id = ANY(%s) AND host = %s"
_ADMIT = "UPDATE ab_user SET password = %s WHERE username = %s"
# Their messages went with the broker, and nobody would ask for them before a quarter of an hour.
_QUEUE_AGAIN = """
UPDATE task_instance
SET state = NULL, queued_by_job_id = NULL, external_executor_id = NULL, queued_dttm = NULL
WHERE state = 'queued'
"""
# Their programs are gone: who is begun now need not wait until they are late. Airflow then does what it does
# after any crash.
_BURY = "UPDATE job SET state = 'failed' WHERE state = 'running'"
_SILENCE = "UPDATE task_instance SET last_heartbeat_at = 'epoch' WHERE state IN ('running', 'restarting')"
_OPEN_RUNS = "SELECT dag_id, run_id FROM dag_run WHERE state IN ('queued', 'running') ORDER BY 1, 2"
_NEWEST = """
SELECT number, scope_id, coalesce(ended_at, started_at, programmed_for), (SELECT count(*) FROM respaldo.fm007)
FROM respaldo.fm007 ORDER BY coalesce(ended_at, started_at, programmed_for) DESC NULLS LAST LIMIT 1
"""


class OpenRun(NamedTuple):
    """A run that was under way when the copy was made: the scheduler goes on with it."""

    dag_id: str
    run_id: str


def revive(say: Say) -> None:
    """Mend Airflow's database for its new server, and tell what came back. It can be done again.

    :raises psycopg.Error: it cannot be entered; nothing of it is done then.
    """
    for run in mend():
        say(texts.OPEN_RUN.format(dag=run.dag_id, run=run.run_id))
    say(texts.ADMIN)
    with databases.connect(databases.REPORT) as connection:
        newest = connection.execute(_NEWEST).fetchone()
    if newest is None:
        say(texts.NO_ROWS)
        return
    number, scope, moment, rows = newest
    say(texts.NEWEST_ROW.format(number=number, scope=scope, moment=moment, rows=rows))


def mend() -> tuple[OpenRun, ...]:
    """Take out what only the server that is gone had, all at once, and give the runs that go on."""
    from werkzeug.security import generate_password_hash

    ours = [connections.REPORT, ITSELF]
    hashed = generate_password_hash(secret("admin_password"), method="scrypt")
    with databases.connect(databases.AIRFLOW) as connection, connection.transaction():
        connection.execute(_FORGET, (ours, databases.SERVER))
        connection.execute(_ADMIT, (hashed, ADMINISTRATOR))
        connection.execute(_QUEUE_AGAIN)
        connection.execute(_BURY)
        connection.execute(_SILENCE)
        return tuple(OpenRun(*row) for row in connection.execute(_OPEN_RUNS))
