"""Requests and failures, by people in a real browser.

With RESPALDO_SCREENSHOTS=folder the pages are kept as pictures: the documents' own are made so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = "chromium"
SCOPE = "bueno"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which(CHROMIUM) or _installed()
    if program is None:
        pytest.skip("no chromium, and only root can install it")
    with sync_playwright() as playwright:
        # Its sandbox does not run as root.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def _installed() -> str | None:
    if os.geteuid() != 0:
        return None
    apt = ["apt-get", "install", "--yes", "--no-install-recommends", CHROMIUM]
    subprocess.run(apt, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, check=False)
    return shutil.which(CHROMIUM)


@pytest.fixture
def page_of(live, browser) -> Iterator[Callable[[str], Page]]:
    """Open the UI in Spanish as one of the people."""
    contexts = []

    def open_as(user: str) -> Page:
        credentials = {"username": user, "password": live.installation.password_of(user)}
        answer = httpx.post(f"{live.installation.address}/auth/token", json=credentials, trust_env=False)
        context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="es-CO")
        contexts.append(context)
        token = {"name": "_token", "value": answer.json()["access_token"], "url": live.installation.address}
        context.add_cookies([token])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return page

    yield open_as
    for context in contexts:
        context.close()


def wait_until(is_so: Callable[[], object], what: str, seconds: float = PATIENCE_MS / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.5)


def keep_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("RESPALDO_SCREENSHOTS"):
        page.wait_for_timeout(1000)
        page.screenshot(path=Path(folder) / f"{name}.png")


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


def question(page: Page, live, run_id: str, task: str, dag: str = "restore_request") -> None:
    page.goto(
        f"{live.installation.address}/dags/{dag}/runs/{run_id}/tasks/{task}/required_actions"
        "?map_index=-1&lng=es"
    )


def state_of(live, run_id: str, task: str, dag: str = "restore_request") -> str:
    path = f"dags/{dag}/dagRuns/{run_id}/taskInstances/{task}"
    return str(live.installation.api.get(path)["state"])


def answer(page: Page, live, run_id: str, task: str, option: str, is_done: Callable[[], object]) -> None:
    """Answer, and again if Airflow lost it: it does when the question is only some seconds old."""
    for _ in range(5):
        page.get_by_test_id(f"hitl-option-{option}").click()
        with contextlib.suppress(AssertionError):
            wait_until(is_done, f"what follows from {option}", seconds=25)
            return
        question(page, live, run_id, task)
    pytest.fail(f"{task} was answered five times in vain")


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
