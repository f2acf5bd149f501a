"""The steps of the archive with a real report: what they hand on, write and tell; the folder's own backup."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
import yaml
from airflow.sdk.exceptions import AirflowSkipException

from airflow_kit import connection_to
from archive_kit import BOGOTA, fill, organization, read_view
from respaldo.domain.periods import Period
from respaldo.flows.archive import steps
from respaldo.report import contents
from respaldo.report.archive_folder import ArchiveFolder
from respaldo.report.archives import ArchiveUpdate, missing
from respaldo.sources.files.source import FilesSource
from respaldo.sources.reach import Reach
from respaldo.texts import archive as texts


@pytest.fixture
def root(tmp_path, report_database, postgres_server, airflow_home, monkeypatch):
    """The archive's folder, in an installation with sixty runs of October."""
    config = tmp_path / "config"
    config.mkdir()
    settings = organization(tmp_path / "archivo").model_dump(mode="json", exclude_unset=True)
    (config / "organization.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))
    monkeypatch.setenv("RESPALDO_CONFIG", str(config))
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(report_database))
    with postgres_server.connect(report_database) as connection:
        fill(connection, 60)
    return tmp_path / "archivo"


@pytest.fixture
def notices(monkeypatch):
    sent = []
    monkeypatch.setattr(steps, "send", lambda _, roles, notice: sent.append((roles, notice)))
    return sent


@pytest.fixture
def view(report_database, postgres_server):
    def read():
        with postgres_server.connect(report_database) as connection:
            return read_view(connection, "reportes.archivo")

    return read


def context(run_id: str, handed_on: object = None, **params: str):
    """Give Airflow's context of a scheduled run of the first of November."""
    return {
        "ti": SimpleNamespace(
            dag_id="fm007_archive", run_id=run_id, try_number=1, xcom_pull=lambda **_: handed_on
        ),
        "dag_run": SimpleNamespace(
            run_type="manual" if params else "scheduled",
            triggering_user_name="soporte" if params else None,
            run_after=datetime(2026, 11, 1, 8, tzinfo=UTC),
        ),
        "params": {"since": None, "until": None, "reason": None} | params,
    }


def test_the_month_before_is_archived_recorded_and_told(root, notices, view):
    handed_on = steps.collect(context("scheduled__1"))
    steps.record(context("scheduled__1", handed_on))
    [row] = view()
    assert (row["desde"], row["hasta"]) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (row["version"], row["filas"], row["solicitado_por"], row["vigente"]) == (1, 60, None, True)
    [(roles, notice)] = notices
    assert roles == ("soporte",)
    assert notice.subject == "Archivado el TIC-FM007: del 2026-10-01 al 2026-10-31, versión 1"
    assert row["historial_huella"] in notice.text


def test_what_a_lost_run_left_without_a_row_is_recorded_by_the_next(root, notices, view):
    steps.collect(context("scheduled__1"))
    handed_on = steps.collect(context("manual__2", reason="Faltaba una ejecución"))
    assert ArchiveUpdate.model_validate(handed_on).replaces == 1
    steps.record(context("manual__2", handed_on, reason="Faltaba una ejecución"))
    rows = sorted(view(), key=lambda row: row["version"])
    assert [(row["version"], row["vigente"], row["solicitado_por"]) for row in rows] == [
        (1, False, None),
        (2, True, "soporte"),
    ]


def test_a_month_that_was_archived_before_it_ended_is_archived_again_by_schedule(
    root, notices, view, monkeypatch
):
    with monkeypatch.context() as clock:
        early = datetime(2026, 10, 23, 12, tzinfo=UTC)
        clock.setattr(contents, "datetime", SimpleNamespace(now=lambda _: early))
        handed_on = steps.collect(context("manual__1", since="2026-10-01", until="2026-10-31"))
    steps.record(context("manual__1", handed_on))
    again = ArchiveUpdate.model_validate(steps.collect(context("scheduled__2")))
    assert (again.version, again.replaces, again.archived_by) == (2, 1, None)
    assert again.reason == texts.WAS_EARLY.format(version=1)
    with pytest.raises(AirflowSkipException):
        steps.collect(context("scheduled__3"))


def test_who_is_told_of_an_archive_learns_of_an_older_one_that_is_not_what_it_was(root, notices):
    first = ArchiveUpdate.model_validate(steps.collect(context("scheduled__1")))
    path = root / first.folder / first.files[0].name
    path.chmod(0o600)
    path.write_bytes(b"otro")
    again = context("manual__2", reason="Faltaba una ejecución")
    handed_on = steps.collect(again)
    steps.record(context("manual__2", handed_on, reason="Faltaba una ejecución"))
    [(_, notice)] = notices
    assert str(path) in notice.text
    assert notice.text.count("No es lo que se archivó") == 1


def test_recording_once_more_writes_no_row_twice(root, notices, view):
    handed_on = steps.collect(context("scheduled__1"))
    for _ in range(2):
        steps.record(context("scheduled__1", handed_on))
    assert len(view()) == 1


def test_who_is_told_of_an_archive_learns_of_runs_that_are_not_over_and_of_months_that_nobody_archived(
    root, notices, report_database, postgres_server
):
    with postgres_server.connect(report_database) as connection:
        for month, state in (("2026-07", "running"), ("2026-09", "succeeded"), ("2026-10", "running")):
            connection.execute(
                "INSERT INTO respaldo.fm007 "
                "(run_key, dag_id, run_id, scope_id, state, started_at, updated_at) "
                "VALUES (%s, 'backup__x', %s, 'x', %s, %s, now())",
                (month, month, state, f"{month}-30 23:00:00-05"),
            )
    early = context("manual__1", since="2026-07-01", until="2026-08-31")
    steps.record(context("manual__1", steps.collect(early), since="2026-07-01", until="2026-08-31"))
    steps.record(context("scheduled__2", steps.collect(context("scheduled__2"))))
    [by_hand, by_schedule] = [notice.text for _, notice in notices]
    assert texts.STILL_GOING.format(count=1) in by_hand
    assert "Meses" not in by_hand
    assert texts.STILL_GOING.format(count=1) in by_schedule
    assert texts.MISSING.format(months="2026-09") in by_schedule


def test_a_month_that_was_archived_before_its_end_counts_as_not_archived(
    root, notices, report_database, monkeypatch
):
    with monkeypatch.context() as clock:
        clock.setattr(contents, "datetime", SimpleNamespace(now=lambda _: datetime(2026, 10, 23, tzinfo=UTC)))
        made = steps.collect(context("manual__1", since="2026-10-01", until="2026-10-31"))
    steps.record(context("manual__1", made, since="2026-10-01", until="2026-10-31"))
    december = Period(first=date(2026, 12, 1), last=date(2026, 12, 31))
    assert [month.name for month in missing(report_database, date(2026, 10, 1), december, BOGOTA)] == [
        "2026-10",
        "2026-11",
    ]


def test_its_backup_has_something_to_read_before_the_first_archive(root):
    source = FilesSource(kind="files", paths=(str(root),), exclude=(".lock", "*.partial"))
    ArchiveFolder(root).prepare()
    source.probe(Reach())
