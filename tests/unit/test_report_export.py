"""The form's rows keep their meaning in each format."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from respaldo.report.export import as_csv, as_frame, as_json, as_table, clock, size
from respaldo.texts import report as texts

BOGOTA = ZoneInfo("America/Bogota")
START = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)


def form_row(**columns):
    return dict.fromkeys(texts.COLUMNS) | columns


ROWS = [
    form_row(
        numero=1,
        alcance="ERP",
        estado="Exitosa",
        inicio=START,
        duracion=timedelta(seconds=93.6),
        tamano_bytes=2_500_000_000,
        archivos=4,
        copia=["a" * 64, "b" * 64],
        intentos_por_paso={"Ejecutar": 2},
        segundos_por_paso={"Ejecutar": 12.5},
        motivo="=HYPERLINK(0)",
    ),
    form_row(numero=2, alcance="Web", estado="Fallida", causa="No se pudo leer"),
]


def shown(rows) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(as_table(rows, BOGOTA))
    return console.file.getvalue()


def cells(rows) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(rows, BOGOTA), newline="")))


def test_json_keeps_numbers_lists_and_nulls_and_gives_local_times_and_seconds():
    first, second = json.loads(as_json(ROWS, BOGOTA))
    assert first["inicio"] == "2026-02-28T23:30:00-05:00"
    assert first["duracion"] == 93.6
    assert first["tamano_bytes"] == 2_500_000_000
    assert first["copia"] == ["a" * 64, "b" * 64]
    assert first["intentos_por_paso"] == {"Ejecutar": 2}
    assert first["segundos_por_paso"] == {"Ejecutar": 12.5}
    assert second["inicio"] is None
    assert second["tamano_bytes"] is None


def test_csv_gives_local_times_and_whole_numbers_even_where_some_are_missing():
    first, second = cells(ROWS)
    assert first["Inicio"] == "2026-02-28 23:30:00-05:00"
    assert first["Duración"] == "0:01:34"
    assert first["Tamaño (bytes)"] == "2500000000"
    assert first["Archivos"] == "4"
    assert first["Copia"] == "a" * 64 + "\n" + "b" * 64
    assert first["Intentos por paso"] == "Ejecutar: 2"
    assert first["Segundos por paso"] == "Ejecutar: 12,5"
    assert {second[name] for name in ("Inicio", "Duración", "Tamaño (bytes)", "Archivos", "Copia")} == {""}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_csv_stops_text_that_a_spreadsheet_would_run(text):
    (cell,) = cells([form_row(numero=1, motivo=text)])
    assert cell["Motivo"] == f"'{text}"


def test_csv_of_no_rows_has_its_headings():
    assert as_csv([], BOGOTA).strip().split(",") == list(texts.COLUMNS.values())


def test_pandas_gets_zoned_times_durations_and_nullable_whole_numbers():
    frame = as_frame(ROWS, BOGOTA)
    assert frame["tamano_bytes"].sum() == 2_500_000_000
    assert str(frame["archivos"].dtype) == "Int64"
    assert str(frame["inicio"].dt.tz) == "America/Bogota"
    assert frame["duracion"].dt.total_seconds()[0] == 93.6


def test_the_table_shows_what_an_operator_looks_for():
    table = shown(ROWS)
    for expected in ("ERP", "Exitosa", "2026-02-28 23:30", "0:01:34", "2,5 GB", "aaaaaaaa", "Fallida"):
        assert expected in table
    assert "a" * 9 not in table
    assert "2 ejecuciones" in table


def test_text_that_looks_like_markup_is_shown_as_it_is():
    assert "[red]ERP[/nothing]" in shown([form_row(numero=1, alcance="[red]ERP[/nothing]")])


def test_a_table_of_no_rows_says_so():
    assert texts.FORM_EMPTY in shown([])


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1,0 kB"),
        (999_949, "999,9 kB"),
        (999_950, "1,0 MB"),
        (2_500_000_000, "2,5 GB"),
        (3 * 10**15, "3000,0 TB"),
    ],
)
def test_sizes_are_written_as_people_read_them_in_spanish(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (93789, "26:03:09"), (3600, "1:00:00")]
)
def test_durations_are_hours_minutes_and_seconds(seconds, text):
    assert clock(timedelta(seconds=seconds)) == text
