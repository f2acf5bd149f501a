"""What analysts read: the form in Spanish."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from respaldo.domain.retention import Retention
from respaldo.domain.values import Copy, Run
from respaldo.report.database import connected
from respaldo.report.export import TABLE_COLUMNS, as_csv, as_json, as_table
from respaldo.report.fm007 import RowUpdate
from respaldo.report.requests import RequestUpdate
from respaldo.texts import report as texts
from respaldo.texts.retention import retention_in_words

BOGOTA = ZoneInfo("America/Bogota")
START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
FAILED = Run(dag_id="backup__erp", run_id="scheduled__1", scope_id="erp")
RERUN = Run(dag_id="backup__erp", run_id="manual__2", scope_id="erp")
REQUEST = Run(dag_id="restore_request", run_id="manual__3", scope_id="erp")


@pytest.fixture
def rows(report):
    """A failed run and the run that repeated it."""
    report.write(
        RowUpdate.of(
            FAILED,
            scope_name="Base de datos del ERP",
            state="failed",
            origin="scheduled",
            started_at=START,
            ended_at=START + timedelta(seconds=93),
            failed_step="execute",
            cause="repository_full",
            cause_detail="El repositorio está lleno",
            attempts={"plan": 1, "execute": 3},
        )
    )
    copies = [
        Copy(item=item, snapshot_id=letter * 64, files=1, size_bytes=10)
        for item, letter in (("erp", "a"), ("globals", "b"))
    ]
    report.write(
        RowUpdate.of(
            RERUN,
            state="succeeded",
            mode="software",
            origin="rerun",
            rerun_of=FAILED.key,
            request_key=REQUEST.key,
            copies=copies,
            second_copies=copies[:1],
            source_kind="postgresql",
            size_bytes=20,
            verification_methods=("structure", "dump"),
            verification_result="good",
            rpo_seconds=93600,
            warnings=("una", "otra"),
        )
    )
    return report.rows()


def test_a_failed_run_tells_its_cause_its_step_and_its_attempts(rows):
    row = rows[0]
    assert row["numero"] == 1
    assert row["alcance"] == "Base de datos del ERP"
    assert row["estado"] == "Fallida"
    assert row["duracion"] == timedelta(seconds=93)
    assert row["paso_fallido"] == "Ejecutar"
    assert row["causa_codigo"] == "repository_full"
    assert row["causa"] == "El repositorio está lleno"
    assert row["intentos"] == 3
    assert row["intentos_por_paso"] == {"Programar": 1, "Ejecutar": 3}
    assert row["copia"] == []


def test_a_rerun_names_the_form_that_it_repeats_and_its_copies_in_order(rows):
    row = rows[1]
    assert row["reintento_de"] == 1
    assert row["origen"] == "Nueva ejecución"
    assert row["modalidad"] == "Herramienta software"
    assert row["tipo_fuente"] == "PostgreSQL"
    assert row["contenido"] == ["erp", "globals"]
    assert row["copia"] == ["a" * 64, "b" * 64]
    assert row["segunda_copia"] == ["a" * 64]
    assert row["verificacion_metodo"] == ["Estructura de la copia", "Lectura del volcado"]
    assert row["verificacion_resultado"] == "Satisfactoria"
    assert row["rpo"] == timedelta(hours=26)
    assert row["advertencias"] == ["una", "otra"]
    assert row["intentos"] is None


def test_a_scope_without_a_name_and_a_kind_without_a_word_show_their_codes(report):
    report.write(RowUpdate.of(FAILED, source_kind="oracle", failed_step="teleport", cause="unknown"))
    row = report.rows()[0]
    assert (row["alcance"], row["tipo_fuente"], row["paso_fallido"], row["causa"]) == (
        "erp",
        "oracle",
        "teleport",
        "unknown",
    )


def test_a_run_that_a_restore_request_caused_names_the_request(report, rows):
    assert [row["requerimiento"] for row in rows] == [None, None]
    report.write(RequestUpdate.of(REQUEST))
    assert [row["requerimiento"] for row in report.rows()] == [None, 1]


def test_every_column_of_the_view_has_a_heading_and_every_heading_a_column(rows):
    assert list(rows[0]) == list(texts.COLUMNS)


def test_the_database_and_the_program_name_codes_alike(report):
    with connected(report.endpoint) as connection:
        terms = connection.execute("SELECT vocabulary, code, name FROM respaldo.term").fetchall()
    named = {(term["vocabulary"], term["code"]): term["name"] for term in terms}
    assert named == {
        (vocabulary, code): name for vocabulary, names in texts.TERMS.items() for code, name in names.items()
    }


@pytest.mark.parametrize(
    ("retention", "words"),
    [
        (Retention(monthly="12m"), "mensual 12 meses"),
        (
            Retention(last="1d", daily="7d12h", weekly="5w", yearly="1y6m"),
            "todas 1 día, diaria 7 días 12 horas, semanal 5 semanas, anual 1 año 6 meses",
        ),
        (
            Retention(last="1h", weekly="1w", monthly="1m", yearly="11y"),
            "todas 1 hora, semanal 1 semana, mensual 1 mes, anual 11 años",
        ),
    ],
)
def test_the_database_and_the_program_say_alike_how_long_copies_are_kept(report, retention, words):
    report.write(RowUpdate.of(FAILED, retention=str(retention)))
    [row] = report.rows()
    assert row["retencion"] == words == retention_in_words(retention)


def test_a_row_without_a_retention_has_none(rows):
    assert rows[0]["retencion"] is None


@pytest.mark.parametrize(
    ("table", "vocabularies"),
    [
        (
            "fm007",
            {name: name for name in ("mode", "kind", "origin", "state", "verification_result")}
            | {"contract_state": "contract_state"},
        ),
        (
            "restore_request",
            {
                "destination_kind": "destination",
                "overwrite": "overwrite",
                "state": "request_state",
                "outcome": "outcome",
                "analysis": "analysis",
                "informed_by": "informed_by",
            },
        ),
        ("contract", {"on_lapse": "on_lapse"}),
        ("incident", {"state": "incident_state", "decision": "choice", "resolution": "resolution"}),
    ],
)
def test_every_code_that_a_table_admits_has_a_name(report, table, vocabularies):
    with connected(report.endpoint) as connection:
        checks = connection.execute(
            "SELECT a.attname AS column, pg_get_constraintdef(c.oid) AS rule "
            "FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
            "WHERE c.conrelid = %s::regclass AND c.contype = 'c' "
            "AND pg_get_constraintdef(c.oid) LIKE '%%= ANY%%'",
            (f"respaldo.{table}",),
        ).fetchall()
    admitted = {check["column"]: set(check["rule"].split("'")[1::2]) for check in checks}
    assert admitted == {column: set(texts.TERMS[name]) for column, name in vocabularies.items()}


def test_real_rows_export_in_every_format(rows):
    told = json.loads(as_json(rows, BOGOTA))
    assert told[0]["inicio"] == "2026-03-01T01:00:00-05:00"
    assert told[0]["duracion"] == 93
    assert told[1]["copia"] == ["a" * 64, "b" * 64]
    assert told[1]["inicio"] is None

    assert as_csv(rows, BOGOTA).startswith("N.º,Id. del alcance,Alcance,")
    assert as_table(rows, BOGOTA).row_count == 2
    assert set(TABLE_COLUMNS) <= set(rows[0])
