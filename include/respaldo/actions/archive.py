"""Archive the form of a period (activity 26): once, whole, verified; a correction is another version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from respaldo import __version__
from respaldo.config.organization import Organization
from respaldo.domain.archive_errors import AlreadyArchivedError, InvalidPeriodError
from respaldo.domain.periods import Period
from respaldo.domain.values import Run
from respaldo.report import archives
from respaldo.report.archive_folder import ArchiveFolder, set_folder
from respaldo.report.archives import ArchivedFile, ArchiveUpdate
from respaldo.report.contents import Contents, collect
from respaldo.report.edition import Edition, FormHeader
from respaldo.report.form_pdf import as_pdfs
from respaldo.report.spreadsheet import as_xlsx
from respaldo.report.store import Report


class Asked(NamedTuple):
    """What somebody, or the schedule, wants archived."""

    period: Period
    reason: str | None = None
    """Why a period that is archived gets another version."""
    by: str | None = None
    """Airflow user; None: the schedule."""


class _Former(NamedTuple):
    """The last version of a period that is archived."""

    version: int
    folder: str
    at: datetime


def period_of(first: date | None, last: date | None, today: date) -> Period:
    """Give the period from one day to another; without any, the month before.

    :raises InvalidPeriodError: only one is given, they are in the wrong order, or the first is still to come.
    """
    if first is None and last is None:
        return Period.month_before(today)
    if first is None or last is None:
        raise InvalidPeriodError(problem="half")
    if first > today:
        raise InvalidPeriodError(problem="future", first=first)
    return Period(first=first, last=last)


def header_of(organization: Organization) -> FormHeader:
    """Give what each document says of the form."""
    return FormHeader(
        entity=organization.name, process=organization.process, **organization.form.model_dump()
    )


def archive(run: Run, asked: Asked, organization: Organization, report: Report) -> ArchiveUpdate:
    """Make the documents of a period and put them into the archive. The same run, once more, gives the same.

    :raises ReportTamperedError: the history was altered: nothing is archived.
    :raises AlreadyArchivedError: the period is archived, and no reason for another version is given.
    :raises ArchiveError: the archive's folder cannot be used: see ``ArchiveFolder``.
    :raises ReportUnavailableError, ReportSchemaError: the report cannot be read.
    """
    folder, zone = ArchiveFolder(organization.archive.root), ZoneInfo(organization.timezone)
    with folder.turn():
        known = folder.records()
        for record in known:
            if record.archive_key == run.key:
                # This run was killed after it had put everything in its place.
                folder.verify(record)
                return record
        former = _former(asked.period, known, report)
        if former is not None and asked.reason is None:
            at = former.at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
            raise AlreadyArchivedError(
                period=asked.period.name, version=former.version, folder=former.folder, at=at
            )
        report.drain()
        contents = collect(
            report.endpoint,
            asked.period,
            zone,
            heads=[record.head for record in known],
        )
        edition = _edition(former, asked.reason)
        documents, record = _made(run, asked, contents, edition, header_of(organization))
        folder.put(record, documents)
        return record


def _former(period: Period, known: Iterable[ArchiveUpdate], report: Report) -> _Former | None:
    """Find the last version, also one that only the folder or only the report still knows."""
    found = [
        _Former(record.version, record.folder, record.archived_at)
        for record in known
        if record.period == period
    ]
    row = archives.latest(report.endpoint, period)
    if row is not None:
        found.append(_Former(row["version"], row["folder"], row["archived_at"]))
    return max(found, key=lambda one: one.version, default=None)


def _edition(former: _Former | None, reason: str | None) -> Edition:
    if former is None:
        return Edition(version=1)
    return Edition(version=former.version + 1, replaces=former.version, reason=reason)


def _made(
    run: Run, asked: Asked, contents: Contents, edition: Edition, header: FormHeader
) -> tuple[dict[str, bytes], ArchiveUpdate]:
    folder = set_folder(header.code, asked.period, edition.version)
    name = folder.rpartition("/")[2]
    documents = {f"{name}.xlsx": as_xlsx(contents, header, edition)}
    pdfs = as_pdfs(contents, header, edition)
    if len(pdfs) == 1:
        documents[f"{name}.pdf"] = pdfs[0]
    else:
        documents |= {f"{name}_{number:02}.pdf": pdf for number, pdf in enumerate(pdfs, start=1)}
    record = ArchiveUpdate(
        archive_key=run.key,
        dag_id=run.dag_id,
        run_id=run.run_id,
        first_day=asked.period.first,
        last_day=asked.period.last,
        **edition.model_dump(),
        folder=folder,
        row_count=len(contents.rows),
        history_count=contents.verdict.count,
        history_head=contents.verdict.head,
        files=tuple(_described(name, content) for name, content in documents.items()),
        archived_at=contents.at,
        archived_by=asked.by,
        respaldo_version=__version__,
    )
    return documents, record


def _described(name: str, content: bytes) -> ArchivedFile:
    return ArchivedFile(name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
