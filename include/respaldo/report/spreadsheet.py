"""The form of a period as a spreadsheet: cells with their types, to be filtered, added up and printed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from respaldo.report.contents import Contents
from respaldo.report.edition import Edition, FormHeader
from respaldo.report.export import text_of
from respaldo.report.form_lines import form_lines
from respaldo.report.totals import EXTERNAL, totals
from respaldo.texts import form as texts
from respaldo.texts.media import COLUMNS as MEDIA_COLUMNS
from respaldo.texts.report import COLUMNS, RESTORATION_COLUMNS

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_FORMATS = {
    "title": {"bold": True, "font_size": 13},
    "label": {"bold": True},
    "heading": {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "border": 1, "text_wrap": True,
                "valign": "vcenter"},
    "text": {"text_wrap": True, "valign": "top", "indent": 1},
    "number": {"num_format": "#,##0", "valign": "top"},
    "fraction": {"num_format": "#,##0.00", "valign": "top"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top"},
    "duration": {"num_format": "[h]:mm:ss", "valign": "top"},
    "total": {"bold": True, "num_format": "#,##0", "top": 1},
    "total_duration": {"bold": True, "num_format": "[h]:mm:ss", "top": 1},
}  # fmt: skip

_MOST_TEXT = 32_767
"""Characters that a cell can hold."""
_MOST_DIGITS = 10**15
"""A cell's number is a float: from here on it could be another."""
_WIDTHS = (8, 30)
_MOMENT_WIDTH = 18
_TOTAL_WIDTH = 20
_LETTER_PAPER = 1
_SUM_OF_VISIBLE = 109
_COUNT_OF_VISIBLE = 103

_PRINTED = (
    "numero", "alcance", "origen", "estado", "inicio", "duracion", "tamano_bytes", "archivos", "etiquetas",
    "segunda_copia_fecha", "verificacion_resultado", "verificada_por", "causa",
)  # fmt: skip
"""Columns of the form that are printed; the others stand to their right, on the screen."""
_PRINTED_RESTORATIONS = (
    "numero", "alcance", "solicitante", "caso", "fecha", "que_se_pidio", "copia_usada", "copia_fecha",
    "destino", "autorizo", "acepto", "entregado", "tiempo_de_respuesta", "cumple_rto", "resultado",
)  # fmt: skip
_PRINTED_FAILURES = (
    "numero", "alcance", "fecha", "paso", "causa", "correctivo", "decidido_por", "reintento", "estado",
    "resuelta", "tiempo_reparacion",
)  # fmt: skip
_ADDED_UP = ("duracion", "tamano_bytes", "archivos", "nuevo_bytes", "almacenado_bytes")


class _Table(NamedTuple):
    """One sheet: its rows, the headings of its columns in their order, and which of them are printed."""

    sheet: str
    rows: Sequence[Mapping[str, Any]]
    headings: Mapping[str, str]
    printed: int
    added_up: Sequence[str] = ()
    counted: str | None = None
    note: str | None = None
    """Below the sums."""


def as_xlsx(contents: Contents, header: FormHeader, edition: Edition | None) -> bytes:
    """Make the spreadsheet.

    Each text is written as a text, whatever it begins with: none runs as a formula. Moments are in the
    organization's zone.

    :param edition: None: a document for consulting, that nobody archives.
    """
    from xlsxwriter import Workbook

    file = io.BytesIO()
    # Row by row: a whole period in memory as cells would take a gigabyte.
    with Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": header.code, "company": header.entity, "created": contents.at})
        writer = _Writer(book, contents, header, edition)
        for table in _tables(contents):
            writer.add(table)
    return file.getvalue()


def _tables(contents: Contents) -> Iterator[_Table]:
    form = _ordered(COLUMNS, _PRINTED)
    # Sums that follow the filter cannot leave out what another row has already counted.
    note = texts.SUM_NOTE if any(row["tipo_fuente"] == EXTERNAL for row in contents.rows) else None
    yield _Table(texts.SHEETS["rows"], contents.rows, form, len(_PRINTED), _ADDED_UP, "alcance", note)
    lines, total = totals(contents.rows)
    yield _Table(
        texts.SHEETS["totals"], [*lines, total], texts.TOTAL_COLUMNS, printed=len(texts.TOTAL_COLUMNS)
    )
    restorations = _ordered(RESTORATION_COLUMNS, _PRINTED_RESTORATIONS)
    yield _Table(
        texts.SHEETS["restorations"], contents.restorations, restorations, len(_PRINTED_RESTORATIONS)
    )
    failures = _ordered(texts.FAILURE_COLUMNS, _PRINTED_FAILURES)
    yield _Table(texts.SHEETS["failures"], contents.failures, failures, len(_PRINTED_FAILURES))
    yield _Table(texts.SHEETS["media"], contents.media, MEDIA_COLUMNS, len(MEDIA_COLUMNS))


def _ordered(headings: Mapping[str, str], first: Sequence[str]) -> dict[str, str]:
    return {name: headings[name] for name in (*first, *headings)}


class _Writer:
    """Writes sheets that all have the form's header."""

    def __init__(
        self, book: Workbook, contents: Contents, header: FormHeader, edition: Edition | None
    ) -> None:
        self.book = book
        self.zone = contents.zone
        self.header = header
        self.lines = form_lines(contents, header, edition)
        self.formats: dict[str, Format] = {name: book.add_format(how) for name, how in _FORMATS.items()}

    def add(self, table: _Table) -> None:
        sheet = self.book.add_worksheet(table.sheet)
        first = self._write_header(sheet)
        self._set_widths(sheet, table)
        sheet.set_row(first, 30)
        for column, heading in enumerate(table.headings.values()):
            sheet.write_string(first, column, heading, self.formats["heading"])
        for number, row in enumerate(table.rows, start=first + 1):
            for column, name in enumerate(table.headings):
                self._write(sheet, number, column, row[name])
        last = first + len(table.rows)
        if table.rows:
            self._add_up(sheet, table, first + 1, last)
        sheet.freeze_panes(first + 1, 2)
        sheet.autofilter(first, 0, max(last, first + 1), len(table.headings) - 1)
        self._set_up_print(sheet, table, first, last)

    def _write_header(self, sheet: Worksheet) -> int:
        """Write the form's header, and give the number of the row of headings."""
        sheet.write_string(0, 0, f"{self.header.code} · {texts.TITLE}", self.formats["title"])
        for number, (label, value) in enumerate(self.lines.items(), start=1):
            sheet.write_string(number, 0, label, self.formats["label"])
            sheet.write_string(number, 1, _cell_text(value))
        return len(self.lines) + 2

    def _write(self, sheet: Worksheet, row: int, column: int, value: object) -> None:
        match value:
            case None | "" | []:
                return
            case datetime():
                local = value.astimezone(self.zone).replace(tzinfo=None)
                sheet.write_datetime(row, column, local, self.formats["moment"])
            case timedelta():
                sheet.write_number(row, column, _days(value), self.formats["duration"])
            case int() if _fits(value):
                sheet.write_number(row, column, value, self.formats["number"])
            case float():
                sheet.write_number(row, column, value, self.formats["fraction"])
            case _:
                sheet.write_string(row, column, _cell_text(text_of(value)), self.formats["text"])

    def _add_up(self, sheet: Worksheet, table: _Table, first: int, last: int) -> None:
        """Write sums that follow the filter, and what they are while nothing is filtered."""
        if not table.added_up:
            return
        names, below = list(table.headings), last + 1
        sheet.write_string(below, 0, texts.TOTAL, self.formats["total"])
        if table.counted is not None:
            column = names.index(table.counted)
            self._write_sum(sheet, below, column, (first, last), _COUNT_OF_VISIBLE, len(table.rows))
        for name in table.added_up:
            total = sum(_number(row[name]) for row in table.rows)
            how = "total_duration" if name == "duracion" else "total"
            self._write_sum(sheet, below, names.index(name), (first, last), _SUM_OF_VISIBLE, total, how)
        if table.note is not None:
            sheet.write_string(below + 1, 0, table.note)

    def _write_sum(
        self,
        sheet: Worksheet,
        below: int,
        column: int,
        rows: tuple[int, int],
        function: int,
        value: float,
        how: str = "total",
    ) -> None:
        from xlsxwriter.utility import xl_range

        formula = f"=SUBTOTAL({function},{xl_range(rows[0], column, rows[1], column)})"
        sheet.write_formula(below, column, formula, self.formats[how], value)

    def _set_widths(self, sheet: Worksheet, table: _Table) -> None:
        least, most = _WIDTHS
        for column, (name, heading) in enumerate(table.headings.items()):
            content = max((_width(row[name]) for row in table.rows), default=0)
            needed = max(content, len(heading) * 0.7, _TOTAL_WIDTH if name in table.added_up else least)
            width = min(needed, most) + 2
            # The first column holds the labels of the header too.
            sheet.set_column(column, column, max(width, 18) if column == 0 else width)

    def _set_up_print(self, sheet: Worksheet, table: _Table, headings: int, last: int) -> None:
        sheet.set_landscape()
        sheet.set_paper(_LETTER_PAPER)
        sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(headings)
        sheet.print_area(0, 0, last + (2 if table.note else 1), table.printed - 1)
        header = self.header
        left, middle = (_literal(text) for text in (header.entity, f"{header.code} · {texts.TITLE}"))
        right = _literal(texts.VERSION_AND_DATE.format(version=header.version, date=header.date))
        sheet.set_header(f"&L&8{left}&C&8{middle}&R&8{right}")
        sheet.set_footer(f"&L&8{_literal(table.sheet)}&R&8{texts.PAGE} &P {texts.OF} &N")


def _days(duration: timedelta) -> float:
    return duration / timedelta(days=1)


def _fits(value: int) -> bool:
    return not isinstance(value, bool) and abs(value) < _MOST_DIGITS


def _number(value: int | timedelta | None) -> float:
    """Give what a cell adds to the sum of its column: one that is written as a text adds nothing."""
    if isinstance(value, timedelta):
        return _days(value)
    return value if value is not None and _fits(value) else 0


def _cell_text(text: str) -> str:
    """Make a text one that a cell holds as it is."""
    # Of XlsxWriter's own: it takes such a text for a part of the file, and puts it there without escapes.
    text = f" {text}" if text.startswith("<r>") and text.endswith("</r>") else text
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - len(texts.CUT)] + texts.CUT


def _literal(text: str) -> str:
    """Keep a text from being read as the commands of a page's header, which begin with &."""
    # A number right after &8 would be read as a part of it.
    return " " + text.replace("&", "&&")[:80]


def _width(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, datetime):
        return _MOMENT_WIDTH
    return max(map(len, text_of(value).splitlines()), default=0)
