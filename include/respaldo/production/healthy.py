"""Whether a program of the stack does its work: ``python -m respaldo.production.healthy worker``.

For the containers' health checks, so it imports neither Airflow nor the command line: Airflow's own
commands answer the same after 2.5 seconds of computing, each time.
"""

from __future__ import annotations

import socket
import sys

from respaldo.production import databases
from respaldo.production.mounted import secret

LATE_SECONDS = 60
"""A program whose last sign of life is older than this is not well; they give one every five seconds."""

JOBS = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}
WORKER = "worker"
WORKER_ALONE = "worker-alone"
"""A worker, but not to blame for a broker that is away: where who fails is killed, and copies with him."""

BROKER = ("redis", 6379)

_PATIENCE_SECONDS = 5
_ALIVE = """
SELECT EXISTS (
    SELECT FROM job
    WHERE job_type = %s AND hostname = %s AND state = 'running'
      AND latest_heartbeat > now() - make_interval(secs => %s)
)
"""


def is_healthy(program: str) -> bool:
    """Ask for this container's sign of life: Airflow's table of jobs, or over the broker a worker itself.

    :param program: one of ``JOBS``, ``WORKER`` or ``WORKER_ALONE``.
    :raises Exception: the database or the broker cannot be asked; then nothing can be said for the program.
    """
    if program == WORKER_ALONE:
        return not _broker_is_there() or _answers()
    return _answers() if program == WORKER else _beats(JOBS[program])


def _beats(job: str) -> bool:
    import psycopg

    with psycopg.connect(
        host=databases.SERVER,
        user=databases.AIRFLOW,
        dbname=databases.AIRFLOW,
        password=secret("airflow_database_password"),
        connect_timeout=_PATIENCE_SECONDS,
    ) as connection:
        found = connection.execute(_ALIVE, (job, socket.gethostname(), LATE_SECONDS)).fetchone()
    return found == (True,)


def _broker_is_there() -> bool:
    from redis import Redis, RedisError
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    host, port = BROKER
    asking = Redis(
        host=host,
        port=port,
        password=secret("redis_password"),
        socket_connect_timeout=_PATIENCE_SECONDS,
        socket_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(asking.ping())
    except RedisError:
        return False
    finally:
        asking.close()


def _answers() -> bool:
    from celery import Celery

    host, port = BROKER
    broker = f"redis://:{secret('redis_password')}@{host}:{port}/0"
    with Celery(broker=broker, set_as_current=False) as asking:
        myself = f"celery@{socket.gethostname()}"
        return bool(asking.control.ping(destination=[myself], timeout=_PATIENCE_SECONDS))


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1]) else 1)
