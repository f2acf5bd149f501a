"""The page of the programming: what it shows of the configuration, and of the DAGs that are switched off."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from airflow_kit import connection_to
from respaldo.domain.contracts import Term
from respaldo.report.contracts import ContractUpdate
from respaldo.texts import programming as texts

DEFAULT = Path(__file__).parents[2] / "include" / "config"
HOSTILE = '<script>alert("x")</script>'
SCOPE = """\
name: '{name}'
department: Talento Humano
criticality: alta
{schedule}
rpo: 26h
rto: 4h
responsible: soporte
source: {{kind: files, paths: [/srv/nomina]}}
repository: principal
retention: {{daily: 7d}}
"""
MANUAL = """
mode: manual
what: El disco de la oficina
instructions: Copie la carpeta.
contract: {number: CT-7, valid_until: 2040-12-31}
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    """One that comes each minute, one each night, one never, one made by hand, one that cannot be read."""
    folder = tmp_path / "config"
    (folder / "scopes").mkdir(parents=True)
    for name in ("organization.yaml", "repositories.yaml"):
        shutil.copy(DEFAULT / name, folder)
    for scope_id, schedule in (("seguido", "* * * * *"), ("nocturno", "30 1 * * *"), ("libre", None)):
        put(folder, scope_id, SCOPE, schedule)
    common = SCOPE[: SCOPE.index("source:")]
    put(folder, "oficina", common + "retention: {{daily: 7d}}" + MANUAL.replace("{", "{{").replace("}", "}}"))
    put(folder, "roto", SCOPE, "0 25 * * *")
    monkeypatch.setenv("RESPALDO_CONFIG", str(folder))
    return folder


def put(folder, scope_id, text, schedule="0 9 * * *", name=None):
    line = f'schedule: "{schedule}"' if schedule else ""
    written = text.format(name=name or f"Alcance {scope_id}", schedule=line)
    (folder / "scopes" / f"{scope_id}.yaml").write_text(written)


@pytest.fixture
def programming(page, config):
    """The page, in an Airflow that has one of the DAGs switched off."""
    from respaldo.web.programming import switched_off

    page.app.dependency_overrides[switched_off] = lambda: frozenset({"backup__nocturno", "otro"})
    return page


def test_each_day_has_its_runs_with_their_mode_people_and_contract(programming):
    answer = programming.get("/plan?days=3")

    assert answer.status_code == 200
    assert answer.text.count('<tr class="day">') == 4, "three days, and the scopes that have none"
    assert answer.text.count("00:00 a 23:59 (1440 veces)") == 2
    for told in (
        "Alcance oficina",
        "09:00",
        "Manual",
        "Herramienta software",
        "Equipo de Soporte Técnico (soporte); verifica: Equipo de Infraestructura (infraestructura)",
        "CT-7, hasta 2040-12-31",
        texts.BY_HAND,
        "Alcance libre",
        "roto: 1 errores",
        "America/Bogota",
    ):
        assert told in answer.text


def test_what_is_switched_off_is_marked(programming):
    text = programming.get("/plan?days=2").text
    rows = [row for row in text.split("<tr>") if texts.PAUSED in row.partition("</tr>")[0]]
    assert rows
    assert all("Alcance nocturno" in row for row in rows)
    assert texts.PAUSED_NOTE in text


def test_one_scope_alone_is_shown(programming):
    text = programming.get("/plan?days=2&scope=libre").text
    body = text[text.index("<table") :]
    assert "Alcance libre" in body
    assert "Alcance nocturno" not in body
    assert programming.get("/plan?days=2&scope=").text.count("Alcance nocturno") > 1


@pytest.mark.parametrize("query", ["days=0", "days=400", "days=siete", "scope=%00"])
def test_a_period_that_makes_no_sense_is_refused_in_words(programming, query):
    assert programming.get(f"/plan?{query}").status_code == 400


def test_without_the_report_contracts_are_those_of_the_files_and_the_page_says_so(programming):
    text = programming.get("/plan").text
    assert texts.NO_RENEWALS in text
    assert "CT-7, hasta 2040-12-31 (Vigente)" in text


def test_a_renewal_that_the_report_knows_counts(programming, report, report_database, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(report_database))
    term = Term(number="CT-8", valid_until=date(2045, 12, 31))
    renewed = {"valid_from": date(2020, 1, 1), "replaces": "CT-7", "registered_by": "director"}
    report.write(ContractUpdate.of(term, registered_at=datetime(2020, 1, 1, tzinfo=UTC), **renewed))
    text = programming.get("/plan").text
    assert texts.NO_RENEWALS not in text
    assert "CT-8, hasta 2045-12-31 (Vigente)" in text


def test_hostile_text_is_only_text(programming, config):
    put(config, "hostil", SCOPE, name=HOSTILE)
    answer = programming.get("/plan")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_without_a_configuration_the_page_says_so(programming, config):
    (config / "organization.yaml").write_text("name: [")
    answer = programming.get("/plan")
    assert answer.status_code == 503
    assert "respaldo lint" in answer.text
