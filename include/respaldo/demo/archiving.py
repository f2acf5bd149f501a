"""The month's form, archived (activity 26), and what its documents must be."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from respaldo.config.configuration import load_organization
from respaldo.demo.stage import Stage, Story
from respaldo.domain.periods import Period
from respaldo.flows.archive.names import ARCHIVE
from respaldo.report.archive_folder import ArchiveFolder
from respaldo.texts import demo as texts
from respaldo.texts.form import SHEETS

_ARCHIVES = "profesional"
_PDF = b"%PDF-"
_PDFA_2B = (b"<pdfaid:part>2</pdfaid:part>", b"<pdfaid:conformance>B</pdfaid:conformance>")


def story(stage: Stage) -> Story:
    """Archive the month up to now. A later demonstration of the month makes another version."""
    organization = load_organization(stage.installation.layout.config)
    period = _month_of(datetime.now(ZoneInfo(organization.timezone)).date())
    yield from stage.known(ARCHIVE)
    asked = {"since": str(period.first), "until": str(period.last), "reason": texts.ARCHIVE_REASON}
    run = stage.begin(_ARCHIVES, ARCHIVE, asked)
    yield from stage.over(run)
    if problems := stage.wrong(run):
        return problems
    folder = ArchiveFolder(organization.archive.root)
    record = next(one for one in folder.records() if one.archive_key == run.run.key)
    folder.verify(record)
    stage.say(
        texts.ARCHIVED.format(
            period=period.name, rows=record.row_count, version=record.version, folder=record.folder
        )
    )
    files = [folder.root / record.folder / file.name for file in record.files]
    return [problem for file in files for problem in _wrong(file)]


def _month_of(day: date) -> Period:
    first = day.replace(day=1)
    next_month = (first + timedelta(days=31)).replace(day=1)
    return Period(first=first, last=next_month - timedelta(days=1))


def _wrong(file: Path) -> Iterator[str]:
    """Open a document with nothing of what made it."""
    if file.suffix == ".pdf":
        content = file.read_bytes()
        if not content.startswith(_PDF) or not all(mark in content for mark in _PDFA_2B):
            yield texts.WRONG_DOCUMENT.format(file=file, problem="PDF/A-2b")
        return
    with zipfile.ZipFile(file) as book:
        damaged = book.testzip()
        sheets = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    if damaged or not set(SHEETS.values()) <= set(sheets):
        yield texts.WRONG_DOCUMENT.format(file=file, problem=damaged or ", ".join(sheets))
