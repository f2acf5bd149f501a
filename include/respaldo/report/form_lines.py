"""The lines of the form's header, the same in the spreadsheet and in the PDF."""

from __future__ import annotations

from respaldo.report.contents import Contents
from respaldo.report.edition import Edition, FormHeader
from respaldo.texts import form as texts


def form_lines(contents: Contents, header: FormHeader, edition: Edition | None) -> dict[str, str]:
    """Give each line of the header by its label."""
    period = contents.period
    lines = {
        texts.ENTITY: header.entity,
        texts.PROCESS: header.process,
        texts.FORM: texts.FORM_TEXT.format(code=header.code, version=header.version, date=header.date),
        texts.PERIOD: texts.PERIOD_TEXT.format(first=period.first, last=period.last),
    }
    if contents.scope is not None:
        lines[texts.SCOPE] = contents.scope
    return lines | {
        texts.EDITION: edition_text(edition),
        texts.MADE_AT: f"{contents.at.astimezone(contents.zone):%Y-%m-%d %H:%M:%S %z}",
        texts.UNFINISHED: texts.UNFINISHED_TEXT.format(count=contents.unfinished),
        texts.HISTORY: texts.HISTORY_TEXT.format(count=contents.verdict.count, head=contents.verdict.head),
    }


def edition_text(edition: Edition | None) -> str:
    """Say which version of the archive a document is, and which it replaces."""
    if edition is None:
        return texts.NOT_ARCHIVED
    words = texts.ORIGINAL if edition.replaces is None else texts.REPLACES
    return words.format(**edition.model_dump())
