"""Media under a live scheduler: copies are labelled; a tape is registered, goes out, and takes no copy."""

import time

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import expect

from browser_kit import keep_picture
from live_kit import wait_until
from manual_kit import THINK_SECONDS, Answer, People
from respaldo.domain.values import Run
from respaldo.texts import media as texts

# The first test waits for the installation to start.
pytestmark = pytest.mark.timeout(600)

TAPE = {"move": "registered", "kind": "cinta", "site": "Archivo", "description": "LTO-8 n.º 77"}
STATED = {"medium": "Cinta", "started_at": "2026-03-14 17:00", "ended_at": "2026-03-14 17:30", "size": "1 GB"}


class Media:
    """The DAG of media, as the people of the installation use it."""

    def __init__(self, live):
        self.live = live

    def begin(self, user="soporte", **form) -> Run:
        body = {"logical_date": None, "conf": form}
        made = self.live.installation.api_of(user).post("dags/media/dagRuns", body)
        return Run(dag_id="media", run_id=made["dag_run_id"], scope_id="")

    def end(self, *runs: Run) -> list[str]:
        return [self.live.end_of(run) for run in runs]

    def movements(self) -> list[tuple]:
        return self.live.sql(
            "respaldo",
            "SELECT etiqueta, movimiento, quien, lugar FROM reportes.movimientos_medios ORDER BY numero",
        )


@pytest.fixture(scope="module")
def media(live):
    return Media(live)


@pytest.fixture(scope="module")
def tape(live, media):
    """Register a tape and take it out, and give its label."""
    assert media.end(media.begin(**TAPE)) == ["success"]
    [(label, *_)] = media.movements()
    assert media.end(media.begin(move="out", label=label, site="Banco", reason="Custodia")) == ["success"]
    return label


def test_a_good_run_has_a_label_for_each_copy_and_their_media_are_found_by_it(live):
    live.fill("con_etiquetas")
    outcome = live.finish(live.trigger("con_etiquetas"))
    assert outcome.state == "success"
    first, second = outcome.row["labels"]
    assert (first[:4], second[:4]) == ("PRI-", "SEC-")
    for label in (first, second):
        done = live.respaldo("labels", label)
        assert (done.returncode, "Alcance con_etiquetas" in done.stdout) == (0, True)
    assert live.respaldo("verify-log").returncode == 0


def test_a_medium_that_is_registered_gets_a_label_and_goes_out(media, tape):
    assert media.movements() == [
        (tape, "Registro", "soporte", "Archivo"),
        (tape, "Salida", "soporte", "Banco"),
    ]


def test_what_cannot_be_of_a_medium_is_red_with_the_reason(live, media, tape):
    runs = [
        media.begin(move="out", label=tape, site="Banco", reason="Otra vez"),
        media.begin(move="in", label="NO-HAY-1"),
        media.begin(**TAPE | {"label": tape}),
        media.begin("infraestructura", **TAPE),
    ]
    assert media.end(*runs) == ["failed"] * 4
    logs = live.logs()
    for told in (
        "ya está fuera",
        "no hay un medio con esa etiqueta",
        "es de otro medio",
        "infraestructura no puede",
    ):
        assert told in logs
    assert len(media.movements()) == 2


def test_a_medium_that_is_out_takes_no_copy_that_somebody_makes(live, tape):
    people = People(live)
    run = live.trigger("mano_en_cinta", reason="Cierre")
    wait_until(lambda: "perform" in people.asked(run), "the question", 0.5)
    time.sleep(THINK_SECONDS)
    people.answer(run, Answer("perform", "soporte", "made", STATED | {"label": tape}))
    wait_until(lambda: live.report.row(run.key)["cause"] == "invalid_answer", "the refusal", 0.5)
    assert "ese medio no recibe copias: Retirado" in live.report.row(run.key)["cause_detail"]
    assert live.report.medium(tape).copies == 0
    live.give_up(run)


def test_a_label_is_printed_and_found_again_by_its_code_in_a_browser(live, media, tape, page_of):
    page, address = page_of("soporte"), live.installation.address
    page.goto(f"{address}/plugin/medios?lng=es")
    frame = page.frame_locator("iframe")
    search = frame.get_by_role("searchbox")
    search.fill(tape.lower())
    search.press("Enter")
    expect(frame.get_by_text("Custodia", exact=True).last).to_be_visible()
    keep_picture(page, "media")
    with page.expect_download() as printed:
        frame.get_by_role("link", name=texts.PRINT_ONE).click()
    [code] = zxingcpp.read_barcodes(pypdfium2.PdfDocument(printed.value.path())[0].render(scale=3).to_pil())

    page.goto(f"{address}/plugin/medios?lng=es")
    search.fill(code.text)
    search.press("Enter")
    expect(frame.get_by_role("heading", name=tape)).to_be_visible()
