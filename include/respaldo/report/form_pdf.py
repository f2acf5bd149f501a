"""The form of a period as PDF/A: for reading, signing and keeping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import JsonValue

from respaldo.report.contents import Contents, Row
from respaldo.report.documents import compile_pdf, compile_pdf_apart, qr_svg
from respaldo.report.edition import Edition, FormHeader
from respaldo.report.form_cells import Cells
from respaldo.report.form_lines import edition_text, form_lines
from respaldo.report.totals import totals
from respaldo.texts import form as texts
from respaldo.texts.report import SIZE_HEADING

MOST_RUNS = 5_000
"""In one document: typst lays it out in memory, 220 kB a run. A worker has a few GB for all its tasks."""

_LETTERS = 7
"""A word of more letters in a share of the page's width may be wider than its column."""
_MOST_UNBROKEN = 5
"""Letters of such a word that stay together: few enough for capitals too."""
_LETTERS_OF_LINE = 100
"""The same as ``_LETTERS``, for a line of the form's header."""
_WORD_BREAK = "\u200b"


class _Column(NamedTuple):
    """How wide a column is (its share of the page), and whether it holds numbers."""

    width: float
    is_number: bool = False


_NUMBER = _Column(1, is_number=True)
_RUNS = {
    "number": _NUMBER,
    "scope": _Column(3.2),
    "how": _Column(2.2),
    "started": _Column(1.9),
    "duration": _Column(1.4, is_number=True),
    "size": _Column(1.5, is_number=True),
    "files": _Column(1.5, is_number=True),
    "first": _Column(2.9),
    "second": _Column(2.9),
    "verified": _Column(2.4),
    "state": _Column(1.9),
    "notes": _Column(4.6),
}
_RESTORATIONS = {
    "number": _NUMBER,
    "scope": _Column(2.6),
    "requester": _Column(2.4),
    "asked": _Column(1.9),
    "wanted": _Column(3),
    "copy": _Column(2.2),
    "destination": _Column(2.6),
    "decided": _Column(2.2),
    "delivered": _Column(1.9),
    "took": _Column(1.8),
    "outcome": _Column(3),
}
_FAILURES = {
    "number": _NUMBER,
    "scope": _Column(2.6),
    "failed": _Column(1.9),
    "step": _Column(1.8),
    "cause": _Column(5),
    "corrective": _Column(4.4),
    "decided": _Column(2),
    "rerun": _Column(1.5, is_number=True),
    "state": _Column(1.6),
    "resolved": _Column(1.9),
    "took": _Column(1.6, is_number=True),
}
_MEDIA = {
    "label": _Column(2.2),
    "kind": _Column(1.4),
    "description": _Column(3),
    "site": _Column(2.4),
    "custody": _Column(2.2),
    "state": _Column(1.6),
    "registered": _Column(1.9),
    "copies": _NUMBER,
    "scopes": _Column(3),
    "until": _Column(1.9),
    "moved": _Column(2.6),
}
_TOTALS = [
    _Column(4) if name == "alcance" else _Column(2) if name == "clase" else _Column(1.4, is_number=True)
    for name in texts.TOTAL_COLUMNS
]


class Part(NamedTuple):
    """What of a period's runs is in one of its documents; all else of the period is in the last."""

    number: int
    of: int
    rows: list[Row]

    @property
    def is_last(self) -> bool:
        return self.number == self.of


def as_pdfs(contents: Contents, header: FormHeader, edition: Edition | None) -> list[bytes]:
    """Make the document, in as many parts as its runs need: whoever makes one has no more memory.

    :param edition: None: a document for consulting, that nobody archives.
    """
    rows = contents.rows
    pieces = [rows[at : at + MOST_RUNS] for at in range(0, len(rows), MOST_RUNS)] or [rows]
    return [
        _as_pdf(contents, header, edition, Part(number, len(pieces), piece))
        for number, piece in enumerate(pieces, start=1)
    ]


def _as_pdf(contents: Contents, header: FormHeader, edition: Edition | None, part: Part) -> bytes:
    lines, head = form_lines(contents, header, edition), contents.verdict
    code = texts.QR.format(
        code=header.code,
        period=contents.period.name,
        version=texts.QR_NO_VERSION if edition is None else f"v{edition.version}",
        rows=len(contents.rows),
        count=head.count,
        head=head.head,
    )
    title = f"{header.code} {contents.period.name}"
    if part.of > 1:
        said = texts.PART_TEXT.format(number=part.number, count=part.of)
        title, lines = f"{title} ({said})", lines | {texts.PART: said}
    data: dict[str, JsonValue] = {
        "title": title,
        "entity": header.entity,
        "process": header.process,
        "code": header.code,
        "name": texts.TITLE,
        "version": texts.VERSION_AND_DATE.format(version=header.version, date=header.date),
        "page": texts.PAGE,
        "of": texts.OF,
        "period": lines[texts.PERIOD],
        "edition": _edition_in_short(edition),
        "history": lines[texts.HISTORY],
        "lines": [[label, _breakable(line, _LETTERS_OF_LINE)] for label, line in lines.items()],
        "code_drawn": qr_svg(code),
        "code_says": code,
        "code_caption": texts.QR_CAPTION,
        "sections": list(_sections(contents, part)),
    }
    at = contents.at.astimezone(contents.zone)
    # Each part with the memory of one part.
    compiled = compile_pdf if part.of == 1 else compile_pdf_apart
    return compiled("fm007", data, at, "a-2b", is_tagged=False)


def _edition_in_short(edition: Edition | None) -> str:
    without_reason = None if edition is None else Edition(version=edition.version)
    return f"{texts.EDITION}: {edition_text(without_reason)}"


def _sections(contents: Contents, part: Part) -> Iterable[dict[str, Any]]:
    cells = Cells(contents.zone)
    yield _section("rows", texts.PRINTED, _RUNS.values(), map(cells.run, part.rows))
    if not part.is_last:
        return
    lines, total = totals(contents.rows)
    if lines:
        headings = texts.TOTAL_COLUMNS | {"tamano_bytes": SIZE_HEADING}
        yield _section("totals", headings, _TOTALS, map(cells.total, lines), cells.total(total))
    yield _section(
        "restorations",
        texts.PRINTED_RESTORATIONS,
        _RESTORATIONS.values(),
        map(cells.restoration, contents.restorations),
    )
    yield _section(
        "failures", texts.PRINTED_FAILURES, _FAILURES.values(), map(cells.failure, contents.failures)
    )
    # The labels of copies in repositories stand beside their copies, in the runs.
    media = (cells.medium(row) for row in contents.media if row["repositorio"] is None)
    yield _section("media", texts.PRINTED_MEDIA, _MEDIA.values(), media)


def _section(
    name: str,
    headings: dict[str, str],
    columns: Iterable[_Column],
    rows: Iterable[Sequence[str]],
    total: Sequence[str] = (),
) -> dict[str, Any]:
    described = list(columns)
    return {
        "title": texts.SECTIONS[name],
        "none": texts.NONE.get(name, ""),
        "headings": list(headings.values()),
        "widths": [column.width for column in described],
        "numbers": [column.is_number for column in described],
        "rows": [_broken(row, described) for row in rows],
        "total": _broken(total, described),
    }


def _broken(cells: Sequence[str], columns: Sequence[_Column]) -> list[str]:
    """Let words that are wider than their column go on in the next line: paths know no spaces."""
    return [
        _breakable(cell, round(column.width * _LETTERS)) for cell, column in zip(cells, columns, strict=False)
    ]


def _breakable(text: str, most: int) -> str:
    piece = rf"[^/_.\-]{{1,{_MOST_UNBROKEN}}}[/_.\-]?|[/_.\-]"
    return re.sub(rf"\S{{{most + 1},}}", lambda word: _WORD_BREAK.join(re.findall(piece, word[0])), text)
