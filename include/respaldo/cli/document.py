"""The form of a period as a document, from the terminal: as it is archived, but for its edition."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from respaldo import connections
from respaldo.actions.archive import header_of
from respaldo.cli import workplace
from respaldo.cli.console import say, stop
from respaldo.domain.periods import Period
from respaldo.hosts import durable
from respaldo.report.contents import collect, first_moment
from respaldo.report.form_pdf import MOST_RUNS, as_pdfs
from respaldo.report.spreadsheet import as_xlsx
from respaldo.texts import cli as texts


def write(
    shape: str, first: datetime | None, last: datetime | None, scope: str | None, target: Path | None
) -> None:
    """Write the form of a period into a file, which is whole or not touched.

    :param shape: ``xlsx`` or ``pdf``.
    :param first: None: since the first run of all.
    :param last: None: until today.
    :raises InvalidPeriodError, ReportError: why there is no document.
    """
    if target is None:
        stop(texts.TO_MISSING.format(shape=shape))
    organization = workplace.configuration().organization
    zone = ZoneInfo(organization.timezone)
    workplace.report().drain()
    endpoint = connections.endpoint(connections.REPORT)
    today = datetime.now(zone).date()
    beginning = first.date() if first else _first_day(first_moment(endpoint), zone, today)
    period = Period(first=beginning, last=last.date() if last else today)
    contents = collect(endpoint, period, zone, scope)
    header = header_of(organization)
    if shape == "xlsx":
        content = as_xlsx(contents, header, None)
    elif len(contents.rows) > MOST_RUNS:
        stop(texts.PDF_TOO_LONG.format(rows=len(contents.rows), most=MOST_RUNS))
    else:
        [content] = as_pdfs(contents, header, None)
    try:
        durable.replace(target, content, 0o640)
    except OSError as error:
        stop(texts.TO_FAILED.format(target=target, reason=error.strerror or error))
    say(texts.WRITTEN.format(target=target, rows=len(contents.rows)))


def _first_day(moment: datetime | None, zone: ZoneInfo, today: date) -> date:
    return moment.astimezone(zone).date() if moment else today
