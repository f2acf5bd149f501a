"""Answer what waits for people over Airflow's REST API, as they do with its page."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from respaldo.domain.values import Run
from respaldo.embedded.api import Api
from respaldo.embedded.errors import ApiError


class Answer(NamedTuple):
    """An option, and what is written beside it: every field that the question has."""

    option: str
    fields: Mapping[str, Any]


def waits(api: Api, run: Run, task: str) -> bool:
    """Whether a task of a run waits for an answer now."""
    try:
        return str(api.get(_task(run, task))["state"]) == "awaiting_input"
    except ApiError:
        return False


def give(api: Api, run: Run, task: str, answer: Answer) -> None:
    """Answer; a question that was answered a moment ago, and is not yet taken up, refuses a second one."""
    body = {"chosen_options": [answer.option], "params_input": dict(answer.fields)}
    with contextlib.suppress(ApiError):
        api.patch(f"{_task(run, task)}/-1/hitlDetails", body)


def _task(run: Run, task: str) -> str:
    return f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task}"
