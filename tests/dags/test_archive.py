"""The DAG of the archive: its shape, its form, and who is refused."""

import logging
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from respaldo.actions import archive as action
from respaldo.config.configuration import load
from respaldo.domain.archive_errors import AlreadyArchivedError, ArchiveNotAllowedError, InvalidPeriodError
from respaldo.domain.errors import ReportTamperedError, ReportUnavailableError
from respaldo.domain.periods import Period
from respaldo.flows.archive import steps
from respaldo.flows.archive.dag import airflow_archive_dag
from respaldo.flows.roles.dags import dags_of
from respaldo.texts import archive as texts

OCTOBER = datetime(2026, 10, 2, tzinfo=UTC)


@pytest.fixture
def dag(configuration):
    return airflow_archive_dag()


def test_it_runs_on_the_first_of_each_month_and_nobody_has_to_switch_it_on(dag):
    assert (dag.dag_id, dag.schedule) == ("fm007_archive", "0 3 1 * *")
    assert dag.is_paused_upon_creation is False
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert str(dag.timezone) == "America/Bogota"


def test_its_tasks_have_their_titles_and_its_form_needs_nothing(dag):
    assert {task.task_id: task.task_display_name for task in dag.tasks} == texts.TASK_TITLES
    assert dag.get_task("collect").downstream_task_ids == {"record"}
    assert dag.params.validate() == {"since": None, "until": None, "reason": None}


def test_its_page_says_where_the_documents_are_and_who_is_told(dag, tmp_path):
    assert f"{tmp_path}/home/archivo" in dag.doc_md
    assert "Profesional Universitario" in dag.doc_md


def test_those_who_archive_may_begin_it_under_fab(configuration):
    assert dags_of(load(configuration))["archive"] == {"fm007_archive"}


def test_while_the_organizations_file_cannot_be_used_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path))
    assert airflow_archive_dag() is None


def test_while_a_task_of_another_dag_runs_there_is_none(configuration, as_a_task_of):
    as_a_task_of("backup__nomina")
    assert airflow_archive_dag() is None


@pytest.fixture
def context(configuration, monkeypatch):
    """Airflow's context of the step `collect`; keys of the form, and the run's kind and user, by name."""
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", '{"conn_type": "postgres", "host": "/nonexistent"}')

    def make(run_type="manual", user="soporte", tries=1, **params):
        return {
            "ti": SimpleNamespace(dag_id="fm007_archive", run_id="r", try_number=tries, max_tries=6),
            "dag_run": SimpleNamespace(
                run_type=run_type,
                triggering_user_name=user if run_type == "manual" else None,
                run_after=datetime(2026, 11, 1, 4, tzinfo=UTC),
            ),
            "params": {"since": None, "until": None, "reason": None} | params,
        }

    return make


@pytest.fixture
def archived(monkeypatch):
    """Gather what would be archived; the report's first run is of September."""
    asked = []

    def archive(run, wanted, organization, report):
        asked.append(wanted)
        raise AlreadyArchivedError(period=wanted.period.name, version=1, folder="2026/x_v1", at=OCTOBER)

    monkeypatch.setattr(steps, "archive", archive)
    monkeypatch.setattr(steps, "first_moment", lambda _: datetime(2026, 9, 20, tzinfo=UTC))
    return asked


@pytest.fixture
def notices(monkeypatch):
    sent = []
    monkeypatch.setattr(steps, "send", lambda _, roles, notice: sent.append((roles, notice)))
    return sent


def test_by_schedule_the_month_before_is_meant_in_the_organizations_days(context, archived):
    # In Bogota it is still the last evening of October: the schedule's own run comes at three.
    with pytest.raises(AirflowSkipException):
        steps.collect(context("scheduled"))
    assert archived == [action.Asked(Period(first=date(2026, 9, 1), last=date(2026, 9, 30)))]


def test_an_archived_month_is_skipped_by_schedule_and_refused_by_hand(context, archived, notices, caplog):
    with pytest.raises(AirflowSkipException, match="ya está archivado"):
        steps.collect(context("scheduled"))
    with pytest.raises(AlreadyArchivedError), caplog.at_level(logging.ERROR):
        steps.collect(context())
    assert "con el motivo de la nueva versión" in caplog.text
    assert notices == []


def test_by_schedule_months_before_the_first_run_are_skipped(context, archived, monkeypatch):
    monkeypatch.setattr(steps, "first_moment", lambda _: datetime(2026, 10, 2, tzinfo=UTC))
    with pytest.raises(AirflowSkipException, match="empezó después"):
        steps.collect(context("scheduled"))
    assert archived == []


def test_by_hand_the_days_of_the_form_and_its_reason_are_meant(context, archived):
    given = {"since": "2026-10-01", "until": "2026-10-15", "reason": "  Faltaba una  "}
    with pytest.raises(AlreadyArchivedError):
        steps.collect(context(**given))
    assert archived == [
        action.Asked(Period(first=date(2026, 10, 1), last=date(2026, 10, 15)), "Faltaba una", "soporte")
    ]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ({"since": "2026-10-01"}, "escriba las dos fechas, o ninguna"),
        ({"since": "2026-10-02", "until": "2026-10-01"}, "es anterior al primero"),
        ({"since": "2026-12-01", "until": "2026-12-02"}, "que aún no llega"),
        ({"since": "2026-10-01", "until": "9999-12-31"}, "9999-12-31"),
    ],
)
def test_days_that_are_no_period_are_refused(context, archived, days, told, caplog):
    with pytest.raises(InvalidPeriodError):
        steps.collect(context(**days))
    assert told in caplog.text
    assert archived == []


def test_people_without_that_duty_are_refused_and_airflows_administrator_is_not(context, archived, caplog):
    with pytest.raises(ArchiveNotAllowedError):
        steps.collect(context(user="director"))
    assert "Lo ejecuta Equipo de Soporte Técnico, Profesional Universitario." in caplog.text
    with pytest.raises(AlreadyArchivedError):
        steps.collect(context(user="admin"))
    assert [asked.by for asked in archived] == ["admin"]


def test_by_schedule_people_are_told_of_an_altered_history(context, archived, notices, monkeypatch):
    def altered(*_):
        raise ReportTamperedError(check="gap", seq=7)

    monkeypatch.setattr(steps, "archive", altered)
    with pytest.raises(ReportTamperedError):
        steps.collect(context("scheduled"))
    [(roles, notice)] = notices
    assert roles == ("profesional", "soporte")
    assert "Falta la entrada 7 del historial" in notice.text
    assert "verify-log" in notice.text


@pytest.mark.parametrize("error", [ReportUnavailableError(reason="connection refused"), MemoryError()])
def test_by_schedule_people_are_told_when_what_could_have_passed_did_not(
    context, archived, notices, monkeypatch, error
):
    def away(*_):
        raise error

    monkeypatch.setattr(steps, "archive", away)
    for tries in (1, 6, 7):
        assert notices == []
        with pytest.raises(type(error)):
            steps.collect(context("scheduled", tries=tries))
    [(roles, _)] = notices
    assert roles == ("profesional", "soporte")
