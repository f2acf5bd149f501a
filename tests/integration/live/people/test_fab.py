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
from respaldo.flows.failures.names import ANALYSIS, analysis_of
from respaldo.texts import contracts, failures
from respaldo.texts.manual import RESULTS
from respaldo.texts.requests import ACCEPTANCES, ANALYSES, AUTHORIZATIONS
from respaldo.texts.roles import UNCHANGED

# The first test waits for the installation to start.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MANUAL, LAPSED = "mano_alterada", "contrato_bloqueado"
SAVED, BROKEN = "actas", "sin_fuente"
ROLES = ORGANIZATION["roles"] | {"analista": {"title": "Analista del informe", "users": ["analista"]}}
USERS = sorted({user for role in ROLES.values() for user in role["users"]})
DAGS = 10
"""A scope's each, and the requests', the failures', the contracts', the media's and the archive's."""
NO_DIRECTOR = ("soporte", "profesional", "infraestructura", "analista")
NO_SUPPORT = ("director", "profesional", "tecnico", "analista")
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
    """The installation, a copy and a failed run in it, and what was told by who made its roles."""

    def __init__(self, live: Live) -> None:
        self.live = live
        # Under way while the roles are made.
        live.fill(SAVED)
        self.saved = live.trigger(SAVED)
        self.first = live.respaldo("roles", "sync", "--create")
        self.second = live.respaldo("roles", "sync")
        subprocess.run(
            [sys.executable, "-c", SET_PASSWORDS],
            env=of_programs(live.installation.layout),
            input=live.installation.layout.passwords.read_bytes(),
            check=True,
        )
        # Its analysis asks who is known by now.
        self.broken = live.trigger(BROKEN)
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
        scopes = {scope: {"second_copy": None} for scope in (SAVED, BROKEN)}
        write_configuration(config, repositories, scopes, roles=ROLES)
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
MEDIA = "/api/v2/dags/media/dagRuns"


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
        *((user, "POST", MEDIA, 403) for user in ("director", "infraestructura", "profesional", "analista")),
        ("profesional", "PATCH", COPY, 403),
        ("servidores", "PATCH", COPY, 200),
    ],
)
def test_each_may_do_what_the_procedure_gives_and_nothing_else(fab, user, method, path, expected):
    body = {"PATCH": {"is_paused": False}, "POST": {"logical_date": None}}.get(method)
    assert fab.status(user, method, path, body) == expected


class Answered:
    """One of everything that people begin or are asked, each answered by who may after some who may not."""

    def __init__(self, fab: Fab) -> None:
        self.fab, self.people = fab, People(fab.live)
        self.copy = self.people.begin(
            MANUAL,
            Answer("perform", "tecnico", "made", STATED, not_by=("soporte", "profesional", "analista")),
            Answer("verify", "tecnica", "good", not_by=("tecnico", "soporte", "infraestructura")),
        )
        self.request, self.contract, self.analysis = self._request(), self._contract(), self._analysis()
        tape = {"move": "registered", "kind": "cinta", "site": "Archivo"}
        self.tape = Waiting(self._begun("soporte", "media", "", tape), {})
        task = f"{COPY}/dagRuns/{self.copy.run.run_id}/taskInstances/verify"
        self.marked = fab.status("soporte", "PATCH", task, {"new_state": "success"})
        self.people.serve([self.copy, self.request, self.contract, self.analysis, self.tape])

    def _request(self) -> Waiting:
        """Ask for a file in its place, where another is in use."""
        live = self.fab.live
        live.installation.api_of("soporte").patch("dags/restore_request", {"is_paused": False})
        assert live.end_of(self.fab.saved) == "success"
        self.file = live.source(SAVED) / "carpeta" / "acta 3.txt"
        self.file_saved = self.file.read_text()
        self.file.write_text("cifrado por un virus")
        form = {"requester": "Ana Ruiz", "what_happened": "No abre", "scope": SAVED}
        place = {"paths": [str(self.file)], "destination": "original", "overwrite": "always"}
        note = {"note": "Es urgente"}
        return _waiting(
            self._begun("soporte", "restore_request", SAVED, form | place),
            Answer(
                "analyse",
                "profesional",
                ANALYSES["restoration"],
                note | {"snapshot": ""},
                not_by=("soporte", "director", "analista"),
            ),
            Answer(
                "authorize",
                "servidores",
                AUTHORIZATIONS["authorized"],
                note,
                not_by=("soporte", "profesional", "analista"),
            ),
            Answer("accept", "soporte", ACCEPTANCES["satisfies"], note, not_by=NO_SUPPORT),
        )

    def _contract(self) -> Waiting:
        """Begin the renewal of a contract as the director does who does not wait for the watch."""
        choice = contracts.CHOICES["renewed"]
        return _waiting(
            self._begun("director", CONTRACTING, LAPSED, {"number": term_of(LAPSED).number}),
            Answer("contract", "director", choice, renewal(), not_by=NO_DIRECTOR),
        )

    def _analysis(self) -> Waiting:
        """Wait for the question that a failed run asks."""
        live, failed = self.fab.live, self.fab.broken
        assert live.end_of(failed) == "failed"
        wait_until(lambda: live.report.incident(failed.key), "the analysis", 0.5)
        given = {"corrective": "Ya no se usa", "cause": "as_found", "repair": False, "accept_shrink": False}
        return _waiting(
            Run(dag_id=ANALYSIS, run_id=analysis_of(failed).run_id, scope_id=BROKEN),
            Answer("decide", "soporte", failures.CHOICES["close"], given, not_by=NO_SUPPORT),
        )

    def _begun(self, user: str, dag: str, scope: str, form: dict[str, Any]) -> Run:
        """Send a form."""
        body = {"logical_date": None, "conf": form}
        made = self.fab.live.installation.api_of(user).post(f"dags/{dag}/dagRuns", body)
        return Run(dag_id=dag, run_id=made["dag_run_id"], scope_id=scope)


def _waiting(run: Run, *answers: Answer) -> Waiting:
    return Waiting(run, {answer.task: [answer] for answer in answers})


@pytest.fixture(scope="module")
def answered(fab) -> Answered:
    return Answered(fab)


def test_only_who_is_asked_may_answer_and_never_who_made_the_copy(answered):
    assert set(answered.copy.refused) == {
        *(("perform", user) for user in ("soporte", "profesional", "analista")),
        *(("verify", user) for user in ("tecnico", "soporte", "infraestructura")),
    }
    assert set(answered.request.refused) == {
        *(("analyse", user) for user in ("soporte", "director", "analista")),
        # Who asked is among them.
        *(("authorize", user) for user in ("soporte", "profesional", "analista")),
        *(("accept", user) for user in NO_SUPPORT),
    }
    assert set(answered.contract.refused) == {("contract", user) for user in NO_DIRECTOR}
    assert set(answered.analysis.refused) == {("decide", user) for user in NO_SUPPORT}
    told = answered.copy.refused | answered.request.refused
    told |= answered.contract.refused | answered.analysis.refused
    assert {question: answer[:3] for question, answer in told.items()} == dict.fromkeys(told, "403")


def test_who_copied_and_who_verified_are_kept_by_name(fab, answered):
    row = fab.live.report.row(answered.copy.run.key)
    assert (row["state"], row["performed_by"], row["verified_by"]) == ("succeeded", "tecnico", "tecnica")


def test_who_decided_on_a_request_is_kept_by_name_and_what_was_in_use_is_replaced(fab, answered):
    [request] = fab.live.report.requests()
    who = (request["pedido_por"], request["analizo"], request["autorizo"], request["acepto"])
    assert who == ("soporte", "profesional", "servidores", "soporte")
    assert request["resultado"] == "Satisfecho"
    assert answered.file.read_text() == answered.file_saved


def test_who_renewed_a_contract_is_kept_by_name(fab, answered):
    [renewed] = fab.live.sql(
        "respaldo",
        "SELECT replaces, registered_by FROM respaldo.contract WHERE number = %s",
        renewal()["number"],
    )
    assert tuple(renewed) == (term_of(LAPSED).number, "director")


def test_who_decided_on_a_failure_is_kept_by_name(fab, answered):
    failure = fab.live.report.incident(fab.broken.key)
    kept = (failure["state"], failure["resolution"], failure["decided_by"], failure["corrective"])
    assert kept == ("closed", "closed", "soporte", "Ya no se usa")


def test_who_registered_a_medium_is_kept_by_name(fab, answered):
    assert fab.live.state(answered.tape.run) == "success"
    asked = "SELECT movimiento, quien, lugar FROM reportes.movimientos_medios"
    assert fab.live.sql("respaldo", asked) == [("Registro", "soporte", "Archivo")]


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
