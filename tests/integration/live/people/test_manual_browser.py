"""A copy made by hand, by its people in a real browser: from the form to its verified row."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from browser_kit import PATIENCE_MS, answer, fill, keep_picture, question, state_of, wait_until

SCOPE = "mano_en_cinta"
DAG = f"backup__{SCOPE}"


def send_the_form(page, live):
    page.goto(f"{live.installation.address}/dags/{DAG}?lng=es")
    page.get_by_role("button", name="Activar Dag").first.click()
    page.locator("#element_reason").fill("Cierre del mes")
    page.locator("button:has-text('Trigger')").last.click()


def waits(live, run_id, task):
    return lambda: state_of(live, run_id, task, DAG) == "awaiting_input"


@pytest.mark.timeout(400)
def test_a_copy_goes_from_its_form_to_its_verified_row_in_a_browser(live, page_of):
    api = live.installation.api
    api.patch(f"dags/{DAG}", {"is_paused": False})
    before = api.get(f"dags/{DAG}/dagRuns", limit=1)["total_entries"]
    maker, verifier, other = page_of("soporte"), page_of("infraestructura"), page_of("profesional")

    send_the_form(maker, live)
    wait_until(lambda: api.get(f"dags/{DAG}/dagRuns", limit=1)["total_entries"] > before, "the run")
    [run] = api.get(f"dags/{DAG}/dagRuns", order_by="-run_after", limit=1)["dag_runs"]
    run_id = run["dag_run_id"]
    wait_until(waits(live, run_id, "perform"), "the question")

    question(other, live, run_id, "perform", DAG)
    other.get_by_test_id("hitl-option-La copia quedó hecha").click()
    expect(other.get_by_text("Acceso Denegado")).to_be_visible(timeout=PATIENCE_MS)
    keep_picture(other, "manual-refused")

    yesterday = datetime.now(ZoneInfo("America/Bogota")) - timedelta(days=1)
    question(maker, live, run_id, "perform", DAG)
    expect(maker.get_by_text("disco azul")).to_be_visible(timeout=PATIENCE_MS)
    stated = {
        "medium": "Disco azul",
        "place": "Bóveda",
        "started_at": f"{yesterday:%Y-%m-%d} 17:00",
        "ended_at": f"{yesterday:%d/%m/%Y} 17:30",
        "size": "12,5 GB",
        "files": "120",
    }
    fill(maker, stated)
    keep_picture(maker, "manual-perform")
    is_asked = waits(live, run_id, "verify")
    answer(maker, live, run_id, "perform", "La copia quedó hecha", is_asked, dag=DAG, given=stated)

    question(verifier, live, run_id, "verify", DAG)
    expect(verifier.get_by_text("12,5 GB").first).to_be_visible(timeout=PATIENCE_MS)
    seen = {"observations": "Abrí tres actas"}
    fill(verifier, seen)
    keep_picture(verifier, "manual-verify")
    answer(
        verifier,
        live,
        run_id,
        "verify",
        "Está bien",
        lambda: api.get(f"dags/{DAG}/dagRuns/{run_id}")["state"] == "success",
        dag=DAG,
        given=seen,
    )

    [row] = [row for row in live.report.rows(scope=SCOPE) if row["ejecucion"] == run_id]
    assert (row["modalidad"], row["estado"], row["verificacion_resultado"]) == (
        "Manual",
        "Exitosa",
        "Satisfactoria",
    )
    assert (row["realizada_por"], row["verificada_por"]) == ("soporte", "infraestructura")
    assert row["etiquetas"]
    verifier.goto(f"{live.installation.address}/respaldo/fm007/{row['clave']}")
    expect(verifier.get_by_text("infraestructura").first).to_be_visible(timeout=PATIENCE_MS)
    verifier.set_viewport_size({"width": 1000, "height": 1900})
    keep_picture(verifier, "manual-row")
