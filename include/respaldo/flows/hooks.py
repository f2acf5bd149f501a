"""Tell of a scope's own commands around its copy: in the task's log, in the row, to people if one failed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from respaldo import connections
from respaldo.actions import hooks, rows
from respaldo.actions.reaching import entering
from respaldo.domain.errors import InvalidConfigurationError, RespaldoError
from respaldo.domain.hooks import HookRun
from respaldo.flows.dag_runs import is_under_way
from respaldo.flows.notices import links
from respaldo.flows.notices.letters import notice
from respaldo.flows.notices.sending import send
from respaldo.flows.workplace import Workplace
from respaldo.texts import backup as texts
from respaldo.texts.notices import SEE_HERE

log = logging.getLogger(__name__)

_WATCH = "watch"
"""What the row calls what the watch ran."""


@contextmanager
def told(place: Workplace, step: str, warnings: tuple[str, ...]) -> Iterator[list[HookRun]]:
    """Give the list that gets the commands as they end, and tell of them however the step ends.

    :param warnings: what the run has warned of so far.
    """
    ran: list[HookRun] = []
    try:
        yield ran
    finally:
        if ran:
            failed = unfinished(ran)
            _log(ran)
            place.report.write(rows.hooked(place.run, step, ran, (*warnings, *failed) if failed else ()))
            if failed:
                _tell_people(place, failed)
            elif paid := [one.name for one in ran if one.is_owed is False]:
                _tell_people(place, paid, is_paid=True)


def unfinished(ran: Sequence[HookRun]) -> tuple[str, ...]:
    """Warn of what may not be as it was before the copy: a service that is still down."""
    return tuple(
        texts.POST_OWED.format(name=one.name, host=one.host)
        if one.is_owed
        else texts.POST_FAILED.format(name=one.name, exit_code=one.exit_code, seconds=one.seconds)
        for one in ran
        if one.when == "post" and not one.is_good
    )


def settle(place: Workplace, step: str, warnings: tuple[str, ...]) -> None:
    """Run what a run that is over still owes on this worker. It raises nothing: the row must be closed.

    :param warnings: what the run has warned of so far.
    """
    try:
        with told(place, step, warnings) as ran:
            enter = entering(connections.ssh_host, connections.host_settings)
            hooks.settle(place.home, place.run, ran, enter)
    except (RespaldoError, OSError, ValueError) as error:
        log.error(texts.HOOKS_OWED, error)


def settle_later(place: Workplace) -> None:
    """Run what runs that were closed still owe on this worker: their machines could not be reached then."""
    for run in hooks.owing(place.home):
        if not is_under_way(place.context["ti"], run.dag_id, run.run_id):
            row = place.report.row(run.key) or {}
            # The row keeps what each round ran under a key of its own.
            rounds = sum(key.startswith(f"hooks {_WATCH} ") for key in row.get("console") or {})
            again = run.model_copy(update={"attempt": rounds + 1})
            settle(place._replace(run=again), _WATCH, tuple(row.get("warnings") or ()))


def _tell_people(place: Workplace, failed: Sequence[str], *, is_paid: bool = False) -> None:
    """Tell who answers for the scope at once: the copy may be good, and nobody looks at a good run.

    :param is_paid: what they were told to look after has run.
    """
    try:
        configuration = place.configuration()
    except InvalidConfigurationError as error:
        log.warning("%s", error)
        return
    settings = configuration.all_scopes[place.run.scope_id].settings
    facts = {"name": settings.name, "department": settings.department, "failed": "\n".join(failed)}
    subject, text = (
        (texts.POST_PAID_SUBJECT, texts.POST_PAID_TEXT)
        if is_paid
        else (texts.POST_FAILED_SUBJECT, texts.POST_FAILED_TEXT)
    )
    subject, text = subject.format(**facts), text.format(**facts)
    link = links.to_run(place.run.dag_id, place.run.run_id)
    send(configuration.organization, (settings.responsible,), notice(subject, text, SEE_HERE, link))


def _log(ran: Sequence[HookRun]) -> None:
    if any(one.owed_by for one in ran):
        log.warning(texts.HOOKS_LATE)
    for one in ran:
        if one.is_owed:
            continue
        if one.is_good:
            log.info(texts.HOOK_GOOD, texts.HOOKS[one.when], one.name, one.seconds)
        else:
            log.error(texts.HOOK_FAILED, texts.HOOKS[one.when], one.name, one.exit_code, one.seconds)
    for warning in unfinished(ran):
        log.error("%s", warning)
