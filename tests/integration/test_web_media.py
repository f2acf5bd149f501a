"""The page of media: found by label, typed or scanned, with what each holds; and its labels for printing."""

from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
import zxingcpp

from respaldo.domain.values import Run
from respaldo.report.fm007 import RowUpdate
from respaldo.report.media import LabelledCopy, LabelsUpdate
from respaldo.report.movements import Movement
from respaldo.texts import media as texts

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script>'


def good_run(report, scope: str, number: int, *copies: LabelledCopy) -> Run:
    run = Run(dag_id=f"backup__{scope}", run_id=f"scheduled__{number}", scope_id=scope)
    report.write(
        RowUpdate.of(run, scope_name=f"Alcance {scope}", state="succeeded", started_at=NOW, ended_at=NOW)
    )
    report.write(LabelsUpdate.of_copies(run, *copies))
    return run


def copy_in(repository: str, which="first") -> LabelledCopy:
    return LabelledCopy(
        which=which,
        series=f"{repository[:3].upper()}-2026-######",
        kind="disco",
        site="Centro de datos",
        repository=repository,
        keep_until=NOW + timedelta(days=30),
    )


@pytest.fixture
def media(report):
    """Two runs of two scopes with three labels, and a tape that was taken out."""
    run = good_run(report, "erp", 1, copy_in("principal"), copy_in("secundario", "second"))
    good_run(report, "documentos", 2, copy_in("principal"))
    tape = Movement(move="registered", kind="cinta", site="Archivo", description=HOSTILE, moved_by="soporte")
    report.move(tape, series="MAN-2026-######", by="a", at=NOW)
    out = Movement(
        move="out", label="MAN-2026-000001", site="Banco", reason="Custodia externa", moved_by="soporte"
    )
    report.move(out, series="MAN-2026-######", by="b", at=NOW + timedelta(days=1))
    return run


def labels_on(answer) -> list[str]:
    return [part.split('"')[0] for part in answer.text.split('href="media?label=')[1:]]


def test_all_media_are_listed(shown, media):
    answer = shown.get("/media")
    assert answer.status_code == 200
    assert set(labels_on(answer)) == {
        "PRI-2026-000001",
        "PRI-2026-000002",
        "SEC-2026-000001",
        "MAN-2026-000001",
    }
    assert texts.COUNT.format(count=4) in answer.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=cinta", ["MAN-2026-000001"]),
        ("state=out", ["MAN-2026-000001"]),
        ("state=destroyed", []),
        ("scope=documentos", ["PRI-2026-000002"]),
        ("label=sec", ["SEC-2026-000001"]),
        ("label=PRI-2026&scope=erp&kind=&state=", ["PRI-2026-000001"]),
        ("label=%25", []),
        ("label=_", []),
    ],
)
def test_filters_narrow_them_down(shown, media, query, found):
    answer = shown.get(f"/media?{query}")
    assert (answer.status_code, labels_on(answer)) == (200, found)


@pytest.mark.parametrize("typed", ["PRI-2026-000001", " pri-2026-000001 ", "PRI'2026'000001"])
def test_a_label_that_is_typed_or_scanned_finds_its_copy(shown, media, typed):
    answer = shown.get("/media", params={"label": typed})
    assert answer.status_code == 200
    assert f'href="fm007/{media.key}"' in answer.text
    assert "Alcance erp" in answer.text
    assert "Centro de datos" in answer.text
    assert "Alcance documentos" not in answer.text


def test_a_medium_is_shown_with_its_movements_and_nothing_of_it_runs(shown, media):
    answer = shown.get("/media?label=MAN-2026-000001")
    for said in ("Retirado", "Banco", "Salida", "Custodia externa", "soporte", texts.HOLDS_NOTHING):
        assert said in answer.text
    assert HOSTILE not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_form_leads_from_a_copy_to_its_media(shown, media):
    assert labels_on(shown.get("/fm007?scope=erp")) == ["PRI-2026-000001", "SEC-2026-000001"]


def test_without_media_the_page_says_how_one_comes(shown):
    assert texts.NONE_YET in shown.get("/media").text
    assert texts.NONE_CHOSEN in shown.get("/media?label=NO-HAY").text


@pytest.mark.parametrize("query", ["state=nuevo", "page=0", "label=%00", f"label={'A' * 201}"])
def test_filters_that_cannot_be_are_refused(shown, query):
    assert shown.get(f"/media?{query}").status_code == 400


def test_many_are_shown_by_pages(shown, report):
    for number in range(55):
        good_run(report, "erp", number, copy_in("principal"))
    first, second = shown.get("/media"), shown.get("/media?page=2")
    assert (len(labels_on(first)), len(labels_on(second))) == (50, 5)
    assert not set(labels_on(first)) & set(labels_on(second))


def scanned(answer) -> list[str]:
    assert answer.headers["content-type"] == "application/pdf"
    assert texts.FILE in answer.headers["content-disposition"]
    page = pypdfium2.PdfDocument(answer.content)[0]
    return sorted(code.text for code in zxingcpp.read_barcodes(page.render(scale=2.5).to_pil()))


def test_the_label_of_a_medium_is_printed_and_found_again_by_its_code(shown, media):
    [code] = scanned(shown.get("/media.pdf?label=PRI-2026-000001"))
    assert f'href="fm007/{media.key}"' in shown.get("/media", params={"label": code}).text


def test_the_labels_of_a_selection_are_printed(shown, media):
    assert scanned(shown.get("/media.pdf?kind=disco")) == [
        "PRI-2026-000001",
        "PRI-2026-000002",
        "SEC-2026-000001",
    ]


def test_printing_on_the_page_changes_nothing(shown, media, report):
    shown.get("/media.pdf?label=PRI-2026-000001")
    assert 'Etiqueta impresa</dt><dd class="lines">—' in shown.get("/media?label=PRI-2026-000001").text


def test_without_the_report_the_page_says_so(page):
    assert page.get("/media").status_code == page.get("/media.pdf").status_code == 503
