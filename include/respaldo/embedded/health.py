"""Whether Airflow is well: by its own word, and by heartbeats that are newer than our question."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from respaldo.domain.values import Value
from respaldo.embedded.errors import ProgramFailedError
from respaldo.embedded.ports import HOST

START_SECONDS = 180.0
"""How long Airflow may take to become healthy on a machine that is slow or busy."""

PARTS = ("metadatabase", "scheduler", "dag_processor")
_BEAT = "latest_{}_heartbeat"


class Health(Value):
    """Each part's own word (None: it does not answer) and its last heartbeat."""

    status: dict[str, str | None]
    beats: dict[str, datetime]

    def is_good(self, since: datetime | None = None) -> bool:
        """Tell whether all is well, and each part that has a heartbeat gave one after ``since``."""
        well = all(self.status[part] == "healthy" for part in PARTS)
        return well and (since is None or all(beat >= since for beat in self.beats.values()))


def ask(port: int) -> Health:
    """Ask the web server. One that does not answer is not well."""
    try:
        answer = httpx.get(f"http://{HOST}:{port}/api/v2/monitor/health", timeout=10, trust_env=False)
        told: dict[str, Any] = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        told = {}
    parts = {part: told.get(part) or {} for part in PARTS}
    beats = {part: found.get(_BEAT.format(part)) for part, found in parts.items()}
    return Health(
        status={part: found.get("status") for part, found in parts.items()},
        beats={part: datetime.fromisoformat(beat) for part, beat in beats.items() if beat},
    )


def wait(
    port: int,
    since: datetime | None,
    failed: Callable[[], str | None],
    is_ours: Callable[[], bool],
    logs: Path,
) -> None:
    """Wait until Airflow is healthy.

    :param is_ours: tells whether it is our server that answers: another installation that starts at this
        moment may have taken the port first.
    :param failed: names a program that has given up, if one has.
    :raises ProgramFailedError: a program gave up, or it took longer than ``START_SECONDS``.
    """
    deadline = time.monotonic() + START_SECONDS
    while not (ask(port).is_good(since) and _takes_tasks(port) and is_ours()):
        given_up = failed()
        if given_up or time.monotonic() > deadline:
            name = given_up or "airflow"
            raise ProgramFailedError(program=name, log=logs / f"{name}.log" if given_up else logs)
        time.sleep(0.2)


def _takes_tasks(port: int) -> bool:
    """The part of the web server that tasks talk to builds itself on the first call, which takes seconds."""
    try:
        return httpx.get(f"http://{HOST}:{port}/execution/health", timeout=60, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def now() -> datetime:
    """Give the present moment, in the zone of Airflow's heartbeats."""
    return datetime.now(UTC)
