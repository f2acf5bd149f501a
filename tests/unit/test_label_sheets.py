"""Printed labels: a scanner reads each of them, and nothing of one lies outside it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
import zxingcpp

from respaldo.config.media import Sheet
from respaldo.report.label_sheets import as_pdf

ZONE = ZoneInfo("America/Bogota")
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
MEDIUM = {
    "clase": "disco",
    "descripcion": None,
    "lugar": "Centro de datos",
    "custodia": "Soporte",
    "alcances": ["Base de nómina"],
    "ultima_copia": NOW,
    "registrado": NOW,
}


def media(count: int, **others) -> list[dict]:
    return [{"etiqueta": f"PRI-2026-{number:06}"} | MEDIUM | others for number in range(1, count + 1)]


def printed(rows, sheet: Sheet | None = None, **how) -> pypdfium2.PdfDocument:
    settings = (sheet or Sheet()).model_dump()
    return pypdfium2.PdfDocument(
        as_pdf(rows, entity="Alcaldía Municipal", sheet=settings, zone=ZONE, made_at=NOW, **how)
    )


def scanned(pdf, page: int = 0, dots_per_inch: int = 200) -> list[zxingcpp.Barcode]:
    return zxingcpp.read_barcodes(pdf[page].render(scale=dots_per_inch / 72).to_pil())


def words(pdf, page: int = 0) -> str:
    return pdf[page].get_textpage().get_text_range()


def test_a_scanner_reads_every_label_of_a_full_sheet():
    pdf = printed(media(24))
    assert len(pdf) == 1
    assert sorted(code.text for code in scanned(pdf)) == [row["etiqueta"] for row in media(24)]


def test_a_sheet_is_an_a4_and_the_next_label_begins_another():
    pdf = printed(media(25))
    assert len(pdf) == 2
    assert [round(side / 72 * 25.4) for side in pdf[0].get_size()] == [210, 297]
    assert [code.text for code in scanned(pdf, 1)] == ["PRI-2026-000025"]


def test_a_label_says_what_it_is_of_where_it_is_and_when():
    text = words(printed(media(1, descripcion="LTO-8 n.º 77")))
    for said in ("Alcaldía Municipal", "PRI-2026-000001", "Base de nómina", "disco · LTO-8 n.º 77"):
        assert said in text
    assert "Centro de datos · Soporte" in text
    # The day is the organization's.
    assert "2026-03-01" in text


def test_places_that_are_used_up_stay_empty():
    [code] = scanned(printed(media(1), skipped=4))
    # The fifth of three columns: in the middle of the second row.
    page_width, page_height = (side * 200 / 72 for side in (595.28, 841.89))
    assert page_width / 3 < code.position.top_left.x < page_width * 2 / 3
    assert page_height / 8 < code.position.top_left.y < page_height / 4


def test_words_however_long_or_odd_stay_on_their_label_and_do_not_spoil_the_next():
    rows = media(9)
    rows[4] |= {
        "etiqueta": "A" * 48,
        "descripcion": '#image("x") $y$ *z* \\ ' * 20,
        "alcances": ["Alcance de nombre larguísimo que no cabe"] * 9,
        "custodia": "Sinespacios" * 30,
    }
    pdf = printed(rows)
    assert len(pdf) == 1
    assert sorted(code.text for code in scanned(pdf)) == sorted(row["etiqueta"] for row in rows)


@pytest.mark.parametrize(
    "sheet",
    [
        Sheet(columns=4, rows=11, width_mm=48.5, height_mm=25.4),
        Sheet(columns=2, rows=4, width_mm=105, height_mm=74),
        Sheet(columns=1, rows=1, width_mm=210, height_mm=297),
    ],
    ids=lambda sheet: f"{sheet.width_mm:g}x{sheet.height_mm:g}",
)
def test_sheets_of_other_sizes_are_read_as_well(sheet):
    places = sheet.columns * sheet.rows
    pdf = printed(media(places + 1), sheet)
    assert len(pdf) == 2
    assert len(scanned(pdf)) == places


def test_the_same_labels_give_the_same_document():
    settings = Sheet().model_dump()
    first, second = (
        as_pdf(media(3), entity="Alcaldía", sheet=settings, zone=ZONE, made_at=NOW) for _ in range(2)
    )
    assert first == second
