"""Three requirements, asked and answered over Airflow's REST API as the right people (activities 17 to 26).

A database comes back from the first copy; a damaged repository makes the second copy save the day, and is
repaired; and one that is no restoration becomes an unscheduled backup.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from respaldo.demo import answering, compare, damage, sources
from respaldo.demo.answering import Answer
from respaldo.demo.libpq import run_program
from respaldo.demo.runs import Triggered, wait, wait_for_dag
from respaldo.domain.values import Run
from respaldo.embedded.api import Api
from respaldo.embedded.errors import ApiError
from respaldo.embedded.installation import Installation
from respaldo.flows.names import dag_id_of
from respaldo.flows.requests.names import RESTORE_REQUEST, run_id_of
from respaldo.report.store import Report
from respaldo.texts import demo as texts
from respaldo.texts.report import TERMS
from respaldo.texts.requests import ACCEPTANCES, ANALYSES

_ASKS = "soporte"
_ANALYSES = "profesional"
_ACCEPTS = "soporte"


@dataclass
class Asked:
    """One requirement: what is asked, what people answer, and how it must end."""

    title: str
    conf: dict[str, Any]
    answers: dict[str, tuple[str, str]]
    """Task to the person and the option; a task that is not here waits in vain."""
    outcome: str
    run_id: str = ""

    @property
    def run(self) -> Run:
        return Run(dag_id=RESTORE_REQUEST, run_id=self.run_id, scope_id=self.conf["scope"])


def problems(
    installation: Installation, report: Report, say: Callable[[str], None], meanwhile: Callable[[], None]
) -> list[str]:
    """Ask and answer all of them, and name what did not come out as it must.

    :param meanwhile: what else is done while they go on.
    """
    say(texts.REQUESTS)
    api = installation.api
    wait_for_dag(api, RESTORE_REQUEST)
    api.patch(f"dags/{RESTORE_REQUEST}", {"is_paused": False})
    asked = _requirements()
    first, saved, _ = asked
    damage.flip_one_bit(installation, sources.FILES)
    for requirement in asked:
        _ask(installation, requirement)
        say(texts.REQUEST.format(title=requirement.title))
    states = _answer_all(installation, asked, say, meanwhile)
    reruns = list(_wrong_rerun(installation, report, saved, say))
    found = [
        problem
        for requirement in asked
        for problem in _wrong_end(report, requirement, states[requirement.run_id])
    ]
    if not found:
        found += _different_database(installation, report, first)
        found += _different_files(installation, report, saved)
    for requirement in asked:
        outcome = TERMS["outcome"].get(_outcome(report, requirement) or "", texts.NO_OUTCOME)
        say(texts.REQUEST_DONE.format(title=requirement.title, outcome=outcome))
    return found + reruns


def _requirements() -> tuple[Asked, Asked, Asked]:
    analysed = {"analyse": (_ANALYSES, ANALYSES["restoration"])}
    accepted = (_ACCEPTS, ACCEPTANCES["satisfies"])
    return (
        Asked(
            texts.ASKED_DATABASE,
            _conf(texts.ASKED_DATABASE, sources.DATABASE),
            analysed | {"accept": accepted},
            "satisfied",
        ),
        Asked(
            texts.ASKED_FILES,
            _conf(texts.ASKED_FILES, sources.FILES),
            analysed | {"second_accept": accepted},
            "satisfied",
        ),
        Asked(
            texts.ASKED_BACKUP,
            _conf(texts.ASKED_BACKUP, sources.DATABASE),
            {"analyse": (_ANALYSES, ANALYSES["unscheduled_backup"])},
            "backup_done",
        ),
    )


def _conf(what: str, scope_id: str) -> dict[str, Any]:
    return {
        "requester": texts.REQUESTER,
        "ticket": texts.TICKET.format(number=scope_id),
        "what_happened": what,
        "scope": scope_id,
    }


def _ask(installation: Installation, requirement: Asked) -> None:
    body = {"logical_date": None, "conf": requirement.conf}
    made = installation.api_of(_ASKS).post(f"dags/{RESTORE_REQUEST}/dagRuns", body)
    requirement.run_id = made["dag_run_id"]


def _answer_all(
    installation: Installation,
    asked: tuple[Asked, ...],
    say: Callable[[str], None],
    meanwhile: Callable[[], None],
) -> dict[str, str]:
    """Answer what waits until all are over or the time is up, and give the state of each run."""
    people = {name: installation.api_of(name) for name in (_ANALYSES, _ACCEPTS)}

    def answer() -> None:
        meanwhile()
        for requirement in asked:
            _answer(people, requirement)

    begun = [Triggered(requirement.run) for requirement in asked]
    wait(installation.api, begun, say, meanwhile=answer)
    return {one.run.run_id: one.state for one in begun}


def _answer(people: dict[str, Api], requirement: Asked) -> None:
    """Answer what waits, each time that it does.

    Airflow asks again when an answer comes before its scheduler has noticed that the task waits.
    """
    for task, (person, option) in requirement.answers.items():
        note = {"note": texts.NOTE} | ({"snapshot": None} if task == "analyse" else {})
        if answering.waits(people[person], requirement.run, task):
            answering.give(people[person], requirement.run, task, Answer(option, note))


def _wrong_end(report: Report, requirement: Asked, state: str) -> Iterator[str]:
    if state != "success":
        yield texts.NOT_GOOD.format(run=requirement.run_id, state=state)
    actual = _outcome(report, requirement)
    if actual != requirement.outcome:
        yield texts.WRONG.format(
            run=requirement.run_id, column="outcome", actual=actual, expected=requirement.outcome
        )


def _outcome(report: Report, requirement: Asked) -> str | None:
    row = report.request(requirement.run.key)
    return row["outcome"] if row else None


def _wrong_rerun(
    installation: Installation, report: Report, requirement: Asked, say: Callable[[str], None]
) -> Iterator[str]:
    """See that the scope was run again because its copy was bad (15), and that the run repaired it."""
    row = report.request(requirement.run.key) or {}
    run_id = run_id_of(requirement.run.key, "rerun")
    rerun = Run(dag_id=dag_id_of(sources.FILES), run_id=run_id, scope_id=sources.FILES)
    try:
        wait(installation.api, [Triggered(rerun)], say)
    except ApiError as error:
        yield texts.NOT_GOOD.format(run=run_id, state=error)
        return
    again = report.row(row.get("rerun") or "") or {}
    remedies = [one["remedy"] for one in again.get("applied") or ()]
    for column, actual, expected in (
        ("verification_result", again.get("verification_result"), "good"),
        ("applied", remedies, ["repair"]),
    ):
        if actual != expected:
            yield texts.WRONG.format(run=run_id, column=column, actual=actual, expected=expected)


def _different_database(installation: Installation, report: Report, requirement: Asked) -> list[str]:
    """Compare the restored database with the live one, and drop it."""
    row = report.request(requirement.run.key) or {}
    [where] = row["restored"]["first"]["where"]
    name = where.rpartition("/")[2]
    restored = installation.endpoint(name)
    found = [
        texts.RESTORED_DIFFERENT.format(where=where, path=one.path, aspect=one.aspect)
        for one in compare.databases(sources.server(installation), restored)
    ]
    run_program(("dropdb", "--force", name), restored, "postgres")
    return found


def _different_files(installation: Installation, report: Report, requirement: Asked) -> list[str]:
    """Compare the restored files with the live ones, and remove them."""
    row = report.request(requirement.run.key) or {}
    [where] = row["restored"]["second"]["where"]
    root = sources.documents(installation)
    found = [
        texts.RESTORED_DIFFERENT.format(where=where, path=one.path, aspect=one.aspect)
        for one in compare.trees(root, Path(f"{where}{root}"), ignore=sources.unreadable())
    ]
    shutil.rmtree(where, ignore_errors=True)
    return found
