"""The steps of the archive: make the documents and keep them, write down that they are there and tell it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk.exceptions import AirflowSkipException

from respaldo.actions.archive import Asked, archive, period_of
from respaldo.config.configuration import folder, load_organization
from respaldo.config.organization import Organization
from respaldo.domain.archive_errors import AlreadyArchivedError, ArchiveDamagedError, ArchiveNotAllowedError
from respaldo.domain.errors import InvalidConfigurationError, ReportTamperedError, RespaldoError
from respaldo.domain.periods import Period
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.flows.notices import letters, links
from respaldo.flows.notices.sending import send
from respaldo.flows.workplace import Workplace
from respaldo.report.archive_folder import ArchiveFolder
from respaldo.report.archives import ArchiveUpdate, going, keys, missing
from respaldo.report.contents import first_moment
from respaldo.texts import archive as texts
from respaldo.texts.configuration import tell
from respaldo.texts.form import PERIOD_TEXT
from respaldo.texts.telling import in_words

if TYPE_CHECKING:
    from airflow.sdk import Context

    from respaldo.flows.notices.letters import Notice

log = logging.getLogger(__name__)


def collect(context: Context) -> dict[str, Any]:
    """Archive the period that is asked for, and hand on the record.

    :raises RespaldoError: why it is not archived, after it is in the log. By schedule, people are told too.
    :raises AirflowSkipException: by schedule, where there is nothing to do.
    """
    place = _Place.of(context)
    with place.told(by_letter=place.is_scheduled):
        place.refuse_others()
        asked = Asked(place.period, reason=_text(context, "reason"), by=place.by)
        if place.is_scheduled:
            place.skip_before_the_first_run()
        try:
            record = place.archived(asked)
        except AlreadyArchivedError as error:
            if not place.is_scheduled:
                raise
            if not place.was_early(error):
                raise AirflowSkipException(texts.SKIPPED.format(told=in_words(error))) from error
            asked = asked._replace(reason=texts.WAS_EARLY.format(version=error.facts["version"]))
            record = place.archived(asked)
    if asked.reason is not None and record.reason is None:
        log.warning(texts.REASON_NOT_NEEDED)
    log.info(texts.ARCHIVED, record.folder, record.row_count, record.history_head)
    return record.model_dump(mode="json")


def record(context: Context) -> None:
    """Write the record into the report, with any that a killed run left out, and tell it.

    :raises RespaldoError: it could not be written.
    """
    place = _Place.of(context)
    made = ArchiveUpdate.model_validate(context["ti"].xcom_pull(task_ids="collect"))
    # The documents are in their place: a later run records them.
    with place.told(by_letter=False):
        written, folder = keys(place.work.report.endpoint), ArchiveFolder(place.organization.archive.root)
        records = folder.records()
        for one in records:
            if one.archive_key not in written and place.work.report.write(one):
                log.info(texts.RECORDED, one.version, one.period.name)
        told = (*place.to_archive(made), *_damages(folder, records))
        to_do = "".join(f"\n{one}\n" for one in told)
    if to_do:
        log.warning("%s", to_do.strip())
    place.send(
        letters.archived(
            period=_in_words(made.period),
            version=made.version,
            rows=made.row_count,
            folder=made.folder,
            head=made.history_head,
            to_do=to_do,
            link=place.link,
        )
    )


@dataclass(frozen=True)
class _Place:
    """What a step works with."""

    work: Workplace

    @classmethod
    def of(cls, context: Context) -> _Place:
        return cls(Workplace.of("", context))

    @property
    def is_scheduled(self) -> bool:
        return bool(self.work.context["dag_run"].run_type == "scheduled")

    @property
    def by(self) -> str | None:
        """Who sent the form; None: the schedule."""
        if self.is_scheduled:
            return None
        return self.work.context["dag_run"].triggering_user_name or texts.NOBODY

    @cached_property
    def organization(self) -> Organization:
        """Give the organization.

        :raises InvalidConfigurationError: its file was broken after the DAG was read.
        """
        try:
            return load_organization(folder())
        except ConfigurationProblemsError as error:
            raise InvalidConfigurationError(problem="; ".join(map(tell, error.problems))) from error

    @cached_property
    def period(self) -> Period:
        """Give the period that the form says, or the month before the run.

        :raises InvalidPeriodError: the form says none that can be.
        """
        context = self.work.context
        today = context["dag_run"].run_after.astimezone(ZoneInfo(self.organization.timezone)).date()
        return period_of(_day(context, "since"), _day(context, "until"), today)

    @property
    def link(self) -> str | None:
        return links.to_run(self.work.run.dag_id, self.work.run.run_id)

    def refuse_others(self) -> None:
        """Refuse people of organization.yaml whose roles do not archive; others, Airflow lets in or does not.

        :raises ArchiveNotAllowedError: it is one of those.
        """
        user, organization = self.by or "", self.organization
        is_ours = any(user in role.users for role in organization.roles.values())
        if is_ours and "archive" not in organization.duties_of_user(user):
            raise ArchiveNotAllowedError(user=user, keepers=organization.titles_with("archive"))

    def archived(self, asked: Asked) -> ArchiveUpdate:
        """Archive what is asked for: see ``respaldo.actions.archive``."""
        return archive(self.work.run, asked, self.organization, self.work.report)

    def was_early(self, error: AlreadyArchivedError) -> bool:
        """Whether somebody archived the period before it was over: its last runs are not in the archive."""
        at = datetime.fromisoformat(error.facts["at"])
        return at < self.period.until(ZoneInfo(self.organization.timezone))

    def to_archive(self, made: ArchiveUpdate) -> Iterator[str]:
        """Say what a person has yet to archive: nobody else would notice until an auditor does."""
        endpoint, zone = self.work.report.endpoint, ZoneInfo(self.organization.timezone)
        count = going(endpoint, made.period, zone)
        if count:
            yield texts.STILL_GOING.format(count=count)
        first = first_moment(endpoint)
        if self.is_scheduled and first is not None:
            months = missing(endpoint, first.astimezone(zone).date(), made.period, zone)
            if months:
                yield texts.MISSING.format(months=", ".join(month.name for month in months))

    def skip_before_the_first_run(self) -> None:
        """Skip a month in which there was no form yet.

        :raises AirflowSkipException: it was one.
        """
        first = first_moment(self.work.report.endpoint)
        until = self.period.until(ZoneInfo(self.organization.timezone))
        if first is None or first >= until:
            raise AirflowSkipException(texts.NOTHING_YET.format(period=_in_words(self.period)))

    @contextmanager
    def told(self, *, by_letter: bool) -> Iterator[None]:
        """Tell why a step fails: in its log, and to people where nobody is there who asked for it.

        What can pass by itself they are told when it was tried for the last time.
        """
        try:
            yield
        except AirflowSkipException:
            raise
        except Exception as error:
            told = _told_of(error)
            log.error("%s", told)
            ti = self.work.context["ti"]
            passes = error.transient if isinstance(error, RespaldoError) else True
            is_final = not passes or ti.try_number > ti.max_tries
            if by_letter and is_final and not isinstance(error, InvalidConfigurationError):
                self.send(letters.not_archived(period=_in_words(self.period), told=told, link=self.link))
            raise

    def send(self, notice: Notice) -> None:
        send(self.organization, self.organization.archive.informed, notice)


def _told_of(error: Exception) -> str:
    """Say why a period is not archived; also what is no cause of ours: a full memory, a bug."""
    if not isinstance(error, RespaldoError):
        return texts.UNEXPECTED.format(error=type(error).__name__)
    told = in_words(error)
    return f"{told} {texts.HISTORY_ALTERED}" if isinstance(error, ReportTamperedError) else told


def _damages(folder: ArchiveFolder, records: Iterable[ArchiveUpdate]) -> Iterator[str]:
    """Say which archived sets are not what they were. That keeps no later period from being archived."""
    for record in records:
        try:
            folder.verify(record)
        except ArchiveDamagedError as error:
            yield in_words(error)


def _text(context: Context, name: str) -> str | None:
    return (context["params"].get(name) or "").strip() or None


def _day(context: Context, name: str) -> date | None:
    given = _text(context, name)
    return date.fromisoformat(given) if given else None


def _in_words(period: Period) -> str:
    return PERIOD_TEXT.format(first=period.first, last=period.last)
