"""Roles and waiting tasks where Airflow's users are FAB's: an installation of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser_kit import PATIENCE_MS, keep_picture, question, signed_in
from live_kit import (
    ORGANIZATION,
    PROJECT,
    Live,
    new_home,
    repository_settings,
    started,
    wait_until,
    write_configuration,
    write_yaml,
)
from manual_kit import Answer, People, Waiting
from people_kit import SCOPES, renewal, term_of
from respaldo.domain.values import Run
from respaldo.embedded.environment import of_programs
from respaldo.embedded.layout import Layout
from respaldo.flows.contracts.names import CONTRACTING
from respaldo.texts.contracts import CHOICES
from respaldo.texts.manual import RESULTS
from respaldo.texts.requests import ANALYSES
from respaldo.texts.roles import UNCHANGED

# The first test waits for the installation to start.
pytestmark = pytest.mark.timeout(600)

MANUAL, REQUESTED, LAPSED = "mano_alterada", "actas", "contrato_bloqueado"
ROLES = ORGANIZATION["roles"] | {"analista": {"title": "Analista del informe", "users": ["analista"]}}
USERS = sorted({user for role in ROLES.values() for user in role["users"]})
DAGS = 9
"""A scope's each, and the requests', the failures', the contracts', the media's and the archive's."""
NO_DIRECTOR = ("soporte", "profesional", "infraestructura", "analista")
STATED = {
    "medium": "Disco azul",
    "place": "Archivo central",
    "started_at": "2026-03-14 17:00",
    "ended_at": "2026-03-14 17:30",
    "size": "12,5 GB",
    "files": "120",
}

SET_PASSWORDS = """
import json, sys
from airflow.providers.fab.auth_manager.models import User
from airflow.utils.session import create_session
from sqlalchemy import select
from werkzeug.security import generate_password_hash

passwords = json.load(sys.stdin)
with create_session() as session:
    for user in session.scalars(select(User)).unique():
        user.password = generate_password_hash(passwords[user.username], "pbkdf2:sha256:1000")
"""


class Fab:
    """The installation, and what was told by who made its roles."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.first = live.respaldo("roles", "sync", "--create")
        self.second = live.respaldo("roles", "sync")
        subprocess.run(
            [sys.executable, "-c", SET_PASSWORDS],
            env=of_programs(live.installation.layout),
            input=live.installation.layout.passwords.read_bytes(),
            check=True,
        )
        self._apis: dict[str, Any] = {}

    def status(self, user: str, method: str, path: str, body: Any = None) -> int:
        """Ask the web server as a user, and give the code of its answer."""
        api = self._apis.setdefault(user, self.live.installation.api_of(user))
        return int(api._send(method, path, json=body).status_code)


@pytest.fixture(scope="module")
def fab() -> Iterator[Fab]:
    with new_home("fab") as home:
        config = home / "config"
        repositories = {name: repository_settings(name) for name in ("principal", "secundario")}
        write_configuration(config, repositories, {REQUESTED: {}}, roles=ROLES)
        for scope in (MANUAL, LAPSED):
            write_yaml(config / "scopes" / f"{scope}.yaml", SCOPES[scope])
        layout = Layout.of(PROJECT, {"RESPALDO_HOME": str(home), "RESPALDO_CONFIG": str(config)})
        with started(layout, dags=DAGS, manager="fab") as live:
            yield Fab(live)


def test_the_roles_and_their_people_are_made_once(fab):
    assert (fab.first.returncode, fab.second.returncode) == (0, 0), fab.first.stderr + fab.second.stderr
    for user in USERS:
        assert f"Persona creada: {user}" in fab.first.stdout
    assert fab.second.stdout.splitlines() == [UNCHANGED, f"Usuarios de Airflow anotados: {len(USERS) + 1}"]


RUNS, PLUGINS, COPY = "/api/v2/dags/~/dagRuns", "/api/v2/plugins", f"/api/v2/dags/backup__{MANUAL}"


@pytest.mark.parametrize(
    ("user", "method", "path", "expected"),
    [
        ("analista", "GET", "/respaldo/fm007", 200),
        ("analista", "GET", PLUGINS, 200),
        ("analista", "GET", "/respaldo/plan", 403),
        ("analista", "GET", RUNS, 403),
        ("analista", "GET", "/api/v2/dags", 403),
        ("director", "GET", "/respaldo/plan", 200),
        ("director", "GET", RUNS, 200),
        ("director", "GET", "/api/v2/connections", 403),
        ("director", "POST", f"{COPY}/dagRuns", 403),
        ("infraestructura", "POST", "/api/v2/dags/restore_request/dagRuns", 403),
        ("profesional", "PATCH", COPY, 403),
        ("servidores", "PATCH", COPY, 200),
    ],
)
def test_each_may_do_what_the_procedure_gives_and_nothing_else(fab, user, method, path, expected):
    body = {"PATCH": {"is_paused": False}, "POST": {"logical_date": None}}.get(method)
    assert fab.status(user, method, path, body) == expected


class Answered:
    """A copy by hand, a restore request and a renewal, begun and answered by the people of the roles."""

    def __init__(self, fab: Fab) -> None:
        live, self.people = fab.live, People(fab.live)
        support = live.installation.api_of("soporte")
        support.patch("dags/restore_request", {"is_paused": False})
        form = {"requester": "Ana Ruiz", "what_happened": "Se borró", "scope": REQUESTED}
        made = support.post("dags/restore_request/dagRuns", {"logical_date": None, "conf": form})
        asked = Run(dag_id="restore_request", run_id=made["dag_run_id"], scope_id=REQUESTED)
        wrong = ("soporte", "director", "analista")
        note = {"note": "Es de otra entidad", "snapshot": ""}
        analysis = Answer("analyse", "profesional", ANALYSES["not_applicable"], note, not_by=wrong)
        self.request = Waiting(asked, {"analyse": [analysis]})
        self.copy = self.people.begin(
            MANUAL,
            Answer("perform", "tecnico", "made", STATED, not_by=("soporte", "profesional", "analista")),
            Answer("verify", "tecnica", "good", not_by=("tecnico", "soporte", "infraestructura")),
        )
        self.contract = Waiting(
            _asked_for(live),
            {"contract": [Answer("contract", "director", CHOICES["renewed"], renewal(), not_by=NO_DIRECTOR)]},
        )
        task = f"{COPY}/dagRuns/{self.copy.run.run_id}/taskInstances/verify"
        self.marked = fab.status("soporte", "PATCH", task, {"new_state": "success"})
        self.people.serve([self.request, self.copy, self.contract])


def _asked_for(live: Live) -> Run:
    """Begin the renewal of a contract as the director does who does not wait for the watch."""
    director, form = live.installation.api_of("director"), {"number": term_of(LAPSED).number}
    made = director.post(f"dags/{CONTRACTING}/dagRuns", {"logical_date": None, "conf": form})
    return Run(dag_id=CONTRACTING, run_id=made["dag_run_id"], scope_id=LAPSED)


@pytest.fixture(scope="module")
def answered(fab) -> Answered:
    return Answered(fab)


def test_only_who_is_asked_may_answer_and_never_who_made_the_copy(answered):
    assert set(answered.copy.refused) == {
        *(("perform", user) for user in ("soporte", "profesional", "analista")),
        *(("verify", user) for user in ("tecnico", "soporte", "infraestructura")),
    }
    assert set(answered.request.refused) == {
        ("analyse", user) for user in ("soporte", "director", "analista")
    }
    assert set(answered.contract.refused) == {("contract", user) for user in NO_DIRECTOR}
    told = answered.copy.refused | answered.request.refused | answered.contract.refused
    assert {question: answer[:3] for question, answer in told.items()} == dict.fromkeys(told, "403")


def test_who_decided_what_is_kept_by_name(fab, answered):
    row = fab.live.report.row(answered.copy.run.key)
    assert (row["state"], row["performed_by"], row["verified_by"]) == ("succeeded", "tecnico", "tecnica")
    [request] = fab.live.report.requests()
    assert (request["analizo"], request["resultado"]) == ("profesional", "No procede")
    [renewed] = fab.live.sql(
        "respaldo",
        "SELECT replaces, registered_by FROM respaldo.contract WHERE number = %s",
        renewal()["number"],
    )
    assert tuple(renewed) == (term_of(LAPSED).number, "director")


def test_nobody_passes_over_a_question_by_marking_its_task_as_done(answered):
    assert answered.marked == 403


@pytest.fixture
def english(fab, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open the UI as one of the people, in a browser that speaks English."""
    contexts = []

    def open_as(user: str) -> Page:
        page = signed_in(browser, fab.live.installation, user, locale="en-US")
        contexts.append(page.context)
        return page

    yield open_as
    for context in contexts:
        context.close()


def test_the_ui_opens_in_spanish_and_keeps_another_language_that_somebody_chose(fab, english):
    page, address = english("director"), fab.live.installation.address
    page.goto(f"{address}/dags")
    # Its words, not the page's attribute: on a busy machine that one stays as it was.
    expect(page.get_by_role("link", name="Inicio").first).to_be_visible(timeout=PATIENCE_MS)
    # What the menu of languages does.
    page.evaluate('localStorage.setItem("i18nextLng", "en")')
    for _ in range(2):
        page.goto(f"{address}/dags")
        expect(page.get_by_role("link", name="Home").first).to_be_visible(timeout=PATIENCE_MS)


def test_an_analyst_sees_the_report_in_the_ui(fab, english):
    page = english("analista")
    page.goto(f"{fab.live.installation.address}/plugin/tic-fm007")
    expect(page.frame_locator("iframe").get_by_text("Formato de Reporte de BackUp").first).to_be_visible()
    keep_picture(page, "role-analyst")


def test_a_wrong_role_is_told_in_the_ui_that_it_may_not_answer(fab, answered, english):
    run = answered.people.begin(MANUAL).run
    wait_until(lambda: "perform" in answered.people.asked(run), "the question", 0.5)
    page = english("infraestructura")
    question(page, fab.live, run.run_id, "perform", run.dag_id)
    page.get_by_test_id(f"hitl-option-{RESULTS['made']}").click()
    expect(page.get_by_text("Acceso Denegado")).to_be_visible(timeout=PATIENCE_MS)
    keep_picture(page, "role-refused")
    assert "perform" in answered.people.asked(run)
    fab.live.give_up(run)
