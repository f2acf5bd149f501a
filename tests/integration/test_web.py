"""The page TIC-FM007: what it shows of a real report database, and to whom."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_kit import connection_to
from respaldo.domain.values import Copy, Run
from respaldo.report.fm007 import RowUpdate
from respaldo.texts import report as report_texts
from respaldo.texts import web as texts
from respaldo.web import routes

PROJECT = Path(__file__).parents[2]
START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script>'


def run_of(scope, day):
    return Run(
        dag_id=f"backup__{scope}", run_id=f"scheduled__2026-03-{day:02}T06:00:00+00:00", scope_id=scope
    )


@pytest.fixture
def three_runs(report):
    """A good run of one scope, a good one and a failed one of another, a day between them."""
    for day, scope, facts in (
        (1, "erp", {"state": "succeeded", "size_bytes": 2_000_000}),
        (
            2,
            "documentos",
            {"state": "succeeded_with_warnings", "size_bytes": 500_000, "warnings": ["Saltado"]},
        ),
        (
            3,
            "documentos",
            {"state": "failed", "cause": "repository_full", "cause_detail": "El repositorio está lleno"},
        ),
    ):
        began = START + timedelta(days=day - 1)
        report.write(
            RowUpdate.of(
                run_of(scope, day),
                scope_name=f"Alcance {scope}",
                started_at=began,
                ended_at=began + timedelta(seconds=93),
                **facts,
            )
        )


def names_on(answer):
    """Give the ids of the rows on a page, as their links name them, from the top."""
    return [part.split('"')[0] for part in answer.text.split('href="fm007/')[1:]]


def test_rows_are_shown_newest_first_with_their_totals(shown, three_runs):
    answer = shown.get("/fm007")

    assert answer.status_code == 200
    assert names_on(answer) == [
        run_of("documentos", 3).key,
        run_of("documentos", 2).key,
        run_of("erp", 1).key,
    ]
    assert "<b>3</b> Ejecuciones" in answer.text
    assert "<b>1</b> Exitosas" in answer.text
    assert "<b>1</b> Con advertencias" in answer.text
    assert "<b>1</b> Fallidas" in answer.text
    assert "<b>2,5 MB</b> Copiado" in answer.text
    assert "El repositorio está lleno" in answer.text
    assert "2026-03-01 01:00:00" in answer.text, "times are the organization's: five hours before UTC"


@pytest.mark.parametrize(("kind", "added_up"), [("external", "3,0 MB"), ("manual", "3,5 MB")])
def test_a_copy_of_another_product_is_added_up_once_however_often_it_is_read_of(
    shown, three_runs, report, kind, added_up
):
    for day in (4, 5):
        facts = {"source_kind": kind, "size_bytes": 500_000, "state": "succeeded"}
        report.write(RowUpdate.of(run_of("nube", day), started_at=START, ended_at=START, **facts))
    answer = shown.get("/fm007")
    assert "<b>5</b> Ejecuciones" in answer.text
    assert f"<b>{added_up}</b> Copiado" in answer.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("scope=erp", [("erp", 1)]),
        ("state=failed", [("documentos", 3)]),
        ("since=2026-03-02&until=2026-03-02", [("documentos", 2)]),
        ("since=2026-03-02", [("documentos", 3), ("documentos", 2)]),
        ("until=2026-03-01", [("erp", 1)]),
        ("scope=documentos&state=succeeded", []),
        ("since=&until=&scope=&state=", [("documentos", 3), ("documentos", 2), ("erp", 1)]),
    ],
)
def test_filters_choose_rows_and_downloads_alike(shown, three_runs, query, expected):
    keys = [run_of(*run).key for run in expected]

    assert names_on(shown.get(f"/fm007?{query}")) == keys
    assert [row["clave"] for row in shown.get(f"/fm007.json?{query}").json()] == keys
    text = shown.get(f"/fm007.csv?{query}").text
    assert text.startswith("\ufeff" + report_texts.COLUMNS["numero"])
    lines = csv.DictReader(io.StringIO(text, newline=""))
    assert [line[report_texts.COLUMNS["clave"]] for line in lines] == keys


def test_a_day_begins_where_the_organization_is(shown, report):
    """04:59 UTC is still the day before in Bogotá."""
    run = run_of("erp", 2)
    report.write(RowUpdate.of(run, state="succeeded", started_at=datetime(2026, 3, 2, 4, 59, tzinfo=UTC)))

    assert names_on(shown.get("/fm007?since=2026-03-01&until=2026-03-01")) == [run.key]
    assert names_on(shown.get("/fm007?since=2026-03-02")) == []


def test_a_download_says_it_is_a_file(shown, three_runs):
    answer = shown.get("/fm007.csv")

    assert answer.headers["content-disposition"] == 'attachment; filename="TIC-FM007.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize(
    "query",
    ["since=mañana", "since=0001-01-01", "until=9999-12-31", "state=<b>", "page=0", "page=x", "scope=%00"],
)
def test_a_filter_that_makes_no_sense_is_refused_in_words(shown, query):
    answer = shown.get(f"/fm007?{query}")

    assert answer.status_code == 400
    assert texts.ERRORS[400][0] in answer.text


def test_hostile_text_is_only_text(shown, report):
    run = run_of("erp", 1)
    columns = ("scope_name", "reason", "requester", "cause_detail", "corrective", "source", "repository")
    copies = [Copy(item=HOSTILE, snapshot_id=HOSTILE, files=1, size_bytes=1)]
    report.write(
        RowUpdate.of(
            run,
            state="failed",
            warnings=[HOSTILE],
            copies=copies,
            second_copies=copies,
            console={HOSTILE: HOSTILE},
            **dict.fromkeys(columns, HOSTILE),
        )
    )

    for path in ("/fm007", f"/fm007/{run.key}", f"/fm007?scope={HOSTILE}"):
        answer = shown.get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "&lt;script&gt;" in shown.get("/fm007").text


def test_a_row_is_shown_in_full_with_what_changed(shown, report):
    run = run_of("erp", 1)
    report.write(RowUpdate.of(run, state="running", reason="Antes de la actualización"))
    report.write(RowUpdate.of(run, state="succeeded", ended_at=START, attempts={"execute": 2}))
    report.write(RowUpdate.of(run, retention="monthly 12m", step_seconds={"execute": 0.3}))

    answer = shown.get(f"/fm007/{run.key}")

    assert answer.status_code == 200
    for heading in report_texts.COLUMNS.values():
        assert f"<dt>{heading}</dt>" in answer.text
    assert "Antes de la actualización" in answer.text
    assert "En curso → Exitosa" in answer.text
    assert "Ejecutar: 2" in answer.text
    # In the row, and in its history.
    assert (answer.text.count("Ejecutar: 0,3"), answer.text.count("mensual 12 meses")) == (2, 2)
    assert texts.OPERATIONS["insert"] in answer.text
    assert texts.OPERATIONS["update"] in answer.text


def test_the_tab_of_a_dag_run_shows_its_own_row(shown, three_runs):
    run = run_of("erp", 1)

    answer = shown.get("/run", params={"dag_id": run.dag_id, "run_id": run.run_id})

    assert answer.status_code == 200
    assert run.key in answer.text
    assert 'href="fm007"' in answer.text


@pytest.mark.parametrize("path", ["/fm007/0123456789abcdef", "/run?dag_id=other&run_id=manual"])
def test_a_run_without_a_row_is_told(shown, path):
    answer = shown.get(path)

    assert answer.status_code == 404
    assert texts.NO_ROW[0] in answer.text


def test_every_column_that_history_keeps_has_a_heading(report_database, postgres_server):
    with postgres_server.connect(report_database) as connection:
        found = connection.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = 'respaldo' AND table_name = 'fm007' AND column_name <> 'updated_at'"
        ).fetchall()

    assert {name for (name,) in found} == texts.FIELDS.keys()


@pytest.mark.parametrize("shape", ["csv", "json"])
def test_a_file_that_would_take_the_servers_memory_is_refused(shown, three_runs, shape, monkeypatch):
    monkeypatch.setattr(routes, "MOST_ROWS", 1)
    answer = shown.get(f"/fm007.{shape}")
    assert answer.status_code == 413
    assert "Un archivo admite 1" in answer.text


PATHS = ["/fm007", "/fm007.csv", "/fm007.json", "/fm007/0123456789abcdef", "/run?dag_id=a&run_id=b"]


@pytest.mark.parametrize("path", PATHS)
def test_without_its_database_the_page_says_so(page, path):
    answer = page.get(path)

    assert answer.status_code == 503
    assert texts.UNAVAILABLE in answer.text
    assert "Traceback" not in answer.text
    assert "/nonexistent" not in answer.text, "where servers are is nobody's business"


def test_without_its_tables_the_page_says_what_to_do(page, empty_database, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", connection_to(empty_database))

    answer = page.get("/fm007")

    assert answer.status_code == 503
    assert "respaldo db migrate" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_sent_to_the_page(shown, method):
    assert shown.request(method, "/fm007").status_code == 405


def test_ten_thousand_rows_are_shown_by_pages_and_soon(shown, report_database, postgres_server):
    with postgres_server.connect(report_database) as connection:
        connection.execute(
            "ALTER TABLE respaldo.fm007 DISABLE TRIGGER record_change;"
            "INSERT INTO respaldo.fm007 (run_key, dag_id, run_id, scope_id, state, started_at, size_bytes,"
            " copies, second_copies, attempts, warnings, updated_at)"
            " SELECT substr(md5(n::text), 1, 16), 'backup__s' || n % 100, 'run' || n, 's' || n % 100,"
            " 'succeeded', timestamptz '2020-01-01' + n * interval '1 hour', 1000000,"
            ' \'[{"item": "x", "snapshot_id": "a"}]\', \'[{"item": "x", "snapshot_id": "b"}]\','
            " '{\"execute\": 1}', '[\"una\"]', now() FROM generate_series(1, 10000) n;"
            "ANALYZE respaldo.fm007"
        )
    shown.get("/fm007")

    seconds = []
    for number in (1, 100, 200):
        began = time.perf_counter()
        answer = shown.get(f"/fm007?page={number}")
        seconds.append(time.perf_counter() - began)
        assert len(names_on(answer)) == 50
        assert f"Página {number} de 200" in answer.text
    assert "<b>10.000</b> Ejecuciones" in answer.text
    assert 'rel="prev"' in answer.text
    assert 'rel="next"' not in answer.text
    assert "Página 200 de 200" in shown.get("/fm007?page=999").text
    # The best of three: others may be using the machine.
    assert min(seconds) < 0.3, seconds


def test_a_link_to_the_next_page_keeps_the_filters(shown, report_database, postgres_server):
    with postgres_server.connect(report_database) as connection:
        connection.execute(
            "INSERT INTO respaldo.fm007 (run_key, dag_id, run_id, scope_id, state, started_at, updated_at)"
            " SELECT substr(md5(n::text), 1, 16), 'd', 'run' || n, 'a&b', 'failed', '2026-03-01 12:00Z',"
            " now() FROM generate_series(1, 51) n"
        )

    answer = shown.get("/fm007", params={"scope": "a&b", "state": "failed", "since": "2026-03-01"})

    assert (
        'href="fm007?since=2026-03-01&amp;scope=a%26b&amp;state=failed&amp;page=2" rel="next"' in answer.text
    )
    second = shown.get("/fm007?since=2026-03-01&scope=a%26b&state=failed&page=2")
    assert len(names_on(second)) == 1


ASK_AIRFLOW = """
import json, sys
from fastapi.testclient import TestClient
from airflow.api_fastapi.app import create_app

client = TestClient(create_app(apps="core"), raise_server_exceptions=False)

def bearer(user):
    token = client.post("/auth/token", json={"username": user, "password": "secreto"}).json()["access_token"]
    client.cookies.clear()
    return {"Authorization": f"Bearer {token}"}

everybody = [{}, bearer("vera"), bearer("analista")]
answers = {path: [client.get(path, headers=who).status_code for who in everybody] for path in sys.argv[1:]}
print("ANSWERS", json.dumps([answers, client.get("/").text]))
"""


def test_in_airflow_only_its_users_see_the_page_and_an_analyst_nothing_else(
    airflow_home, report_database, tmp_path
):
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({"vera": "secreto", "analista": "secreto"}))
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": f"{PROJECT}/plugins",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "vera:viewer,analista:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__API_AUTH__JWT_SECRET": "0" * 64,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_RESPALDO_REPORT": connection_to(report_database),
    }
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True
    )
    paths = [f"/respaldo{path}" for path in (*PATHS, "/plan")]

    told = subprocess.run(
        [sys.executable, "-c", ASK_AIRFLOW, *paths],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )

    found, start_page = json.loads(told.stdout.split("ANSWERS", 1)[1])
    expected = ([401, 200, 200],) * 3 + ([401, 404, 404],) * 2 + ([401, 200, 403],)
    assert found == dict(zip(paths, expected, strict=True))
    assert start_page.index('localStorage.setItem("i18nextLng","es")') < start_page.index("<title>Airflow")
