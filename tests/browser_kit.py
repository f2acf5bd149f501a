"""A browser of the tests: the people of an installation, as they see Airflow's pages.

With RESPALDO_SCREENSHOTS=folder the pages are kept as pictures: the documents' own are made so.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from debian_kit import program
from respaldo.embedded.installation import Installation

CHROMIUM = "chromium"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    installed = program(CHROMIUM, CHROMIUM)
    with sync_playwright() as playwright:
        # Its sandbox does not run as root.
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page_of(live, browser) -> Iterator[Callable[[str], Page]]:
    """Open the UI in Spanish as one of the people."""
    contexts = []

    def open_as(user: str) -> Page:
        page = signed_in(browser, live.installation, user, locale="es-CO")
        contexts.append(page.context)
        return page

    yield open_as
    for context in contexts:
        context.close()


def signed_in(browser: Browser, installation: Installation, user: str, locale: str) -> Page:
    """Give a page of a new browser, which speaks a language and knows only that this user signed in."""
    credentials = {"username": user, "password": installation.password_of(user)}
    answer = httpx.post(f"{installation.address}/auth/token", json=credentials, trust_env=False)
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale=locale)
    token = {"name": "_token", "value": answer.json()["access_token"], "url": installation.address}
    context.add_cookies([token])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def wait_until(is_so: Callable[[], object], what: str, seconds: float = PATIENCE_MS / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.5)


def keep_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("RESPALDO_SCREENSHOTS"):
        page.wait_for_timeout(1000)
        page.screenshot(path=Path(folder) / f"{name}.png")


def question(page: Page, live, run_id: str, task: str, dag: str = "restore_request") -> None:
    page.goto(
        f"{live.installation.address}/dags/{dag}/runs/{run_id}/tasks/{task}/required_actions"
        "?map_index=-1&lng=es"
    )


def state_of(live, run_id: str, task: str, dag: str = "restore_request") -> str:
    path = f"dags/{dag}/dagRuns/{run_id}/taskInstances/{task}"
    return str(live.installation.api.get(path)["state"])


def fill(page: Page, given: Mapping[str, str]) -> None:
    """Write into the form of a question."""
    for name, text in given.items():
        page.locator(f"#element_{name}").fill(text)


def answer(
    page: Page,
    live,
    run_id: str,
    task: str,
    option: str,
    is_done: Callable[[], object],
    *,
    dag: str = "restore_request",
    given: Mapping[str, str] | None = None,
) -> None:
    """Answer, and again if Airflow lost it: it does when the question is only some seconds old.

    :param given: what to write into the form: one that is asked again is empty.
    """
    button = page.get_by_test_id(f"hitl-option-{option}")
    for _ in range(5):
        # What was taken is shown with its buttons off, also while what follows takes its time.
        wait_until(lambda: is_done() or (button.is_visible() and button.is_enabled()), f"{option} of {task}")
        if is_done():
            return
        fill(page, given or {})
        button.click()
        with contextlib.suppress(AssertionError):
            wait_until(is_done, f"what follows from {option}", seconds=25)
            return
        question(page, live, run_id, task, dag)
    pytest.fail(f"{task} was answered five times in vain")
