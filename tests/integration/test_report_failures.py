"""What analysts read of failures: each one, the chain of its re-runs, and how often a cause comes back."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from respaldo.domain.values import Applied, Run
from respaldo.report.database import connected
from respaldo.report.fm007 import RowUpdate, State
from respaldo.report.incidents import IncidentUpdate

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def run(number: int, scope: str = "erp") -> Run:
    return Run(dag_id=f"backup__{scope}", run_id=f"scheduled__{number}", scope_id=scope)


def asked(report, view: str) -> list[dict]:
    order = "causa_codigo" if view == "fallas_por_causa" else "numero"
    with connected(report.endpoint) as connection:
        return connection.execute(f"SELECT * FROM reportes.{view} ORDER BY {order}").fetchall()  # noqa: S608


def fail(report, of: Run, on: float, cause: str = "repository_full", **columns) -> None:
    """Write a backup that failed so many days after the start, and its incident."""
    known = {"state": "failed", "started_at": day(on), "ended_at": day(on), "cause": cause}
    report.write(RowUpdate.of(of, **(known | columns)))
    report.write(IncidentUpdate.of(of, failed_at=day(on), cause=cause))


def succeed(report, of: Run, on: float, *resolved: Run, **columns) -> None:
    """Write a good backup that resolves failures."""
    report.write(RowUpdate.of(of, state="succeeded", started_at=day(on), ended_at=day(on), **columns))
    for one in resolved:
        report.write(
            IncidentUpdate.of(
                one, state="resolved", resolution="rerun", resolved_by=of.key, resolved_at=day(on)
            )
        )


def chains(report) -> dict[int, int]:
    return {row["numero"]: row["cadena"] for row in report.rows()}


def test_a_chain_is_named_by_its_first_run(report):
    for number, rerun_of in enumerate((None, 0, 1, 1, None)):
        of = None if rerun_of is None else run(rerun_of).key
        report.write(RowUpdate.of(run(number), rerun_of=of))
    assert chains(report) == {1: 1, 2: 1, 3: 1, 4: 1, 5: 5}


def test_a_chain_begins_where_the_report_knows_nothing_before(report):
    report.write(RowUpdate.of(run(1), rerun_of="0" * 16))
    report.write(RowUpdate.of(run(2), rerun_of=run(1).key))
    assert chains(report) == {1: 1, 2: 1}


def test_a_chain_whose_rows_arrive_backwards_begins_with_its_first_run_all_the_same(report):
    report.write(RowUpdate.of(run(2), rerun_of=run(1).key))
    report.write(RowUpdate.of(run(1)))
    assert chains(report) == {1: 2, 2: 2}


def test_runs_that_name_each_other_in_a_circle_are_one_chain_and_the_view_ends(report):
    for number in range(3):
        report.write(RowUpdate.of(run(number), rerun_of=run((number + 1) % 3).key, state="failed"))
    report.write(RowUpdate.of(run(7), rerun_of=run(7).key, state="failed"))
    assert chains(report) == {1: 1, 2: 1, 3: 1, 4: 4}
    assert [row["reintentos"] for row in asked(report, "fallas")] == [2, 2, 2, 0]


def test_correctives_that_respaldo_applied_are_named_in_their_order(report):
    applied = [
        Applied(remedy=remedy, cause="unknown", step="execute", at=START)
        for remedy in ("new_cache", "unlock", "repair", "prune", "rerun")
    ]
    report.write(RowUpdate.of(run(1), applied=applied))
    assert report.rows()[0]["correctivos_aplicados"] == [
        "Caché rehecha",
        "Bloqueo muerto retirado",
        "Repositorio reparado y copiado de nuevo",
        "Restos de un intento retirados",
        "Nueva ejecución",
    ]


def test_a_failure_is_told_in_spanish_from_its_cause_to_its_repair(report):
    pruned = Applied(remedy="prune", cause="repository_full", step="execute", at=START)
    report.write(RowUpdate.of(run(0), scope_name="Base de datos del ERP"))
    fail(
        report,
        run(1),
        0,
        scope_name="Base de datos del ERP",
        department="Hacienda",
        failed_step="execute",
        cause_detail="No queda espacio",
        corrective="Amplíe el disco",
        applied=(pruned,),
    )
    report.write(
        IncidentUpdate.of(
            run(1),
            advised="Amplíe el disco",
            decision="rerun",
            confirmed_cause="repository_read_only",
            corrective="Se cambió el disco",
            decided_by="soporte1",
            rerun_key=run(2).key,
        )
    )
    fail(report, run(2), 0.25, rerun_of=run(1).key)
    succeed(report, run(3), 0.5, run(1), run(2), rerun_of=run(2).key)
    first, second = asked(report, "fallas")
    assert first == {
        "numero": 2,
        "alcance_id": "erp",
        "alcance": "Base de datos del ERP",
        "dependencia": "Hacienda",
        "fecha": START,
        "paso": "Ejecutar",
        "causa": "El repositorio es de solo lectura",
        "causa_codigo": "repository_read_only",
        "detalle": "No queda espacio",
        "correctivos_aplicados": ["Restos de un intento retirados"],
        "correctivo": "Se cambió el disco",
        "decidido_por": "soporte1",
        "decision": "Ejecutar de nuevo",
        "reintento": 3,
        "cadena": 2,
        "reintentos": 2,
        "estado": "Resuelta",
        "resolucion": "Por su nueva ejecución",
        "resuelta_por": 4,
        "resuelta": day(0.5),
        "tiempo_reparacion": timedelta(hours=12),
        "clave": run(1).key,
    }
    assert (second["reintento"], second["cadena"], second["reintentos"]) == (4, 2, 2)
    assert second["tiempo_reparacion"] == timedelta(hours=6)


def test_only_backups_that_failed_are_failures(report):
    for number, state in enumerate(get_args(State)):
        report.write(RowUpdate.of(run(number), state=state))
    report.write(RowUpdate.of(run(8), state="failed", kind="restore"))
    failures = asked(report, "fallas")
    assert {row["clave"] for row in failures} == {run(number).key for number in (4, 5, 6)}
    assert {row["estado"] for row in failures} == {None}


def test_until_somebody_writes_a_corrective_the_advised_one_is_shown(report):
    fail(report, run(1), 0, corrective="del formato")
    assert asked(report, "fallas")[0]["correctivo"] == "del formato"
    report.write(IncidentUpdate.of(run(1), advised="aconsejado"))
    assert asked(report, "fallas")[0]["correctivo"] == "aconsejado"
    report.write(IncidentUpdate.of(run(1), corrective="escrito"))
    assert asked(report, "fallas")[0]["correctivo"] == "escrito"


def test_a_failed_run_that_was_continued_and_ended_well_stays_a_failure(report):
    fail(report, run(1), 0)
    report.write(RowUpdate.of(run(1), state="succeeded", cause=None, ended_at=day(1)))
    succeed(report, run(1), 1, run(1))
    [row] = asked(report, "fallas")
    assert (row["causa_codigo"], row["fecha"], row["resuelta_por"]) == ("repository_full", START, 1)
    assert row["tiempo_reparacion"] == timedelta(days=1)


def test_a_failure_that_was_closed_without_a_copy_was_not_repaired(report):
    fail(report, run(1), 0)
    report.write(
        IncidentUpdate.of(run(1), state="closed", decision="close", resolution="closed", resolved_at=day(1))
    )
    [row] = asked(report, "fallas")
    assert (row["estado"], row["resolucion"]) == ("Cerrada", "Cerrada sin copia buena")
    assert (row["resuelta"], row["tiempo_reparacion"], row["resuelta_por"]) == (day(1), None, None)
    [cause] = asked(report, "fallas_por_causa")
    assert (cause["abiertas"], cause["tiempo_medio_reparacion"]) == (0, None)


def test_causes_are_counted_with_their_scopes_and_their_times_to_repair(report):
    fail(report, run(1), 0)
    succeed(report, run(2), 1, run(1))
    fail(report, run(3), 100)
    succeed(report, run(4), 103, run(3))
    fail(report, run(1, "web"), 101)
    fail(report, run(2, "web"), 102, cause="unknown")
    report.write(IncidentUpdate.of(run(2, "web"), confirmed_cause="timed_out", state="waiting"))
    report.write(RowUpdate.of(run(9), state="failed", ended_at=day(5)))
    full, late, unknown = asked(report, "fallas_por_causa")
    assert full == {
        "causa_codigo": "repository_full",
        "causa": "El repositorio está lleno",
        "fallas": 3,
        "alcances": 2,
        "recurrencias": 0,
        "abiertas": 1,
        "primera": START,
        "ultima": day(101),
        "tiempo_medio_reparacion": timedelta(days=2),
        "tiempo_maximo_reparacion": timedelta(days=3),
    }
    assert (late["causa_codigo"], late["fallas"], late["abiertas"]) == ("timed_out", 1, 1)
    assert (unknown["causa"], unknown["abiertas"]) == ("Causa desconocida", 0)


@pytest.mark.parametrize(
    ("again", "scope", "cause", "recurrences"),
    [
        (2, "erp", "repository_full", 1),
        (31, "erp", "repository_full", 1),  # 30 days after day 1
        (31.1, "erp", "repository_full", 0),
        (0.5, "erp", "repository_full", 0),  # not resolved yet
        (2, "web", "repository_full", 0),
        (2, "erp", "timed_out", 0),
    ],
)
def test_a_cause_that_comes_back_to_its_scope_within_30_days_of_its_repair_is_a_recurrence(
    report, again, scope, cause, recurrences
):
    fail(report, run(1), 0)
    succeed(report, run(2), 1, run(1))
    fail(report, run(3, scope), again, cause)
    assert sum(row["recurrencias"] for row in asked(report, "fallas_por_causa")) == recurrences


def test_a_cause_that_a_later_version_no_longer_knows_is_shown_by_its_code(report):
    fail(report, run(1), 0, cause="odd")
    assert asked(report, "fallas")[0]["causa"] == "odd"
    assert asked(report, "fallas_por_causa")[0]["causa"] == "odd"


def test_a_form_with_many_chains_is_read_in_a_moment(report):
    with connected(report.endpoint) as connection:
        connection.execute(
            "INSERT INTO respaldo.fm007 (run_key, dag_id, run_id, scope_id, state, cause, rerun_of, "
            "ended_at, updated_at) "
            "SELECT 'k' || n, 'backup__erp', 'r' || n, 'erp', 'failed', 'repository_full', "
            "CASE WHEN n % 10 > 0 THEN 'k' || n - 1 END, now(), now() FROM generate_series(0, 1999) AS n"
        )
        connection.execute("ANALYZE respaldo.fm007")
        connection.execute("SET statement_timeout = '5s'")
        roots = connection.execute(
            "SELECT count(DISTINCT cadena) AS chains, sum(reintentos) AS reruns FROM reportes.fallas"
        ).fetchone()
        assert roots == {"chains": 200, "reruns": 2000 * 9}
        [cause] = connection.execute("SELECT fallas FROM reportes.fallas_por_causa").fetchall()
        assert cause == {"fallas": 2000}


def test_an_analyst_reads_failures_and_causes(report, postgres_server):
    fail(report, run(1), 0)
    with postgres_server.connect(report.endpoint) as connection:
        connection.execute("SET ROLE analista")
        assert connection.execute("SELECT cadena, reintentos FROM reportes.fallas").fetchall() == [(1, 0)]
        assert connection.execute("SELECT fallas FROM reportes.fallas_por_causa").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) > 50 FROM reportes.causas").fetchone() == (True,)
