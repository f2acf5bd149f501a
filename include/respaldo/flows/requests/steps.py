"""The steps of a request that a worker does: act, write the rows, hand on the result, choose the way."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk.exceptions import AirflowTaskTimeout

from respaldo.actions import request_rows
from respaldo.actions.choose import choose
from respaldo.actions.delivery import delivery
from respaldo.actions.identify import identify
from respaldo.actions.restore import restore
from respaldo.actions.rows import Effort
from respaldo.domain.errors import RespaldoError, TimedOutError
from respaldo.domain.requests import Finding, RestoreRequest, Story, after_copy
from respaldo.domain.restoring import Delivery, Identified, KnownCopy, Which
from respaldo.domain.values import Value
from respaldo.flows.progress import Teller
from respaldo.flows.requests import closing, form, told
from respaldo.flows.requests.findings import ABSENT, BAD, failure_of, finding_of, refused, worded
from respaldo.flows.requests.place import FAILURE, Delivered, Looked, RequestPlace
from respaldo.flows.routing import AT_THE_SCOPE
from respaldo.flows.wording import moment
from respaldo.report.export import size
from respaldo.texts import requests as texts
from respaldo.texts.backup import CORRECTIVE

if TYPE_CHECKING:
    from airflow.sdk import Context

    from respaldo.actions.job import Job

log = logging.getLogger(__name__)

_ATTEMPTS_ON_A_COPY = 3
"""A repository that cannot be reached is not waited for long: the second copy is there for that."""


class Step(NamedTuple):
    """What a step gives: what it hands on, and the tasks that follow (None: all of them)."""

    result: Value | None = None
    following: tuple[str, ...] | None = None


def run(step: str, context: Context) -> Step:
    """Do one step.

    :raises RespaldoError: why it could not be done, after that is in the rows and in the log.
    """
    place = RequestPlace.of(context)
    with telling(place, step):
        if step in AT_THE_SCOPE:
            _see_where_this_is(place)
        return _WORK[step](place)


@contextmanager
def telling(place: RequestPlace, step: str) -> Iterator[None]:
    """Tell why a step fails where people look for it: in the rows, and in the task's log."""
    began = time.monotonic()
    try:
        yield
    except RespaldoError as error:
        _tell(place, step, worded(error, place.work.run.scope_id), time.monotonic() - began)
        raise
    except AirflowTaskTimeout as timeout:
        timed_out = TimedOutError(seconds=place.work.allowed_seconds)
        _tell(place, step, timed_out, time.monotonic() - began)
        # Airflow would try again what it takes for a failure of its own: this one fails for good.
        raise timed_out from timeout


def _tell(place: RequestPlace, step: str, error: RespaldoError, seconds: float) -> None:
    failure = failure_of(error, step)
    place.ti.xcom_push(key=FAILURE, value=failure.model_dump(mode="json"))
    for row in request_rows.failed(place.work.run, failure, _effort(place, step, seconds)):
        place.work.report.write(row)
    log.error("%s", failure.told)
    log.error(CORRECTIVE, failure.corrective)


def _register(place: RequestPlace) -> Step:
    request = form.filled_in(place.work.context["params"], place.configuration.kept)
    asked_by, at = place.asked_by, place.work.context["dag_run"].run_after
    for row in request_rows.registered(place.work.run, place.scope, request, asked_by, at):
        place.work.report.write(row)
    log.info(texts.REGISTERED, request.requester)
    return Step(request)


def _see_where_this_is(place: RequestPlace) -> None:
    """Refuse to look or to write on another worker than the scope's: it has another disk.

    Its queue was changed after the request was sent, or Airflow does not know our policy
    (`respaldo.flows.routing`). A task that is cleared is given its queue anew.
    """
    queue = place.scope.settings.queue or place.work.context["task"].queue
    if place.ti.queue != queue:
        raise refused("queue", place.scope.id)


def _identify(which: Which) -> Callable[[RequestPlace], Step]:
    def work(place: RequestPlace) -> Step:
        began, step = time.monotonic(), place.ti.task_id
        story, job = place.story(), place.work.job()
        if which == "first" and place.work.run.attempt == 1:
            for row in request_rows.working(
                place.work.run, socket.gethostname(), job.engine.version, datetime.now(UTC)
            ):
                place.work.report.write(row)
        looked = _look(place, job, story, which)
        finding, identified = looked.finding, looked.identified
        if identified is not None:
            _log_identified(place, identified)
        effort = _effort(place, step, time.monotonic() - began)
        for row in request_rows.looked(place.work.run, finding, identified, effort):
            place.work.report.write(row)
        if identified is None:
            return Step(looked, _after_a_bad_copy(story, finding))
        # The first copy is always asked about: what was said before is of a run whose tasks were cleared.
        is_allowed = which == "second" and story.may_overwrite
        follows = "authorize" if identified.touches and not is_allowed else "restore"
        return Step(looked, (_of(which, follows),))

    return work


def _look(place: RequestPlace, job: Job, story: Story, which: Which) -> Looked:
    request = place.request
    analysis = story.decisions["analyse"]
    repository = job.settings.repository if which == "first" else job.settings.second_copy
    known, identified = None, None
    try:
        known = _known(place, which, request, analysis.extra.get("snapshot"))
        identified = identify(job, known, which, request.wanted, _delivery(place, story, which))
    except ABSENT as error:
        finding = _found(error, which, repository)
    except BAD as error:
        if _may_pass(place, error):
            raise
        finding = _found(error, which, repository)
    else:
        finding = Finding(which=which, state="good", repository=known.place(which)[0])
    made_by = {"run_key": known.run_key, "number": known.number} if known else {}
    return Looked(finding=finding, identified=identified, **made_by)


def _known(place: RequestPlace, which: Which, request: RestoreRequest, snapshot: str | None) -> KnownCopy:
    """Give the run whose copies are looked at. The second copy is one of the same run as the first."""
    first = place.looked("first") if which == "second" else None
    if first is not None and first.run_key is not None:
        same = place.work.report.copy_of(request.scope_id, first.run_key)
        if same is not None:
            return same
    return choose(place.work.report, request, snapshot, place.work.context["dag_run"].run_after)


def _restore(which: Which) -> Callable[[RequestPlace], Step]:
    def work(place: RequestPlace) -> Step:
        began, step = time.monotonic(), place.ti.task_id
        story, job = place.story(), place.work.job()
        identified = story.identified[which]
        teller = Teller(place.work.report, place.work.run.key)

        def effort() -> Effort:
            return _effort(place, step, time.monotonic() - began)

        try:
            result = restore(
                job,
                identified,
                _delivery(place, story, which),
                teller.tell,
                authorized=_is_authorized(place, story),
            )
        except BAD as error:
            if _may_pass(place, error):
                raise
            finding = _found(error, which, identified.repository)
            for row in request_rows.looked(place.work.run, finding, None, effort()):
                place.work.report.write(row)
            return Step(Delivered(finding=finding), _after_a_bad_copy(story, finding))
        for row in request_rows.restored(place.work.run, result, identified, effort()):
            place.work.report.write(row)
        log.info(texts.RESTORED, ", ".join(result.where), result.files, size(result.size_bytes))
        _log_evidence(result.evidence)
        finding = Finding(which=which, state="good", repository=identified.repository)
        return Step(Delivered(finding=finding, restored=result), (_of(which, "accept"),))

    return work


def _inform(place: RequestPlace) -> Step:
    closing.inform(place)
    return Step()


def _record(place: RequestPlace) -> Step:
    return Step(closing.close(place))


def _delivery(place: RequestPlace, story: Story, which: Which) -> Delivery:
    first = story.identified.get("first")
    return delivery(place.work.home, place.request, place.work.run.key, which, first)


def _is_authorized(place: RequestPlace, story: Story) -> bool:
    """Whether a second person said yes, and the safety backup that this demands is there."""
    backed_up = ("safety_backup_result", "second_safety_backup_result")
    return (
        story.may_overwrite
        and story.authorization is not None
        and story.authorization.by != place.asked_by
        and any(place.ti.xcom_pull(task_ids=step) for step in backed_up)
    )


def _may_pass(place: RequestPlace, error: RespaldoError) -> bool:
    """Whether a copy's trouble can pass by itself, and was not waited for long enough yet."""
    return error.transient and place.work.run.attempt < _ATTEMPTS_ON_A_COPY


def _found(error: RespaldoError, which: Which, repository: str | None) -> Finding:
    finding = finding_of(error, which, repository)
    log.warning(texts.NOT_GOOD, texts.WHICH[which], finding.told)
    return finding


def _after_a_bad_copy(story: Story, finding: Finding) -> tuple[str, ...]:
    """Where to go on (activity 20, no): the second copy (24), and a new copy of the scope (15)."""
    goes_on = "second_identify" if after_copy(finding) == "second_copy" else "inform"
    if finding.state != "bad" or "rerun" in story.backups:
        return (goes_on,)
    return (goes_on, _of(finding.which, "rerun"))


def _of(which: Which, step: str) -> str:
    return step if which == "first" else f"second_{step}"


def _effort(place: RequestPlace, step: str, seconds: float) -> Effort:
    return Effort(step=step, attempt=place.work.run.attempt, seconds=seconds)


def _log_identified(place: RequestPlace, identified: Identified) -> None:
    log.info(
        texts.IDENTIFIED,
        texts.WHICH[identified.which],
        identified.number,
        moment(identified.taken_at, place.zone),
        identified.repository,
        identified.files,
        size(identified.size_bytes),
    )
    _log_evidence(identified.evidence)


def _log_evidence(shown: tuple[Any, ...]) -> None:
    for evidence in shown:
        log.info(texts.EVIDENCE, told.evidence((evidence,)))


_WORK: dict[str, Callable[[RequestPlace], Step]] = {
    "register": _register,
    "identify": _identify("first"),
    "second_identify": _identify("second"),
    "restore": _restore("first"),
    "second_restore": _restore("second"),
    "inform": _inform,
    "record": _record,
}
