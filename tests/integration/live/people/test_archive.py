"""The archive under a live scheduler: a day's form by hand, a correction, and what is refused."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from archive_kit import text_of
from respaldo.domain.values import Run
from respaldo.report.archive_folder import ArchiveFolder

# The first test waits for the installation to start.
pytestmark = pytest.mark.timeout(600)

DAG_ID = "fm007_archive"
TODAY = datetime.now(ZoneInfo("America/Bogota")).date().isoformat()


@pytest.fixture(scope="module")
def begin(live):
    """Begin an archive of today, as somebody would with the form."""

    def begin_by(user: str, **form: str) -> Run:
        body = {"logical_date": None, "conf": {"since": TODAY, "until": TODAY} | form}
        made = live.installation.api_of(user).post(f"dags/{DAG_ID}/dagRuns", body)
        return Run(dag_id=DAG_ID, run_id=made["dag_run_id"], scope_id="")

    return begin_by


@pytest.fixture(scope="module")
def first(live, begin):
    run = begin("profesional")
    assert live.end_of(run) == "success"
    return run


def archived(live) -> list[tuple]:
    return live.sql(
        "respaldo",
        "SELECT version, reemplaza, motivo, solicitado_por, filas, historial_huella, clave "
        "FROM reportes.archivo ORDER BY version",
    )


def test_both_documents_are_in_the_archive_and_their_row_in_the_view(live, first):
    folder = ArchiveFolder(live.home / "archivo")
    [record] = [one for one in folder.records() if one.archive_key == first.key]
    folder.verify(record)
    assert {file.name.rpartition(".")[2] for file in record.files} == {"xlsx", "pdf"}
    pdf = next(file.name for file in record.files if file.name.endswith(".pdf"))
    assert record.history_head in text_of((folder.root / record.folder / pdf).read_bytes())[0]
    [row] = [row for row in archived(live) if row[-1] == first.key]
    assert row == (1, None, None, "profesional", record.row_count, record.history_head, first.key)


def test_again_it_is_refused_but_for_a_reason_and_a_wrong_role_is_refused(live, begin, first):
    again, wrong = begin("soporte"), begin("director", reason="Yo mando")
    corrected = begin("soporte", reason="Faltaba una ejecución")
    outcomes = [live.finish(run) for run in (again, wrong, corrected)]
    assert [outcome.state for outcome in outcomes] == ["failed", "failed", "success"]
    assert [outcome.tries["collect"] for outcome in outcomes] == [1, 1, 1]
    assert "ya está archivado: versión 1" in live.logs()
    assert [row[:4] for row in archived(live)] == [
        (1, None, None, "profesional"),
        (2, 1, "Faltaba una ejecución", "soporte"),
    ]


def test_months_before_the_first_run_are_not_archived_by_schedule(live):
    runs = live.installation.api.get(f"dags/{DAG_ID}/dagRuns")["dag_runs"]
    scheduled = [run for run in runs if run["run_type"] == "scheduled"]
    assert [run["state"] for run in scheduled] == ["success"] * len(scheduled)
    assert all(row[4] is not None for row in archived(live))
    assert len(archived(live)) == 2
