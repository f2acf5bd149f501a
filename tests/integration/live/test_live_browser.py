"""Requests and failures, by people in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser_kit import PATIENCE_MS, answer, keep_picture, question, state_of, wait_until
from respaldo.texts.backup import PARAMS

SCOPE = "bueno"


def send_the_form(page: Page, live) -> None:
    page.goto(f"{live.installation.address}/dags/restore_request?lng=es")
    page.get_by_role("button", name="Activar Dag").first.click()
    keep_picture(page, "request-form")
    page.locator("#element_requester").fill("Ana Ruiz")
    page.locator("#element_ticket").fill("MDA-204")
    page.locator("#element_what_happened").fill("Se borró la carpeta de actas")
    page.locator("#element_scope input").first.click()
    page.get_by_role("option", name=f"Alcance {SCOPE}", exact=True).click()
    page.get_by_role("button", name="Qué restaurar").click()
    page.locator("#element_paths").fill(f"{live.source(SCOPE)}/carpeta/acta 1.txt")
    page.locator("button:has-text('Trigger')").last.click()


@pytest.mark.timeout(600)  # the first test waits for the installation to start
def test_the_form_of_a_backup_asks_for_all_that_its_run_takes_in_a_browser(live, page_of):
    page = page_of("soporte")
    page.set_viewport_size({"width": 1280, "height": 1500})
    page.goto(f"{live.installation.address}/dags/backup__{SCOPE}?lng=es")
    page.get_by_role("button", name="Activar Dag").first.click()
    for title, description in PARAMS.values():
        expect(page.get_by_text(title).first).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_text(description, exact=True)).to_be_visible()
    page.locator("#element_reason").fill("Antes de actualizar el ERP a la versión 8")
    page.locator("#element_requester").fill("Secretaría de Hacienda")
    page.locator("#element_ticket").fill("2026-0417")
    keep_picture(page, "form")


@pytest.mark.timeout(300)
def test_a_request_goes_from_its_form_to_its_acceptance_in_a_browser(live, first_round, page_of):
    assert first_round.outcomes[SCOPE].state == "success"
    api = live.installation.api
    api.patch("dags/restore_request", {"is_paused": False})
    before = api.get("dags/restore_request/dagRuns", limit=100)["total_entries"]
    support, professional = page_of("soporte"), page_of("profesional")

    send_the_form(support, live)
    wait_until(
        lambda: api.get("dags/restore_request/dagRuns", limit=100)["total_entries"] > before, "the run"
    )
    [run] = api.get("dags/restore_request/dagRuns", order_by="-run_after", limit=1)["dag_runs"]
    run_id = run["dag_run_id"]
    assert run["triggering_user_name"] == "soporte"
    wait_until(lambda: state_of(live, run_id, "analyse") == "awaiting_input", "the analysis")

    question(support, live, run_id, "analyse")
    support.get_by_test_id("hitl-option-Es una restauración").click()
    expect(support.get_by_text("Acceso Denegado")).to_be_visible(timeout=PATIENCE_MS)
    keep_picture(support, "request-refused")
    assert state_of(live, run_id, "analyse") == "awaiting_input"

    question(professional, live, run_id, "analyse")
    expect(professional.get_by_text("Se borró la carpeta de actas")).to_be_visible(timeout=PATIENCE_MS)
    keep_picture(professional, "request-analysis")
    answer(
        professional,
        live,
        run_id,
        "analyse",
        "Es una restauración",
        lambda: state_of(live, run_id, "accept") == "awaiting_input",
    )

    question(support, live, run_id, "accept")
    expect(support.get_by_text("Restaurada y comprobada (1 archivos")).to_be_visible(timeout=PATIENCE_MS)
    keep_picture(support, "request-accept")
    answer(
        support,
        live,
        run_id,
        "accept",
        "Sí cumple",
        lambda: api.get(f"dags/restore_request/dagRuns/{run_id}")["state"] == "success",
    )

    [row] = [row for row in live.report.requests() if row["ejecucion"] == run_id]
    assert (row["resultado"], row["analizo"], row["acepto"]) == ("Satisfecho", "profesional", "soporte")
    [folder] = live.report.request(row["clave"])["restored"]["first"]["where"]
    name = f"{live.source(SCOPE)}/carpeta/acta 1.txt"
    assert Path(f"{folder}{name}").read_bytes() == Path(name).read_bytes()


@pytest.mark.timeout(900)
def test_support_writes_the_corrective_of_a_failure_and_closes_it_in_a_browser(live, second_round, page_of):
    failed = second_round["sin_segunda"].row
    run_id = f"failure__{failed['run_key']}"

    def incident():
        return live.report.incident(failed["run_key"]) or {}

    wait_until(lambda: incident().get("state") == "waiting", "the question")
    support = page_of("soporte")
    question(support, live, run_id, "decide", "failure_analysis")
    expect(support.get_by_text("respaldo_sin_conexion").first).to_be_visible(timeout=PATIENCE_MS)
    support.locator("#element_corrective").fill("Ese repositorio ya no se usa")
    keep_picture(support, "failure-decision")
    support.get_by_test_id("hitl-option-Cerrar sin volver a ejecutar").click()
    wait_until(lambda: incident()["state"] == "closed", "the end")
    kept = incident()
    assert (kept["decision"], kept["decided_by"], kept["resolution"]) == ("close", "soporte", "closed")
    assert kept["corrective"] == "Ese repositorio ya no se usa"
    assert kept["confirmed_cause"] == "connection_missing"
    api = live.installation.api
    wait_until(
        lambda: api.get(f"dags/failure_analysis/dagRuns/{run_id}")["state"] == "success", "the analysis"
    )
    support.goto(f"{live.installation.address}/dags/failure_analysis/runs/{run_id}?lng=es")
    keep_picture(support, "failure-closed")
    rows = live.sql(
        "respaldo", "SELECT estado, decision, causa FROM reportes.fallas WHERE clave = %s", failed["run_key"]
    )
    assert rows == [("Cerrada", "Cerrar sin ejecutar de nuevo", "Conexión inexistente")]
