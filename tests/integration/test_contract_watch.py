"""What the watch over the contracts does with a real report, and what answers are taken."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from live_kit import ORGANIZATION, repository_settings, scope_settings, write_yaml
from respaldo.config.home import Home
from respaldo.domain.contracts import Decision, Term
from respaldo.domain.people_errors import ContractLapsedError, InvalidAnswerError
from respaldo.domain.values import Endpoint, Run
from respaldo.report.contracts import ContractUpdate
from respaldo.report.spool import Spool
from respaldo.report.store import Report

pytestmark = pytest.mark.usefixtures("airflow_home")

NUMBER = "CT-2026-014"
AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def day(count):
    return datetime.now(ZoneInfo("America/Bogota")).date() + timedelta(days=count)


class Airflow:
    """Stands in for the task instance: the runs of the DAG ``contracting``, and their states."""

    dag_id, run_id = "contracting", "by_hand"

    def __init__(self):
        self.states = {}
        self.handed_on = None

    def get_dr_count(self, _dag_id, run_ids):
        return sum(run_id in self.states for run_id in run_ids)

    def get_dagrun_state(self, _dag_id, run_id):
        return SimpleNamespace(value=self.states[run_id])

    def xcom_pull(self, task_ids):
        assert task_ids == "contract"
        return self.handed_on


class Office:
    """An organization with its contracts."""

    def __init__(self, folder, report):
        self.folder, self.report, self.airflow = folder, report, Airflow()
        write_yaml(folder / "organization.yaml", ORGANIZATION)
        names = ("principal", "secundario")
        write_yaml(folder / "repositories.yaml", {name: repository_settings(name) for name in names})

    def scope(self, scope_id, days, number=NUMBER, **contract):
        settings = {"contract": {"number": number, "valid_until": day(days)} | contract}
        write_yaml(self.folder / "scopes" / f"{scope_id}.yaml", scope_settings(scope_id, settings))

    def place(self, number=NUMBER, **conf):
        from respaldo.flows.contracts.place import ContractPlace
        from respaldo.flows.workplace import Workplace

        context = {
            "ti": self.airflow,
            "params": {"number": number},
            "dag_run": SimpleNamespace(conf={"number": number} | conf),
        }
        run = Run(dag_id="contracting", run_id="by_hand", scope_id="")
        return ContractPlace(Workplace(run, context, self.report, Home(self.folder)))

    def look(self):
        from respaldo.flows.contracts.watching import look

        return {one["trigger_run_id"] for one in look(self.place())}

    def answer(self, choice="renewed", conf=(), **given):
        from respaldo.flows.contracts.asking import answered
        from respaldo.texts.contracts import CHOICES

        good = {
            "number": "CT-2027-003",
            "subject": "Nube",
            "valid_from": str(day(0)),
            "valid_until": str(day(365)),
            "document": "SECOP 1",
        }
        return answered(self.place(**dict(conf)), CHOICES[choice], good | given, "director", AT)

    def record(self, settled):
        from respaldo.flows.contracts.recording import record

        self.airflow.handed_on = settled.model_dump(mode="json")
        record(self.place())

    def known(self):
        return {(one.number, one.valid_until): one for one in self.report.contracts()}


@pytest.fixture
def office(report, tmp_path, monkeypatch):
    folder = tmp_path / "config"
    monkeypatch.setenv("RESPALDO_CONFIG", str(folder))
    return Office(folder, report)


def key(days, number=NUMBER):
    return f"contract__{Term(number=number, valid_until=day(days)).key}"


# --- the watch


def test_a_contract_that_has_lapsed_is_asked_for_once_whoever_names_it(office):
    office.scope("erp", -1)
    office.scope("nomina", -1, on_lapse="block")
    office.scope("web", 100, number="CT-2026-099")
    assert office.look() == {key(-1)}
    office.airflow.states[key(-1)] = "running"
    assert office.look() == set()
    row = office.known()[(NUMBER, day(-1))]
    assert (row.scopes, row.on_lapse) == (("erp", "nomina"), "block")


def test_on_its_last_day_a_contract_is_still_valid(office):
    office.scope("erp", 0)
    assert office.look() == set()


def test_a_question_that_nobody_answered_is_begun_again_and_one_that_was_answered_is_not(office):
    office.scope("erp", -1)
    office.airflow.states[key(-1)] = "failed"
    assert office.look() == {key(-1)}
    term = Term(number=NUMBER, valid_until=day(-1))
    office.report.write(ContractUpdate.of(term, asked_at=AT))
    office.airflow.states[key(-1)] = "success"
    assert office.look() == set()
    # It had ended as pointless, and the file was put back.
    office.report.write(ContractUpdate.of(term, asked_at=None))
    assert office.look() == {key(-1)}


def test_a_question_that_waits_is_ended_when_the_file_makes_it_pointless(office):
    from respaldo.flows.contracts.asking import question

    office.scope("erp", -1)
    office.look()
    asked = question(office.place(valid_until=str(day(-1))))
    assert asked.who == [{"id": "director", "name": "director"}]
    office.airflow.states[key(-1)] = "running"
    office.scope("erp", 200)
    assert office.look() == {key(-1)}
    assert question(office.place(valid_until=str(day(-1)))) is None
    assert office.known()[(NUMBER, day(-1))].asked_at is None


def test_while_a_file_cannot_be_read_no_question_is_ended(office):
    office.scope("erp", -1)
    office.look()
    office.report.write(ContractUpdate.of(Term(number=NUMBER, valid_until=day(-1)), asked_at=AT))
    office.airflow.states[key(-1)] = "running"
    (office.folder / "scopes" / "erp.yaml").write_text("name: [")
    assert office.look() == set()
    assert office.known()[(NUMBER, day(-1))].scopes == ("erp",)


def test_of_a_contract_that_is_about_to_lapse_people_are_told_once(office):
    office.scope("erp", 10)
    office.look()
    first = office.known()[(NUMBER, day(10))].warned_at
    assert first is not None
    office.look()
    assert office.known()[(NUMBER, day(10))].warned_at == first


def test_a_warning_that_reached_nobody_is_tried_again(office):
    told = ORGANIZATION["roles"] | {
        "director": {"title": "Director", "users": ["director"], "notify": ["no"]}
    }
    write_yaml(office.folder / "organization.yaml", ORGANIZATION | {"roles": told})
    office.scope("erp", 10)
    office.look()
    assert office.known()[(NUMBER, day(10))].warned_at is None


# --- the answers


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"number": " "}, "Número: falta"),
        ({"subject": None}, "Objeto: falta"),
        ({"document": ""}, "Documento: falta"),
        ({"valid_until": "mañana"}, "Vigente hasta: no es una fecha"),
        ({"valid_from": "2026-02-30"}, "Vigente desde: no es una fecha"),
        ({"valid_from": str(day(-60)), "valid_until": str(day(-1))}, "Vigente hasta: ese día ya pasó"),
        ({"valid_from": str(day(90)), "valid_until": str(day(89))}, "es anterior al primer día"),
        ({"number": "CT-2026-099"}, "Número: es el de otro contrato"),
        ({"number": "x" * 101}, "Número: es demasiado largo"),
        ({"choice": "not_renewed"}, "Nota: falta"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(office, given, told):
    from respaldo.texts import causes

    office.scope("erp", -1)
    office.scope("web", 100, number="CT-2026-099")
    office.look()
    before = office.known()
    with pytest.raises(InvalidAnswerError) as refused:
        office.answer(**given)
    assert told in causes.explain(refused.value)
    assert office.known() == before


def test_a_renewal_that_does_not_lead_further_is_refused(office):
    office.scope("erp", 20)
    with pytest.raises(InvalidAnswerError, match="no es posterior"):
        office.answer(valid_until=str(day(20)))


def test_what_was_renewed_counts_at_once_and_ends_the_question(office):
    office.scope("erp", -1)
    office.look()
    decision = office.answer(note="Por un año")
    office.record(decision)
    office.record(decision)
    rows = office.known()
    assert rows[(NUMBER, day(-1))].scopes == ()
    new = rows[("CT-2027-003", day(365))]
    assert (new.scopes, new.replaces, new.valid_from) == (("erp",), NUMBER, day(0))
    assert office.look() == set()
    assert office.report.spool.rejected() == []


def test_an_answer_to_a_question_that_was_settled_meanwhile_is_refused(office):
    office.scope("erp", -1)
    asked = {"valid_until": str(day(-1))}
    office.record(office.answer())
    for choice in ("renewed", "not_renewed"):
        with pytest.raises(InvalidAnswerError, match="ya se renov"):
            office.answer(choice, conf=asked, number="otro", valid_until=str(day(700)), note="No")


@pytest.mark.parametrize("first", ["renewed", "not_renewed"])
def test_of_two_answers_that_come_at_once_only_the_first_is_registered(office, first):
    from airflow.sdk.exceptions import AirflowFailException

    office.scope("erp", -1)
    office.look()
    conf = {"valid_until": str(day(-1))}
    one = office.answer(first, conf=conf, note="La primera")
    other = office.answer(first, conf=conf, number="CT-2", valid_until=str(day(700)), note="La segunda")
    later = AT + timedelta(seconds=2)
    other = other.model_copy(update={"decision": other.decision.model_copy(update={"at": later})})
    office.record(one)
    before = office.known()
    with pytest.raises(AirflowFailException, match="Otra persona"):
        office.record(other)
    assert office.known() == before
    office.record(one)
    assert office.report.spool.rejected() == []


def test_what_the_report_refuses_is_told_and_nobody_hears_that_it_was_registered(office, monkeypatch):
    from airflow.sdk.exceptions import AirflowFailException

    from respaldo.flows.contracts import recording

    office.scope("erp", -1)
    settled, told = office.answer(), []
    monkeypatch.setattr(recording, "send", lambda *letter: told.append(letter[-1].subject))
    renewal = settled.decision.renewal.model_copy(update={"valid_from": day(366)})
    decision = settled.decision.model_copy(update={"renewal": renewal})
    with pytest.raises(AirflowFailException, match="no quedó registrado"):
        office.record(settled.model_copy(update={"decision": decision}))
    assert told == [f"No quedó registrado: contrato {NUMBER}"]
    assert len(office.report.spool.rejected()) == 1
    assert ("CT-2027-003", day(365)) not in office.known()


def test_a_decision_that_waits_for_the_report_is_registered_when_it_is_tried_again(office, monkeypatch):
    office.scope("erp", -1)
    settled = office.answer()
    there = office.report.endpoint
    with monkeypatch.context() as away:
        from respaldo.flows.contracts.recording import _store

        away.setattr(office.report, "endpoint", Endpoint(name="away", host="/nowhere"))
        _store(office.place(), settled)
    assert (len(office.report.spool.waiting()), office.report.endpoint) == (1, there)
    office.record(settled)
    assert office.known()[("CT-2027-003", day(365))].registered_at == AT
    assert office.report.spool.rejected() == []


def test_a_second_answer_is_refused_where_the_first_begins_later(office):
    office.scope("erp", -1)
    asked = {"valid_until": str(day(-1))}
    later = {"valid_from": str(day(30)), "valid_until": str(day(395))}
    office.record(office.answer(**later))
    with pytest.raises(InvalidAnswerError, match="no es posterior"):
        office.answer(**later, document="SECOP 2")
    with pytest.raises(InvalidAnswerError, match="ya se renov"):
        office.answer(conf=asked, number="otro", valid_until=str(day(700)))
    with pytest.raises(InvalidAnswerError, match="ya se renov"):
        office.answer("not_renewed", note="No")
    assert office.report.spool.rejected() == []


def test_people_are_told_of_a_question_once_and_anew_when_it_is_opened_again(office, caplog):
    from respaldo.flows.contracts.asking import forget, question

    caplog.set_level("WARNING")
    office.scope("erp", -1)
    office.look()
    told = []
    for step in ("opened", "refused", "unanswered", "opened again"):
        caplog.clear()
        place = office.place(valid_until=str(day(-1)))
        if step == "unanswered":
            forget(place)
            continue
        question(place)
        told.append("Director TICS: no hay a dónde avisarle" in caplog.text)
    assert told == [True, False, True]


def test_one_that_will_not_be_renewed_is_not_asked_for_again(office):
    office.scope("erp", -1)
    office.look()
    decision = office.answer(choice="not_renewed", note="Se cambia de nube")
    assert decision.decision == Decision(choice="not_renewed", note="Se cambia de nube", by="director", at=AT)
    office.record(decision)
    with pytest.raises(InvalidAnswerError, match="ya está dicho"):
        office.answer(choice="not_renewed", note="Otra")
    office.record(decision)
    assert office.known()[(NUMBER, day(-1))].declined_at == AT
    assert office.look() == set()
    assert office.report.spool.rejected() == []


def test_somebody_may_register_a_renewal_by_hand_before_it_lapses_but_not_of_an_unknown_contract(office):
    from airflow.sdk.exceptions import AirflowFailException

    from respaldo.flows.contracts.asking import question

    office.scope("erp", 200)
    assert NUMBER in question(office.place()).body
    with pytest.raises(AirflowFailException, match=NUMBER):
        question(office.place(number="CT-1"))


# --- what a run asks


def check(office, report):
    from respaldo.config.configuration import load
    from respaldo.flows.contracts.checking import check
    from respaldo.flows.workplace import Workplace

    run = Run(dag_id="backup__erp", run_id="1", scope_id="erp")
    place = Workplace(run, {}, report, Home(office.folder))
    configuration = load(office.folder)
    return check(place, configuration.scopes["erp"], configuration.organization)


@pytest.mark.parametrize("on_lapse", ["block", "continue"])
def test_while_the_report_is_away_a_lapse_that_may_have_been_renewed_is_a_warning(office, tmp_path, on_lapse):
    office.scope("erp", -1, on_lapse=on_lapse)
    office.record(office.answer())
    assert check(office, office.report) == ()
    away = Report(Endpoint(name="away", host="/nowhere"), Spool(tmp_path / "away"))
    [warning] = check(office, away)
    assert f"{NUMBER} venció el {day(-1)}" in warning
    assert "no se pudo comprobar" in warning
    office.scope("erp", 5, on_lapse=on_lapse)
    assert check(office, away) == ()


def test_a_lapse_that_the_report_confirms_blocks(office):
    office.scope("erp", -1, on_lapse="block")
    with pytest.raises(ContractLapsedError):
        check(office, office.report)


def test_only_a_contract_that_has_lapsed_is_a_warning(office):
    office.scope("erp", 5)
    assert check(office, office.report) == ()
    row = office.report.row(Run(dag_id="backup__erp", run_id="1", scope_id="erp").key)
    assert (row["contract"], row["contract_state"]) == (NUMBER, "lapsing")
    office.scope("erp", -1)
    [warning] = check(office, office.report)
    assert NUMBER in warning
