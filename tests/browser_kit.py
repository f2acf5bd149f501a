"""A browser of the tests: the people of an installation, as they see Airflow's pages.

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
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "chromium"
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
