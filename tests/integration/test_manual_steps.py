"""The worker's half of a copy by hand with a real restic and report: damage is mended there as anywhere."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import yaml

from airflow_kit import connection_to
from damage_kit import packs
from live_kit import repository_settings, write_configuration
from respaldo.domain.errors import InvalidConfigurationError
from respaldo.domain.manual import Performed
from respaldo.domain.people_errors import InvalidAnswerError, ManualCopyFailedError
from respaldo.domain.values import Planned, Run
from respaldo.flows.manual import questions, steps
from respaldo.flows.manual.answers import Answer
from respaldo.flows.manual.place import ManualPlace
from respaldo.flows.operators import WokenStepOperator
from respaldo.flows.workplace import Workplace
from respaldo.report.spool import Spool
from respaldo.report.store import Report

pytestmark = pytest.mark.one_restic

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.fixture
def medium(tmp_path, report_database, airflow_home, monkeypatch, restic):
    """A folder of copies that the worker may read, of the scope ``actas``."""
    folder = tmp_path / "media"
    (folder / "actas").mkdir(parents=True)
    (folder / "actas" / "acta.bin").write_bytes(bytes(range(256)) * 4000)
    config, settings = tmp_path / "config", repository_settings("principal")
    settings["location"] = str(tmp_path / "principal")
    write_configuration(config, {"principal": settings}, {})
    scope = {
        "name": "Actas", "department": "Archivo", "criticality": "media", "mode": "manual", "rpo": "31d",
        "rto": "2d", "responsible": "soporte", "retention": {"monthly": "12m"}, "what": "Las actas",
        "instructions": "Copie.", "repository": "principal", "folder": str(folder),
    }  # fmt: skip
    (config / "scopes").mkdir()
    (config / "scopes" / "actas.yaml").write_text(yaml.safe_dump(scope))
    monkeypatch.setenv("RESPALDO_CONFIG", str(config))
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(report_database))
    master = json.dumps({"conn_type": "restic", "password": "clave de prueba, larga"})
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_PRINCIPAL", master)
    return folder


def context(medium, run_id: str, step: str, **params: object):
    """Give Airflow's context of a step of a run whose maker stated a path."""
    stated = Performed(by="ana", at=NOW, started_at=NOW, ended_at=NOW, path=str(medium / "actas"))
    results = {
        "plan": Planned(new_repositories=("principal",)).model_dump(mode="json"),
        "perform": stated.model_dump(mode="json"),
    }
    ti = SimpleNamespace(
        dag_id="backup__actas", run_id=run_id, try_number=1, task_id=step,
        xcom_pull=lambda task_ids, **_: results[task_ids], xcom_push=lambda **_: None,
    )  # fmt: skip
    task = SimpleNamespace(execution_timeout=None)
    dag_run = SimpleNamespace(run_type="manual", conf=params, run_after=NOW)
    return {"ti": ti, "task": task, "dag_run": dag_run, "params": params}


def row_of(run_id: str, tmp_path, report_database):
    run = Run(dag_id="backup__actas", run_id=run_id, scope_id="actas")
    return Report(report_database, Spool(tmp_path / "spool")).row(run.key)


def execute(medium, run_id: str, **params: object):
    """Do the worker's step."""
    return steps.run("execute", "actas", context(medium, run_id, "execute", **params))


def test_a_rerun_that_is_to_repair_a_damaged_repository_does(medium, tmp_path, report_database):
    execute(medium, "first")
    [pack, *_] = packs(tmp_path / "principal" / "actas")
    pack.unlink()
    done = execute(medium, "again", repair=True, read_all_data=True)
    assert [one["remedy"] for one in done["saved"]["applied"]] == ["repair"]
    assert "read_data" in {one["method"] for one in done["evidence"]}
    row = row_of("again", tmp_path, report_database)
    assert [one["remedy"] for one in row["applied"]] == ["repair"]


def test_a_rerun_reads_all_of_the_repository_where_that_is_asked(medium):
    execute(medium, "first")
    methods = {
        one["method"]: one["facts"] for one in execute(medium, "again", read_all_data=True)["evidence"]
    }
    assert methods["read_data"] == {"percent": "100.0"}
    assert "read_data" not in {one["method"] for one in execute(medium, "third")["evidence"]}


@pytest.mark.parametrize("question", ["perform", "verify"])
def test_an_answer_to_a_question_of_a_scope_that_was_broken_meanwhile_is_told_as_such(
    medium, tmp_path, report_database, question
):
    path = tmp_path / "config" / "scopes" / "actas.yaml"
    path.write_text(path.read_text().replace("rpo: 31d", "rpoo: 31d"))
    woken = WokenStepOperator(task_id=question, scope_id="actas")
    with pytest.raises(InvalidConfigurationError):
        woken.execute_complete(context(medium, "waited", question), {"chosen_options": ["Está bien"]})
    row = row_of("waited", tmp_path, report_database)
    assert (row["cause"], row["failed_step"]) == ("invalid_configuration", question)
    assert "rpoo" in row["cause_detail"]


@pytest.mark.parametrize(
    ("option", "error", "goes_on"),
    [("made", InvalidAnswerError, True), ("failed", ManualCopyFailedError, False)],
)
def test_a_question_that_was_settled_is_a_new_one_when_its_task_is_cleared(medium, option, error, goes_on):
    kept = {"until": "2026-11-02T08:00:00+00:00"}
    store = SimpleNamespace(get=kept.get, delete=kept.pop)
    place = ManualPlace(
        Workplace.of("actas", context(medium, "asked", "perform") | {"task_state_store": store})
    )
    with pytest.raises(error):
        questions.answered("perform", place, Answer(option, {"observations": "No monta"}, "ana", NOW))
    assert bool(kept) is goes_on
