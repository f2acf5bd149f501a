"""The form of a period as spreadsheet and PDF/A: the view's numbers, whole, readable, and safe to open."""

import csv
import os
import re
import subprocess
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pikepdf
import pypdfium2
import pytest
import yaml
import zxingcpp
from typer.testing import CliRunner

from airflow_kit import connection_to
from archive_kit import BOGOTA, OCTOBER, fill, organization, read_sheet, read_view, text_of
from debian_kit import program
from respaldo.actions.archive import header_of
from respaldo.cli import app, document
from respaldo.domain.periods import Period
from respaldo.domain.values import Copy, Run
from respaldo.report import form_pdf
from respaldo.report.contents import collect
from respaldo.report.edition import Edition
from respaldo.report.export import text_of as as_text
from respaldo.report.fm007 import RowUpdate
from respaldo.report.form_pdf import as_pdfs
from respaldo.report.incidents import IncidentUpdate
from respaldo.report.migrate import migrate
from respaldo.report.requests import RequestUpdate
from respaldo.report.spool import Spool
from respaldo.report.spreadsheet import as_xlsx
from respaldo.report.store import Report
from respaldo.texts import form as texts
from respaldo.texts.media import COLUMNS as MEDIA_COLUMNS
from respaldo.texts.report import COLUMNS, RESTORATION_COLUMNS

EDITION = Edition(version=2, replaces=1, reason="Faltaba una ejecución")
HEADER = header_of(organization("/nowhere"))
EMOJI = "Informe \U0001f600 漢字 \x07 \u202e.docx"
FORMULA = '=HYPERLINK("http://example.org","ver")'
SHEETS = {
    "TIC-FM007": ("reportes.tic_fm007", COLUMNS),
    "Restauraciones": ("reportes.restauraciones", RESTORATION_COLUMNS),
    "Fallas": ("reportes.fallas", texts.FAILURE_COLUMNS),
    "Medios": ("reportes.medios", MEDIA_COLUMNS),
}


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(postgres_server, tmp_path_factory):
    """Sixty good and bad runs, one with what people may write, a request, an analysed failure, a medium."""
    endpoint = postgres_server.fresh()
    migrate(endpoint)
    report = Report(endpoint, Spool(tmp_path_factory.mktemp("filled") / "spool"))
    with postgres_server.connect(endpoint) as connection:
        fill(connection, 60)
    odd = Run(dag_id="backup__raro", run_id="manual__1", scope_id="raro")
    report.write(
        RowUpdate.of(
            odd,
            scope_name=EMOJI,
            reason=FORMULA,
            observations=FORMULA + "\n" + "largo " * 8000,
            requester="@SUM(1+1)",
            kind="backup",
            mode="manual",
            state="running",
            started_at=at(31, 23),
            size_bytes=2**60,
            copies=(Copy(item="-1+1", snapshot_id="a" * 64, files=1, size_bytes=1),),
        )
    )
    request = Run(dag_id="restore_request", run_id="manual__2", scope_id="s1")
    report.write(
        RequestUpdate.of(
            request,
            scope_name="Alcance número 1",
            requester="Ana Ruiz",
            ticket="HD-17",
            what_happened="+1 borró la carpeta",
            requested_at=at(3),
            delivered_at=at(3, 14),
            rto_seconds=3600,
        )
    )
    failed = Run(dag_id="backup__s20", run_id="scheduled__20", scope_id="s20")
    incident = IncidentUpdate.of(
        failed, state="decided", cause="repository_full", corrective="Se amplió el disco"
    )
    report.write(incident.model_copy(update={"incident_key": f"{20:016x}"}))
    with postgres_server.connect(report.endpoint) as connection:
        connection.execute(
            "INSERT INTO respaldo.media (label, kind, site, registered_at, registered_by) "
            "VALUES ('MAN-2026-000001', 'disco', '=Bodega', '2026-10-05', 'soporte')"
        )
    return report


@pytest.fixture(scope="module")
def contents(filled):
    return collect(filled.endpoint, OCTOBER, BOGOTA)


@pytest.fixture(scope="module")
def xlsx(contents):
    return as_xlsx(contents, HEADER, EDITION)


@pytest.fixture(scope="module")
def pdf(contents):
    [only] = as_pdfs(contents, HEADER, EDITION)
    return only


def view(postgres_server, endpoint, name) -> list[dict]:
    with postgres_server.connect(endpoint) as connection:
        return read_view(connection, name)


def in_a_cell(value):
    """Say what a cell gives back for a value of the view."""
    match value:
        case None | "" | []:
            return None
        case bool() | list() | dict():
            return as_text(value) or None
        case datetime():
            return value.astimezone(BOGOTA).replace(tzinfo=None)
        case timedelta():
            return value
        case int() if value >= 10**15:
            return str(value)
        case str():
            return value[:1000]
    return value


def alike(cell, value) -> bool:
    if isinstance(cell, datetime):
        return abs(cell - value) < timedelta(milliseconds=2)
    if isinstance(cell, str):
        # The file writes what is no character of XML as an escape.
        cell = re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), cell)[:1000]
    if isinstance(value, timedelta):
        seconds = cell.total_seconds() if isinstance(cell, timedelta) else _seconds(cell)
        return abs(seconds - value.total_seconds()) < 0.01
    return cell == value


def _seconds(clock) -> float:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second).total_seconds()


@pytest.mark.parametrize("sheet", SHEETS)
def test_each_sheet_holds_every_column_and_value_of_its_view(xlsx, filled, postgres_server, sheet):
    name, headings = SHEETS[sheet]
    expected, found = view(postgres_server, filled.endpoint, name), read_sheet(xlsx, sheet)
    assert len(found) == len(expected) > 0
    for row, wanted in zip(found, expected, strict=True):
        assert set(row) == set(headings.values())
        for column, value in wanted.items():
            assert alike(row[headings[column]], in_a_cell(value)), (column, row[headings[column]], value)


def test_numbers_moments_and_durations_are_no_texts(xlsx):
    sheet = openpyxl.load_workbook(BytesIO(xlsx))["TIC-FM007"]
    [heading] = [row[0].row for row in sheet.iter_rows(max_col=1) if row[0].value == "N.º"]
    cells = {cell.value: sheet.cell(heading + 1, cell.column) for cell in sheet[heading]}
    assert (cells["Tamaño (bytes)"].data_type, cells["Archivos"].data_type) == ("n", "n")
    assert cells["Inicio"].is_date
    assert cells["Duración"].number_format == "[h]:mm:ss"
    assert cells["Estado"].data_type == "s"


def test_the_totals_are_those_of_the_view_and_follow_the_filter(xlsx, filled, postgres_server):
    rows = view(postgres_server, filled.endpoint, "reportes.tic_fm007")
    book = openpyxl.load_workbook(BytesIO(xlsx), data_only=True)
    [total] = [row for row in book["TIC-FM007"].iter_rows(values_only=True) if row[0] == "Total"]
    [headings] = [row for row in book["TIC-FM007"].iter_rows(values_only=True) if row[0] == "N.º"]
    shown = dict(zip(headings, total, strict=True))
    assert shown["Archivos"] == sum(row["archivos"] or 0 for row in rows)
    assert shown["Alcance"] == len(rows)
    with ZipFile(BytesIO(xlsx)) as parts:
        assert b"SUBTOTAL(109," in parts.read("xl/worksheets/sheet1.xml")
    lines = [row for row in book["Totales"].iter_rows(values_only=True) if row[0] == "Total"]
    assert lines[0][2] == 61
    states = [row["estado"] for row in rows]
    assert lines[0][3:9] == tuple(
        sum(state in wanted for state in states)
        for wanted in (
            {"Exitosa"},
            {"Exitosa con advertencias"},
            {"Fallida"},
            {"Interrumpida"},
            {"No ejecutada"},
            {"En curso", "Programada"},
        )
    )


def test_a_sum_that_counts_a_copy_as_often_as_it_was_read_says_so(contents):
    row = contents.rows[0] | {"tipo_fuente": "Herramienta externa"}
    read_twice = contents._replace(rows=[row, row | {"numero": 2}])
    for shown, notes in ((contents, 0), (read_twice, 1)):
        sheet = openpyxl.load_workbook(BytesIO(as_xlsx(shown, HEADER, EDITION)))["TIC-FM007"]
        assert [cell.value for cell in sheet["A"]].count(texts.SUM_NOTE) == notes
        assert sheet.print_area.endswith(f"${sheet.max_row}")


def test_no_text_runs_as_a_formula(xlsx):
    with ZipFile(BytesIO(xlsx)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]
    formulas = re.findall(r"<f>(.*?)</f>", "".join(sheets))
    assert formulas
    assert all(formula.startswith("SUBTOTAL(") for formula in formulas)
    assert "hyperlink" not in "".join(sheets)


def test_a_text_that_looks_like_a_part_of_the_file_stays_a_text(contents):
    odd = contents.rows[0] | {"observaciones": "<r>Acta & anexo</r>"}
    found = read_sheet(as_xlsx(contents._replace(rows=[odd]), HEADER, EDITION), "TIC-FM007")
    assert found[0]["Observaciones"].strip() == "<r>Acta & anexo</r>"


def test_the_sheet_has_the_forms_header_filter_and_print_set_up(xlsx):
    book = openpyxl.load_workbook(BytesIO(xlsx))
    assert book.sheetnames == ["TIC-FM007", "Totales", "Restauraciones", "Fallas", "Medios"]
    for sheet in book:
        header = {row[0].value: row[1].value for row in sheet.iter_rows(max_row=9, max_col=2)}
        assert header["Entidad"] == "Alcaldía de prueba & Cía."
        assert header["Proceso"] == "Gestión TICS"
        assert header["Formato"] == "Código TIC-FM007 · Versión 03 · Fecha 2022-02-03"
        assert header["Periodo"] == "del 2026-10-01 al 2026-10-31"
        assert header["Versión del archivo"] == "2, reemplaza a la 1: Faltaba una ejecución"
        heading = int(sheet.print_title_rows.rpartition(":")[2].strip("$"))
        assert sheet.freeze_panes == f"C{heading + 1}"
        assert sheet.auto_filter.ref.startswith(f"A{heading}:")
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "Página &P de &N" in sheet.oddFooter.right.text
        assert "Alcaldía de prueba && Cía." in sheet.oddHeader.left.text


def test_runs_under_way_when_the_period_ends_are_told(contents, pdf):
    assert contents.unfinished == 1
    assert "En curso al cierre" in text_of(pdf)[0]
    assert "En curso" in "".join(text_of(pdf))


def test_a_run_that_is_done_again_is_under_way_though_it_ended_before(contents):
    again = contents.rows[0] | {"inicio": at(31), "fin": at(30), "estado": "En curso"}
    assert contents._replace(rows=[again]).unfinished == 1
    assert contents._replace(rows=[again | {"fin": at(31, 13)}]).unfinished == 0


def test_the_document_is_pdf_a_2b(pdf):
    with pikepdf.open(BytesIO(pdf)) as document:
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
        [intent] = document.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert len(intent.DestOutputProfile.read_bytes()) > 0
        assert not document.is_encrypted
        fonts = [one for one in document.objects if _type(one) == "/FontDescriptor"]
        assert fonts
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)
        assert not [one for one in document.objects if "/JS" in _keys(one) or "/JavaScript" in _keys(one)]
        assert "/OpenAction" not in document.Root
        assert "/AA" not in document.Root


def _keys(one) -> set[str]:
    return set(one.keys()) if isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)) else set()


def _type(one) -> str | None:
    return str(one.Type) if "/Type" in _keys(one) else None


def test_every_page_says_whose_form_it_is_and_which_page_of_how_many(pdf, contents):
    pages = text_of(pdf)
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert f"Página {number} de {len(pages)}" in page
        assert "TIC-FM007" in page
        assert "Versión 03 · 2022-02-03" in page
        assert contents.verdict.head in page


def test_the_pages_lie_on_their_side(pdf):
    for page in pypdfium2.PdfDocument(pdf):
        width, height = page.get_size()
        assert (round(width), round(height)) == (792, 612)


def test_the_code_holds_the_historys_last_hash(pdf, contents):
    image = pypdfium2.PdfDocument(pdf)[0].render(scale=2.5).to_pil()
    [code] = zxingcpp.read_barcodes(image)
    assert code.text == (
        f"TIC-FM007 2026-10 v2 filas=61 entradas={contents.verdict.count} sha256={contents.verdict.head}"
    )


def test_the_pdf_shows_all_runs_requests_failures_and_media(pdf):
    text = " ".join(" ".join(text_of(pdf)).split())
    assert "Requerimientos de restauración" in text
    assert "Ana Ruiz HD-17" in text
    assert "Se amplió el disco" in text
    assert "MAN-2026-000001" in text
    assert text.count("Satisfactoria") == 57


def test_what_no_font_has_is_shown_by_its_number(pdf):
    text = " ".join(" ".join(text_of(pdf)).split())
    assert r"\u{1f600}" in text
    assert r"\u{202e}" in text


@pytest.mark.parametrize("word", ["srv_actas_de_2026_" * 20, "W" * 360])
@pytest.mark.parametrize("column", ["alcance", "causa", "observaciones"])
def test_a_word_that_is_wider_than_its_column_goes_on_in_the_next_line(contents, column, word):
    odd = contents.rows[0] | {"causa": None, "observaciones": None, column: word}
    [page, *_] = pypdfium2.PdfDocument(as_pdfs(contents._replace(rows=[odd]), HEADER, None)[0])
    text = page.get_textpage()
    start = text.get_text_range().index(word[:3])
    left = text.get_charbox(start)[0]
    right = max(text.get_charbox(start + number)[2] for number in range(250))
    # No column of the runs is wider than an inch and three quarters.
    assert right < left + 126


def test_a_reason_of_one_long_word_does_not_run_into_the_code(contents):
    edition = Edition(version=2, replaces=1, reason="W" * 400)
    [page, *_] = pypdfium2.PdfDocument(as_pdfs(contents._replace(rows=[]), HEADER, edition)[0])
    text = page.get_textpage()
    start = text.get_text_range().index("WWW")
    # Right of it lie the code, 27 mm, and the margin.
    assert max(text.get_charbox(start + number)[2] for number in range(400)) < 792 - 36 * 72 / 25.4
    [code] = zxingcpp.read_barcodes(page.render(scale=2.5).to_pil())
    assert contents.verdict.head in code.text


def test_a_long_text_is_whole_in_the_spreadsheet_and_cut_in_the_pdf(xlsx, pdf):
    [row] = [row for row in read_sheet(xlsx, "TIC-FM007") if row["Id. del alcance"] == "raro"]
    assert len(row["Observaciones"]) == 32_767
    assert row["Observaciones"].endswith("… (texto recortado)")
    assert len(text_of(pdf)) < 8


def test_a_period_with_many_runs_is_one_document_in_parts(contents, monkeypatch):
    monkeypatch.setattr(form_pdf, "MOST_RUNS", 25)
    parts = as_pdfs(contents, HEADER, EDITION)
    texts_of_parts = [" ".join(text_of(part)) for part in parts]
    assert [re.search(r"parte \d de \d", text)[0] for text in texts_of_parts] == [
        "parte 1 de 3",
        "parte 2 de 3",
        "parte 3 de 3",
    ]
    for section in ("totals", "restorations", "failures", "media"):
        assert [texts.SECTIONS[section] in text for text in texts_of_parts] == [False, False, True]
    started = [len(re.findall(r"Alcance número \d+", text)) for text in texts_of_parts[:2]]
    assert started == [25, 25]


def test_a_period_without_rows_has_its_documents_too(report):
    empty = collect(report.endpoint, OCTOBER, BOGOTA)
    assert "No hay ejecuciones en el periodo." in text_of(as_pdfs(empty, HEADER, None)[0])[0]
    book = openpyxl.load_workbook(BytesIO(as_xlsx(empty, HEADER, None)))
    assert book["TIC-FM007"]["B6"].value == "copia de consulta, no archivada"


def test_the_days_are_the_organizations(report):
    """Bogotá is five hours behind: its October begins and ends at five in the morning of UTC."""
    edges = ("2026-10-01T04:59:59", "2026-10-01T05:00:00", "2026-11-01T04:59:59", "2026-11-01T05:00:00")
    for moment in edges:
        run = Run(dag_id="backup__x", run_id=moment, scope_id="x")
        report.write(
            RowUpdate.of(run, state="succeeded", started_at=f"{moment}Z", programmed_for="2026-09-30T12:00Z")
        )
        request = RequestUpdate.of(run, requester="Ana", what_happened="x", requested_at=f"{moment}Z")
        report.write(request)
    rest = Period(first=date(2026, 11, 1), last=date(2026, 11, 30))
    for period, wanted in ((OCTOBER, edges[1:3]), (rest, edges[3:])):
        found = collect(report.endpoint, period, BOGOTA)
        for moments in ([row["inicio"] for row in found.rows], [row["fecha"] for row in found.restorations]):
            assert [f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for moment in moments] == list(wanted)


def test_libreoffice_opens_the_spreadsheet_and_reads_the_same_numbers(xlsx, contents, tmp_path):
    (tmp_path / "form.xlsx").write_bytes(xlsx)
    filters = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    done = subprocess.run(
        [program("soffice", "libreoffice-calc"), "--headless", "--convert-to", filters, "form.xlsx"],
        cwd=tmp_path,
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    assert "repair" not in (done.stdout + done.stderr).lower()
    with (tmp_path / "form-TIC-FM007.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    start = next(number for number, line in enumerate(lines) if line[0] == "N.º")
    found = [dict(zip(lines[start], line, strict=True)) for line in lines[start + 1 :]]
    rows, total = found[: len(contents.rows)], found[len(contents.rows)]
    for line, row in zip(rows, contents.rows, strict=True):
        assert int(line["N.º"]) == row["numero"]
        for column in ("tamano_bytes", "archivos", "nuevo_bytes"):
            assert line[COLUMNS[column]] == ("" if row[column] is None else str(row[column]))
        assert line["Estado"] == row["estado"]
    assert int(total["Archivos"]) == sum(row["archivos"] or 0 for row in contents.rows)
    assert rows[-1]["Motivo"] == FORMULA


@pytest.fixture
def terminal(filled, tmp_path, monkeypatch):
    """The command, in an installation of its own."""
    config = tmp_path / "config"
    (config / "scopes").mkdir(parents=True)
    settings = organization(tmp_path / "archivo").model_dump(mode="json", exclude_unset=True)
    (config / "organization.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    (config / "repositories.yaml").write_text(
        "principal: {location: /srv/r, connection: respaldo_principal, site: Sede, medium: disco}\n"
    )
    monkeypatch.setenv("RESPALDO_CONFIG", str(config))
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(filled.endpoint))
    return lambda *arguments: CliRunner().invoke(app, ["fm007", *map(str, arguments)])


def test_the_terminal_writes_the_same_documents_for_any_period(terminal, tmp_path):
    days = ("--since", "2026-10-01", "--until", "2026-10-31")
    for shape in ("xlsx", "pdf"):
        done = terminal(*days, "--format", shape, "--to", tmp_path / f"form.{shape}")
        assert (done.exit_code, done.output) == (0, f"{tmp_path}/form.{shape}: 61 ejecuciones\n")
    assert len(read_sheet((tmp_path / "form.xlsx").read_bytes(), "TIC-FM007")) == 61
    assert "copia de consulta, no archivada" in text_of((tmp_path / "form.pdf").read_bytes())[0]


def test_the_terminal_writes_one_scope_alone_and_all_days_without_a_period(terminal, tmp_path):
    done = terminal("--scope", "raro", "--format", "xlsx", "--to", tmp_path / "form.xlsx")
    assert done.exit_code == 0
    [row] = read_sheet((tmp_path / "form.xlsx").read_bytes(), "TIC-FM007")
    assert row["Id. del alcance"] == "raro"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--format", "pdf"), "--to formato.pdf"),
        (("--format", "csv", "--to", "x.csv"), "--to es para xlsx y pdf"),
        (
            ("--format", "pdf", "--to", "x.pdf", "--since", "2026-10-02", "--until", "2026-10-01"),
            "el último día (2026-10-01) es anterior al primero (2026-10-02)",
        ),
        (("--format", "xlsx", "--to", "/proc/x.xlsx"), "No se pudo escribir «/proc/x.xlsx»"),
        (("--format", "xlsx", "--to", "."), "No se pudo escribir «.»"),
    ],
)
def test_the_terminal_refuses_what_cannot_be(terminal, arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = terminal(*arguments)
    assert done.exit_code == 1
    assert told in done.output
    assert not list(tmp_path.glob("x.*"))


def test_the_terminal_writes_no_pdf_that_would_have_parts(terminal, tmp_path, monkeypatch):
    monkeypatch.setattr(document, "MOST_RUNS", 25)
    done = terminal("--format", "pdf", "--to", tmp_path / "form.pdf")
    assert done.exit_code == 1
    assert "Son 61 ejecuciones y un PDF admite 25" in " ".join(done.output.split())
    assert not (tmp_path / "form.pdf").exists()
