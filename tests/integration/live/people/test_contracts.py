"""Contracts under a live scheduler: a scope that goes on, one that is blocked, one that is about to lapse."""

import time
from datetime import date, timedelta

import pytest
import yaml
from playwright.sync_api import expect

from browser_kit import PATIENCE_MS, answer, fill, keep_picture, question, state_of
from live_kit import wait_until, write_yaml
from people_kit import renewal, term_of
from respaldo.domain.contracts import Term
from respaldo.domain.values import Run
from respaldo.embedded.errors import ApiError
from respaldo.texts.contracts import CHOICES

# The first test waits for the installation to start.
pytestmark = pytest.mark.timeout(900)

THINK = 10
"""Seconds before a question is answered: see ``Live.dropped_answers``. People are slower."""

TODAY = date.today()  # noqa: DTZ011  (days away from the limit on any clock)
GOOD = renewal()
PAST = GOOD | {"valid_until": str(TODAY - timedelta(days=2))}


class Contracting:
    """Two nights, the renewal, and the night after it."""

    def __init__(self, live):
        self.live, self.api = live, live.installation.api
        self.blocked, self.going_on, self.lapsing = (
            term_of(f"contrato_{name}") for name in ("bloqueado", "sigue", "por_vencer")
        )
        for scope in ("contrato_bloqueado", "contrato_sigue"):
            live.fill(scope)
        nights = [live.trigger("contrato_bloqueado"), live.trigger("contrato_sigue")]
        self.watch()
        nights.append(live.trigger("contrato_bloqueado"))
        self.watch()
        self.first, self.continued, self.second = map(live.finish, nights)
        self.failed = nights[0]
        self.opened = {run["dag_run_id"] for run in self.runs()}
        self.warned_at = self.row(self.lapsing)["warned_at"]
        self.refused = self.answer("soporte", GOOD)
        self.answer_until(PAST, lambda: "Vigente hasta: ese día ya pasó" in live.logs(), self.make_pointless)
        self.answer_until(GOOD, lambda: self.state(self.blocked) in ("success", "failed"))
        self.second_answer = self.answer("director", GOOD)
        self.renewed = live.finish(live.trigger("contrato_bloqueado"))
        live.end_of(self.watching)

    def make_pointless(self):
        """Bring the file of the scope that goes on up to date, and look again."""
        file = self.live.scope_file("contrato_sigue")
        settings = yaml.safe_load(file.read_text())
        settings["contract"]["valid_until"] = TODAY + timedelta(days=100)
        write_yaml(file, settings)
        self.watching = self.begin_watch()

    def begin_watch(self):
        made = self.api.post("dags/contract_watch/dagRuns", {"logical_date": None, "conf": {}})
        return Run(dag_id="contract_watch", run_id=made["dag_run_id"], scope_id="")

    def watch(self):
        assert self.live.end_of(self.begin_watch()) == "success"

    def runs(self):
        return self.api.get("dags/contracting/dagRuns", limit=100)["dag_runs"]

    def state(self, term):
        return self.api.get(f"dags/contracting/dagRuns/contract__{term.key}")["state"]

    def row(self, term):
        [found] = self.live.sql(
            "respaldo",
            "SELECT to_jsonb(contract) FROM respaldo.contract WHERE contract_key = %s",
            term.key,
        )
        return found[0]

    def waits(self):
        waiting = self.api.get(
            "dags/contracting/dagRuns/~/hitlDetails", state="awaiting_input", response_received=False
        )["hitl_details"]
        return f"contract__{self.blocked.key}" in {one["task_instance"]["dag_run_id"] for one in waiting}

    def answer(self, user, given):
        path = f"dags/contracting/dagRuns/contract__{self.blocked.key}/taskInstances/contract/-1/hitlDetails"
        body = {"chosen_options": [CHOICES["renewed"]], "params_input": given}
        try:
            self.live.installation.api_of(user).patch(path, body)
        except ApiError as error:
            return str(error.facts["answer"])
        return "taken"

    def answer_until(self, given, is_so, meanwhile=lambda: None):
        """Answer as the director, again when Airflow drops the answer, until it was taken."""

        def told():
            if not is_so() and self.waits():
                time.sleep(THINK)
                self.answer("director", given)
            return is_so()

        wait_until(self.waits, "the question", 0.5)
        meanwhile()
        wait_until(told, "the answer to be taken", 0.5)


@pytest.fixture(scope="module")
def contracting(live):
    return Contracting(live)


def test_a_scope_that_demands_a_contract_is_not_executed_without_one(contracting):
    outcome = contracting.first
    assert (outcome.state, outcome.tasks["plan"], outcome.tries["plan"]) == ("failed", "failed", 1)
    row = outcome.row
    assert (row["state"], row["cause"], row["failed_step"]) == ("not_executed", "contract_lapsed", "plan")
    until = contracting.blocked.valid_until
    assert f"El contrato CT-contrato_bloqueado venció el {until}." in row["cause_detail"]
    assert (row["contract"], row["contract_state"]) == ("CT-contrato_bloqueado", "lapsed")
    assert row["copies"] is None


def test_a_scope_that_goes_on_without_a_contract_says_so(contracting):
    outcome = contracting.continued
    assert outcome.state == "success"
    row = outcome.row
    assert (row["state"], row["verification_result"]) == ("succeeded_with_warnings", "good")
    assert (row["contract"], row["contract_state"]) == ("CT-contrato_sigue", "lapsed")
    [warning] = row["warnings"]
    assert "sin contrato vigente" in warning


def test_two_nights_ask_once_for_each_contract_that_has_lapsed(contracting):
    assert contracting.second.row["state"] == "not_executed"
    assert contracting.opened == {
        f"contract__{term.key}" for term in (contracting.blocked, contracting.going_on)
    }


def test_the_director_is_warned_once_of_a_contract_that_is_about_to_lapse(contracting):
    assert contracting.warned_at is not None
    row = contracting.row(contracting.lapsing)
    assert (row["warned_at"], row["scopes"]) == (contracting.warned_at, ["contrato_por_vencer"])


def test_only_the_director_may_answer_and_once(contracting):
    assert contracting.refused.startswith("403")
    assert contracting.second_answer.startswith("409")


def test_a_contract_that_cannot_be_is_refused_and_asked_for_again(contracting, live):
    task = f"dags/contracting/dagRuns/contract__{contracting.blocked.key}/taskInstances/contract"
    assert live.installation.api.get(task)["try_number"] >= 2
    kept = {one.number for one in live.report.contracts() if one.replaces == "CT-contrato_bloqueado"}
    assert kept == {"CT-2027-001"}


def test_the_renewal_is_kept_with_who_registered_it(contracting):
    term = Term(number="CT-2027-001", valid_until=TODAY + timedelta(days=365))
    row = contracting.row(term)
    assert (row["subject"], row["document"], row["note"]) == ("Copias de la nube", "SECOP 4711", "Por un año")
    assert (row["replaces"], row["registered_by"]) == ("CT-contrato_bloqueado", "director")
    assert row["scopes"] == ["contrato_bloqueado"]
    assert contracting.row(contracting.blocked)["scopes"] == []


def test_after_the_renewal_the_scope_is_copied_and_its_failures_are_over(contracting, live):
    outcome = contracting.renewed
    assert outcome.state == "success"
    row = outcome.row
    assert (row["state"], row["verification_result"]) == ("succeeded", "good")
    assert (row["contract"], row["contract_state"]) == ("CT-2027-001", "valid")
    wait_until(
        lambda: (live.report.incident(contracting.failed.key) or {}).get("state") == "resolved",
        "the failure to be over",
        0.5,
    )


def test_a_question_that_the_file_makes_pointless_is_ended(contracting):
    wait_until(lambda: contracting.state(contracting.going_on) == "success", "the question to end", 0.5)
    row = contracting.row(contracting.going_on)
    assert (row["asked_at"], row["scopes"], row["declined_at"]) == (None, [], None)


def test_the_director_registers_a_renewal_before_the_contract_lapses_in_a_browser(contracting, live, page_of):
    number = contracting.lapsing.number
    before = {run["dag_run_id"] for run in contracting.runs()}
    page = page_of("director")
    page.goto(f"{live.installation.address}/dags/contracting?lng=es")
    page.locator("button:has-text('Trigger')").first.click()
    page.locator("#element_number").fill(number)
    page.locator("button:has-text('Trigger')").last.click()
    wait_until(lambda: {run["dag_run_id"] for run in contracting.runs()} - before, "the run", 0.5)
    [run_id] = {run["dag_run_id"] for run in contracting.runs()} - before
    wait_until(
        lambda: state_of(live, run_id, "contract", "contracting") == "awaiting_input", "the question", 0.5
    )
    question(page, live, run_id, "contract", "contracting")
    expect(page.get_by_text("contrato_por_vencer").first).to_be_visible(timeout=PATIENCE_MS)
    until = TODAY + timedelta(days=400)
    filled = GOOD | {"number": number, "valid_until": str(until), "note": "Prórroga"}
    fill(page, filled)
    keep_picture(page, "contract-renewal")
    answer(
        page,
        live,
        run_id,
        "contract",
        CHOICES["renewed"],
        lambda: contracting.api.get(f"dags/contracting/dagRuns/{run_id}")["state"] == "success",
        dag="contracting",
        given=filled,
    )
    row = contracting.row(Term(number=number, valid_until=until))
    assert (row["replaces"], row["note"], row["scopes"]) == (number, "Prórroga", ["contrato_por_vencer"])
