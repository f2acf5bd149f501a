"""What is no restoration, what nobody answers, what is refused at the door, and how each is told."""

from pathlib import Path

import pytest

from respaldo.domain.values import Run

# The first test waits for the installation to start, for a round of runs and for all requests.
pytestmark = pytest.mark.timeout(1500)

CLOSING = {"inform", "record", "watcher"}


def backup_of(requests, live, name):
    told = requests[name]
    scope = told.run.scope_id
    run_id = f"request__{told.run.key}__unscheduled_backup"
    run = Run(dag_id=f"backup__{scope}", run_id=run_id, scope_id=scope)
    assert told.row["unscheduled_backup"] == run.key
    return live.report.row(run.key)


def test_an_unscheduled_backup_is_made_and_linked(requests, live):
    told = requests["copia"]
    assert told.state == "success"
    assert told.ran == {"register", "analyse", "unscheduled_backup", "unscheduled_backup_result"} | CLOSING
    row = told.row
    assert (row["outcome"], row["analysis"], row["restored"]) == ("backup_done", "unscheduled_backup", {})
    backup = backup_of(requests, live, "copia")
    assert (backup["kind"], backup["state"], backup["verification_result"]) == ("backup", "succeeded", "good")
    assert (backup["request_key"], backup["origin"]) == (told.run.key, "unscheduled")
    assert (backup["requester"], backup["ticket"]) == ("Ana Ruiz", "copia")
    assert backup["ended_at"] <= row["informed_at"]
    assert (told.form["kind"], told.form["state"]) == ("restore", "not_executed")
    assert "se hizo la copia no programada" in told.letter


def test_an_unscheduled_backup_that_fails_is_told(requests, live):
    told = requests["copia_falla"]
    assert told.state == "failed"
    assert told.tasks["unscheduled_backup_result"] == "failed"
    row, backup = told.row, backup_of(requests, live, "copia_falla")
    assert (backup["state"], backup["cause"]) == ("failed", "source_missing")
    assert backup["request_key"] == told.run.key
    assert (row["outcome"], row["cause"]) == ("backup_failed", "backup_failed")
    assert (told.form["kind"], told.form["state"]) == ("restore", "failed")
    assert "no terminó bien" in told.letter


def test_a_backup_of_a_scope_that_is_switched_off_is_not_waited_for(requests):
    told = requests["pausado"]
    assert told.state == "failed"
    assert told.tasks["unscheduled_backup"] == "failed"
    assert told.tries["unscheduled_backup"] == 1
    row = told.row
    assert (row["outcome"], row["cause"]) == ("backup_failed", "scope_paused")
    assert "backup__pide_pausado" in row["cause_detail"]
    assert row["cause_detail"] in told.letter
    assert row["unscheduled_backup"] is None


def test_what_does_not_apply_needs_a_note(requests, live):
    told = requests["no_corresponde"]
    assert told.state == "success"
    assert told.tries["analyse"] >= 2
    assert told.ran == {"register", "analyse"} | CLOSING
    row = told.row
    before = live.sql(
        "respaldo",
        """SELECT "row" ->> 'cause' FROM respaldo.fm007_history WHERE run_key = %s""",
        told.run.key,
    )
    assert ("incomplete_answer",) in before
    assert (row["outcome"], row["analysis"], row["cause"]) == ("not_applicable", "not_applicable", None)
    decision = row["decisions"]["analyse"]
    assert (decision["by"], decision["note"]) == ("profesional", "Lo pedido es de otra entidad")
    assert "Lo pedido es de otra entidad" in told.letter
    assert (told.form["kind"], told.form["state"]) == ("restore", "not_executed")
    assert told.form["verification_result"] == "not_done"


def test_nothing_is_restored_when_nobody_answers(requests, live):
    told = requests["sin_respuesta"]
    assert told.state == "failed"
    assert told.ran == {"register", "analyse"} | CLOSING
    assert told.tasks["analyse"] == "failed"
    assert told.tries["analyse"] == 1
    row = told.row
    assert (row["outcome"], row["cause"], row["decisions"]) == ("unanswered", "unanswered", {})
    assert (row["restored"], row["identified"]) == ({}, {})
    assert not (live.home / "restored" / told.run.key).exists()
    assert (told.form["kind"], told.form["state"]) == ("restore", "failed")
    assert "nadie respondió a tiempo" in told.letter


def test_nobody_is_asked_to_analyse_where_the_organization_says_so(requests, live, tree):
    told = requests["automatico"]
    assert told.state == "success"
    decision = told.row["decisions"]["analyse"]
    assert (decision["option"], decision["by"]) == ("restoration", "Respaldo (análisis automático)")
    assert told.row["outcome"] == "satisfied"
    [place] = told.row["restored"]["first"]["where"]
    source = live.source("pide_bueno")
    assert tree(Path(f"{place}{source}")) == requests.saved["pide_bueno"]


@pytest.mark.parametrize("field", ["scope", "email", "what_happened", "as_of", "paths", "overwrite"])
def test_a_form_that_is_not_rightly_filled_in_is_refused_at_the_door(requests, field):
    assert requests.refusals[field].startswith("400 ")
    assert field in requests.refusals[field]


def test_a_form_that_contradicts_itself_is_red_with_the_reason(requests):
    told = requests["contradictorio"]
    assert told.state == "failed"
    assert told.tasks["register"] == "failed"
    assert told.tries["register"] == 1
    assert told.ran == {"register"} | CLOSING
    row = told.row
    assert (row["outcome"], row["cause"]) == ("failed", "invalid_request")
    assert "escriba un momento o una copia, no ambos" in row["cause_detail"]
    assert row["informed_by"] is None


def test_the_letter_goes_to_the_requester(requests):
    told = requests["bueno"]
    [(to, subject, text)] = requests.mailbox.letters("bueno")
    assert to == "ana@example.org"
    assert subject == (
        "Respaldo · requerimiento bueno: Se restauró lo que pidió, y usted confirmó que cumple."
    )
    assert text.strip() == told.letter.strip()
    assert "Se borró una carpeta <compartida>." in text
    assert told.row["restored"]["first"]["where"][0] in text
    assert "Análisis: Es una restauración, profesional, " in text
    assert "Nota: Está completo" in text
    assert told.row["informed_at"]


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("sin_servidor", "failed"),
        ("sin_correo", "not_configured"),
        ("no_contiene", "no_address"),
    ],
)
def test_a_letter_that_cannot_be_sent_stays_in_the_request(requests, live, name, by):
    told = requests[name]
    assert told.row["informed_by"] == by
    assert told.tasks["inform"] == "success"
    assert told.letter.startswith("Respetado(a) Ana Ruiz:")
    assert not requests.mailbox.letters(name)
    assert told.letter.splitlines()[2] in live.logs()


def test_a_mail_server_that_is_down_fails_no_request(requests):
    told = requests["sin_servidor"]
    assert (told.state, told.row["outcome"]) == ("success", "not_applicable")
    assert "ConnectionRefusedError" in told.row["informed_detail"]
