"""The letter that the requester gets says what was done, from which copy, and who decided."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from respaldo.config.configuration import load
from respaldo.domain.requests import Decision, Failure, Finding, Outcome, RestoreRequest, Story
from respaldo.domain.restoring import Identified, Part, Restored, Wanted
from respaldo.domain.values import Evidence
from respaldo.flows.requests import letter
from respaldo.texts.letter import OUTCOMES

DEFAULT = Path(__file__).parents[2] / "include" / "config"
AT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
REQUEST = RestoreRequest(
    requester="Ana Ruiz",
    ticket="MDA-17",
    what_happened="Se borró <b>todo</b> & más",
    scope_id="demo_documentos",
)


@pytest.fixture
def write(monkeypatch):
    monkeypatch.setenv("RESPALDO_HOME", "/var/lib/respaldo")
    configuration = load(DEFAULT)
    scope = configuration.scopes["demo_documentos"]
    return lambda story, outcome: letter.write(story, outcome, scope, configuration)


def identified(which):
    return Identified(
        which=which,
        repository="principal" if which == "first" else "secundario",
        run_key="0" * 16,
        number=41,
        taken_at=AT,
        parts=(Part(item="files", snapshot_id="a" * 64, files=3, size_bytes=1000),),
    )


def restored(where):
    shown = Evidence(method="restored", item="files", facts={"files": 3})
    return Restored(where=(where,), files=3, size_bytes=2_500_000, evidence=(shown,))


def test_it_tells_both_copies_and_every_decision(write):
    story = Story(
        request=REQUEST,
        decisions={
            "analyse": Decision(option="restoration", by="pablo", at=AT),
            "second_accept": Decision(option="satisfies", by="sofia", at=AT, note="Todo está"),
        },
        findings={
            "first": Finding(which="first", state="bad", repository="principal", told="Repositorio dañado."),
            "second": Finding(which="second", state="good", repository="secundario"),
        },
        identified={"second": identified("second")},
        restored={"second": restored("/srv/entregas/1")},
        backups={"rerun": "request__0__rerun"},
    )
    told = write(story, "satisfied")
    for words in (
        "Respetado(a) Ana Ruiz:",
        OUTCOMES["satisfied"],
        "Caso: MDA-17",
        "Se borró <b>todo</b> & más",
        "No sirvió: Repositorio dañado.",
        "Restaurado en: /srv/entregas/1",
        "3 archivos, 2,5 MB",
        "Sede alterna",
        "2026-11-23 08:00",
        "Análisis: Es una restauración, pablo",
        "Nota: Todo está",
        "request__0__rerun",
        "Alcaldía Municipal",
    ):
        assert words in told, told
    assert "\n\n\n" not in told, told


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_a_letter_even_when_nothing_else_is_known(write, outcome):
    told = write(Story(request=REQUEST), outcome)
    assert OUTCOMES[outcome] in told
    assert "None" not in told


def test_its_subject_is_one_line_whatever_the_ticket_is():
    story = Story(request=REQUEST.model_copy(update={"ticket": "17\nBcc: otra@example.org"}))
    assert letter.subject(story, "satisfied").startswith(
        "Respaldo · requerimiento 17 Bcc: otra@example.org: "
    )
    assert "\n" not in letter.subject(story, "satisfied")


def test_every_outcome_has_its_words():
    assert set(OUTCOMES) == set(Outcome.__args__)


def test_a_moment_is_told_to_the_second_and_in_the_organizations_time(write):
    moment = datetime(2026, 11, 20, 15, 41, 7, tzinfo=UTC)
    told = write(Story(request=REQUEST.model_copy(update={"wanted": Wanted(moment=moment)})), "not_satisfied")
    assert "el servidor entero, como estaba el 2026-11-20 10:41:07-05:00" in told


def test_what_failed_is_told(write):
    failure = Failure(step="restore", cause="target_full", told="No hay espacio.", corrective="Libere.")
    assert "No hay espacio." in write(Story(request=REQUEST, failures=(failure,)), "failed")
