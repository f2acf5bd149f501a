"""``respaldo labels``: what a label stands for, and labels for printing."""

from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
import zxingcpp
from typer.testing import CliRunner

from airflow_kit import connection_to
from respaldo.cli import app
from respaldo.domain.values import Run
from respaldo.report.database import connected
from respaldo.report.fm007 import RowUpdate
from respaldo.report.media import LabelledCopy, LabelsUpdate
from respaldo.report.movements import Movement
from respaldo.texts import media as texts

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
COPY = LabelledCopy(
    which="first",
    series="PRI-2026-######",
    kind="disco",
    site="Centro de datos",
    keep_until=NOW + timedelta(days=30),
)


@pytest.fixture
def labelled(report, report_database, airflow_home, monkeypatch):
    """Two labelled copies, and a tape."""
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(report_database))
    for number in (1, 2):
        run = Run(dag_id="backup__erp", run_id=f"scheduled__{number}", scope_id="erp")
        report.write(RowUpdate.of(run, scope_name="Base de nómina", state="succeeded", ended_at=NOW))
        report.write(LabelsUpdate.of_copies(run, COPY))
    tape = Movement(move="registered", kind="cinta", site="Archivo", moved_by="soporte")
    report.move(tape, series="MAN-2026-######", by="a", at=NOW)
    return report


def respaldo(*arguments):
    return CliRunner().invoke(app, ["labels", *map(str, arguments)])


def scanned(file) -> list[str]:
    page = pypdfium2.PdfDocument(file)[0]
    return sorted(code.text for code in zxingcpp.read_barcodes(page.render(scale=2.5).to_pil()))


def test_a_label_that_is_typed_or_scanned_finds_its_copies(labelled):
    done = respaldo("pri-2026-000002")
    assert done.exit_code == 0
    assert "PRI-2026-000002: disco · Centro de datos · En su lugar" in done.stdout
    assert "Base de nómina" in done.stdout
    assert "2026-03-31" in done.stdout


def test_of_a_medium_with_very_many_copies_the_newest_are_shown_and_it_says_so(labelled, shown):
    with connected(labelled.endpoint) as connection:
        connection.execute(
            "INSERT INTO respaldo.media_holding "
            "SELECT 'run' || n, 'first', 'MAN-2026-000001', now(), now() FROM generate_series(1, 501) n"
        )
    told = texts.HOLDS_NEWEST.format(shown=500, all=501)
    assert told in respaldo("MAN-2026-000001").stdout
    assert told in shown.get("/media?label=MAN-2026-000001").text
    assert "Se muestran" not in respaldo("PRI-2026-000001").stdout
    assert "Se muestran" not in shown.get("/media?label=PRI-2026-000001").text


def test_a_medium_without_copies_says_so(labelled):
    assert texts.HOLDS_NOTHING in respaldo("MAN-2026-000001").stdout


def test_an_unknown_label_is_told_and_the_others_are_shown(labelled):
    done = respaldo("PRI-2026-000001", "PRI-2026-999999")
    assert done.exit_code == 1
    assert "Base de nómina" in done.stdout
    assert texts.CLI_UNKNOWN.format(label="PRI-2026-999999") in done.stderr


def test_labels_are_printed_in_the_order_asked_for_and_a_scanner_reads_them(labelled, tmp_path):
    file = tmp_path / "hoja.pdf"
    done = respaldo("PRI-2026-000002", "MAN-2026-000001", "--to", file)
    assert (done.exit_code, done.stdout) == (0, f"2 etiquetas en {file}\n")
    assert scanned(file) == ["MAN-2026-000001", "PRI-2026-000002"]
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".pdf", ".partial")] == ["hoja.pdf"]


def test_new_labels_are_printed_once(labelled, tmp_path):
    file = tmp_path / "nuevas.pdf"
    assert respaldo("--new", "--kind", "cinta", "--to", file).exit_code == 0
    assert scanned(file) == ["MAN-2026-000001"]
    assert respaldo("--new", "--to", file).exit_code == 0
    assert scanned(file) == ["PRI-2026-000001", "PRI-2026-000002"]
    done = respaldo("--new", "--to", file)
    assert (done.exit_code, done.stderr) == (1, f"{texts.CLI_NONE_NEW}\n")


def test_a_new_label_that_is_named_too_is_printed_once(labelled, tmp_path):
    file = tmp_path / "hoja.pdf"
    assert respaldo("PRI-2026-000001", "--new", "--to", file).stdout.startswith("3 etiquetas")
    assert scanned(file) == ["MAN-2026-000001", "PRI-2026-000001", "PRI-2026-000002"]


def test_a_destroyed_medium_gets_no_new_label(labelled, tmp_path):
    gone = Movement(move="destroyed", label="MAN-2026-000001", reason="x", document="Acta 1", moved_by="s")
    labelled.move(gone, series="", by="b", at=NOW)
    file = tmp_path / "hoja.pdf"
    assert respaldo("--new", "--to", file).exit_code == 0
    assert scanned(file) == ["PRI-2026-000001", "PRI-2026-000002"]


def test_nothing_is_printed_when_one_of_the_labels_is_unknown(labelled, tmp_path):
    file = tmp_path / "hoja.pdf"
    done = respaldo("PRI-2026-000001", "X-1", "--to", file)
    assert (done.exit_code, file.exists()) == (1, False)
    assert respaldo("--new", "--to", tmp_path / "todas.pdf").stdout.startswith("3 etiquetas")


def test_a_file_that_cannot_be_written_is_told_and_counts_as_not_printed(labelled, tmp_path):
    done = respaldo("--new", "--to", tmp_path / "no" / "hay" / "hoja.pdf")
    assert done.exit_code == 1
    assert "No se pudo escribir" in done.stderr
    assert respaldo("--new", "--to", tmp_path / "hoja.pdf").exit_code == 0


@pytest.mark.parametrize("target", [".", "/"])
def test_a_folder_is_no_file_to_write(labelled, tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    done = respaldo("--new", "--to", target)
    assert (done.exit_code, set(tmp_path.iterdir())) == (1, before)
    assert "No se pudo escribir" in done.stderr


def test_a_sheet_whose_places_are_all_used_up_is_refused(labelled, tmp_path):
    done = respaldo("--new", "--to", tmp_path / "hoja.pdf", "--skip", "24")
    assert (done.exit_code, done.stderr) == (1, f"{texts.CLI_SKIPS_ALL.format(places=24)}\n")
    assert respaldo("--new", "--to", tmp_path / "hoja.pdf", "--skip", "23").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"), [((), texts.CLI_NOTHING), (("--new",), texts.CLI_NEW_NEEDS_FILE)]
)
def test_what_makes_no_sense_is_told(arguments, told):
    done = respaldo(*arguments)
    assert (done.exit_code, done.stderr) == (1, f"{told}\n")
