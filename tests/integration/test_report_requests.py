"""A restore request's row grows by what each step states, and analysts read it in Spanish."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from respaldo.domain.requests import Decision, Finding
from respaldo.domain.restoring import Identified, Part, Restored, Wanted
from respaldo.domain.values import Evidence, Run
from respaldo.report.database import connected
from respaldo.report.export import as_csv, as_json
from respaldo.report.facts import Fact
from respaldo.report.fm007 import RowUpdate
from respaldo.report.history import verify_log
from respaldo.report.requests import RequestUpdate
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.report.upsert import apply
from respaldo.texts import report as texts

BOGOTA = ZoneInfo("America/Bogota")
START = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
RUN = Run(dag_id="restore_request", run_id="manual__1", scope_id="erp")


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def request_number(number: int, scope: str = "erp") -> Run:
    return RUN.model_copy(update={"run_id": f"manual__{number}", "scope_id": scope})


def backup(number: int) -> Run:
    return Run(dag_id="backup__erp", run_id=f"manual__{number}", scope_id="erp")


def decision(option: str, by: str, minutes: float, note: str | None = None) -> Decision:
    return Decision(option=option, by=by, at=after(minutes), note=note)


def identified(which: str, letter: str, number: int) -> Identified:
    return Identified(
        which=which,
        repository={"first": "principal", "second": "secundario"}[which],
        run_key="0123456789abcdef",
        number=number,
        taken_at=START - timedelta(days=1),
        parts=(Part(item="erp", snapshot_id=letter * 64, files=1, size_bytes=700),),
    )


def restored(where: str, minutes: float) -> Restored:
    return Restored(
        where=(where,),
        files=3,
        size_bytes=900,
        evidence=(
            Evidence(method="restored", item="erp"),
            Evidence(method="compared", item="erp", rows={"public.invoice": 9}),
            Evidence(method="restored", item="web"),
        ),
        ended_at=after(minutes),
    )


def shown(report) -> dict:
    (row,) = report.requests()
    return row


def test_every_column_comes_back_as_it_was_written(report):
    full = RequestUpdate.of(
        RUN,
        scope_name="ERP",
        requested_at=START,
        requester="Ana Ruiz",
        email="ana@example.org",
        department="Hacienda",
        ticket="GLPI-7",
        what_happened="Se borró una carpeta",
        asked_by="soporte1",
        wanted=Wanted(paths=("/srv/a",)),
        as_of=START,
        snapshot="a" * 8,
        destination_kind="path",
        destination="/srv/restored",
        overwrite="if_newer",
        state="closed",
        outcome="satisfied",
        analysis="restoration",
        decisions={"analyse": decision("restoration", "luis", 1, "sí")},
        findings={"first": Finding(which="first", state="good", repository="principal")},
        identified={"first": identified("first", "a", 4)},
        restored={"first": restored("/srv/restored", 9)},
        safety_backup="1" * 16,
        unscheduled_backup="2" * 16,
        rerun="3" * 16,
        started_at=START,
        delivered_at=START,
        ended_at=START,
        rto_seconds=14400,
        attempts={"restore": 1},
        step_seconds={"restore": 1.5},
        cause="target_full",
        cause_detail="No cabe",
        failed_step="restore",
        corrective="liberar espacio",
        informed_at=START,
        informed_by="mail",
        informed_detail="ana@example.org",
        message="Listo",
        respaldo_version="0.1.0",
        worker="w1",
    )
    assert full.model_fields_set == set(RequestUpdate.model_fields)
    assert report.write(full)
    row = report.request(RUN.key)
    assert RequestUpdate.model_validate({name: row[name] for name in RequestUpdate.model_fields}) == full
    assert row["number"] == 1


def test_steps_and_copies_are_merged_and_a_stated_none_empties_its_column(report):
    report.write(
        RequestUpdate.of(
            RUN,
            cause="timed_out",
            decisions={"analyse": decision("restoration", "luis", 1)},
            findings={"first": Finding(which="first", state="bad")},
            identified={"first": identified("first", "a", 4)},
            restored={"first": restored("/srv/1", 9)},
            step_seconds={"identify": 2, "restore": 1},
        )
    )
    report.write(
        RequestUpdate.of(
            RUN,
            cause=None,
            decisions={"accept": decision("satisfies", "eva", 20)},
            findings={"second": Finding(which="second", state="good")},
            identified={"second": identified("second", "b", 4)},
            restored={"second": restored("/srv/2", 9)},
            step_seconds={"restore": 3},
        )
    )
    row = report.request(RUN.key)
    assert row["cause"] is None
    assert set(row["decisions"]) == {"analyse", "accept"}
    assert {name: row[name].keys() for name in ("findings", "identified", "restored")} == dict.fromkeys(
        ("findings", "identified", "restored"), {"first": 1, "second": 1}.keys()
    )
    assert row["step_seconds"] == {"identify": 2, "restore": 3}


def test_updates_of_a_request_use_up_no_number_and_the_numbers_are_not_the_forms(report):
    report.write(RowUpdate.of(backup(1)))
    for number in range(3):
        for minute in range(3):
            report.write(RequestUpdate.of(request_number(number), started_at=after(minute)))
    assert [row["numero"] for row in report.requests()] == [1, 2, 3]


def test_a_request_is_not_a_change_of_the_form(report):
    report.write(RequestUpdate.of(RUN, state="analysing"))
    assert verify_log(report.endpoint).count == 0


def test_a_request_and_a_row_of_the_form_may_have_the_same_key(report):
    report.write(RequestUpdate.of(RUN, state="restoring"))
    report.write(RowUpdate.of(RUN, kind="restore", state="running", request_key=RUN.key))
    assert report.request(RUN.key)["state"] == "restoring"
    assert report.row(RUN.key)["state"] == "running"
    assert shown(report)["numero_fm007"] == report.rows()[0]["numero"]
    assert report.rows()[0]["requerimiento"] == 1


def test_a_fact_of_a_request_that_is_sent_twice_counts_once(report):
    fact = Fact.now(RequestUpdate.of(RUN, corrective="liberar espacio"))
    with connected(report.endpoint) as connection:
        apply(connection, fact, waited=False)
        apply(connection, Fact.now(RequestUpdate.of(RUN, corrective=None)), waited=False)
        apply(connection, fact, waited=False)
    assert report.request(RUN.key)["corrective"] is None


def test_a_fact_from_another_workers_spool_that_comes_late_only_fills_what_is_unknown(report):
    old = Fact.now(
        RequestUpdate.of(
            RUN,
            state="restoring",
            outcome="failed",
            cause="engine_killed",
            corrective="Repita la restauración.",
            ended_at=START,
            started_at=START,
            worker="w1",
            decisions={"analyse": decision("restoration", "luis", 1), "accept": decision("does_not", "x", 2)},
        )
    )
    report.write(
        RequestUpdate.of(
            RUN, state="accepting", worker="w2", decisions={"accept": decision("satisfies", "eva", 3)}
        )
    )
    with connected(report.endpoint) as connection:
        apply(connection, old, waited=True)
    row = report.request(RUN.key)
    assert (row["state"], row["outcome"], row["cause"], row["ended_at"]) == ("accepting", None, None, None)
    assert row["corrective"] is None
    assert (row["worker"], row["started_at"]) == ("w2", START)
    assert {step: taken["option"] for step, taken in row["decisions"].items()} == {
        "analyse": "restoration",
        "accept": "satisfies",
    }


def test_facts_of_both_tables_wait_together_and_are_written_in_order(report):
    for fact in (
        RequestUpdate.of(RUN, state="registered", requested_at=START),
        RowUpdate.of(RUN, kind="restore", request_key=RUN.key, state="programmed"),
        RequestUpdate.of(RUN, state="restoring"),
        RowUpdate.of(RUN, state="running"),
    ):
        report.spool.append(Fact.now(fact))
    assert report.request(RUN.key)["state"] == "restoring"
    assert report.row(RUN.key)["state"] == "running"
    assert report.spool.waiting() == []


def test_a_request_that_waits_in_the_spool_is_listed(report):
    report.spool.append(Fact.now(RequestUpdate.of(RUN, requested_at=START)))
    assert [row["ejecucion"] for row in report.requests()] == ["manual__1"]


def test_a_request_that_the_database_never_takes_is_rejected_with_its_reason(report):
    report.write(RequestUpdate.of(RUN))
    impostor = RequestUpdate.of(RUN).model_copy(update={"request_key": "another_key"})
    assert report.write(impostor) is False
    (rejected,) = report.spool.rejected()
    assert "restore_request_dag_id_run_id_key" in rejected.with_suffix(".reason").read_text()


def test_a_request_stated_while_the_database_is_away_is_written_later(report, tmp_path):
    away = Report(report.endpoint.model_copy(update={"host": str(tmp_path)}), report.spool)
    assert away.write(RequestUpdate.of(RUN, wanted=Wanted(paths=("/srv/a",)), requested_at=START)) is False
    assert Report(report.endpoint, Spool(report.spool.folder)).request(RUN.key)["wanted"]["paths"] == [
        "/srv/a"
    ]


def test_requests_are_chosen_by_period_and_scope(report):
    for day in range(4):
        report.write(RequestUpdate.of(request_number(day), requested_at=START + timedelta(days=day)))
    report.write(RequestUpdate.of(request_number(9, "web"), requested_at=START))
    chosen = report.requests(since=START + timedelta(days=1), until=START + timedelta(days=3), scope="erp")
    assert [row["ejecucion"] for row in chosen] == ["manual__1", "manual__2"]
    assert [row["alcance_id"] for row in report.requests(scope="web")] == ["web"]


def test_a_request_that_is_not_there_is_none(report):
    assert report.request("nothing") is None


@pytest.fixture
def answered(report):
    """A request that the second copy satisfied, over live data, within the time that the scope allows."""
    report.write(RowUpdate.of(backup(1), started_at=START))
    for number in (2, 3):
        report.write(RowUpdate.of(backup(number), origin="requested", request_key=RUN.key))
    report.write(RowUpdate.of(RUN, kind="restore", request_key=RUN.key))
    report.write(
        RequestUpdate.of(
            RUN,
            scope_name="Base de datos del ERP",
            requested_at=START,
            requester="Ana Ruiz",
            email="ana@example.org",
            department="Hacienda",
            ticket="GLPI-7",
            what_happened="Se borró una tabla",
            asked_by="soporte1",
            wanted=Wanted(databases=("erp",), tables=("invoice", "sales.line")),
            as_of=START,
            destination_kind="original",
            overwrite="always",
            state="closed",
            outcome="satisfied",
            analysis="restoration",
            decisions={
                "analyse": decision("restoration", "luis", 5, "procede"),
                "authorize": decision("authorized", "eva", 10),
                "accept": decision("does_not", "soporte1", 60, "faltan filas"),
                "second_accept": decision("satisfies", "soporte1", 150, "completo"),
            },
            findings={
                "first": Finding(which="first", state="good"),
                "second": Finding(which="second", state="good"),
            },
            identified={"first": identified("first", "a", 1), "second": identified("second", "b", 1)},
            restored={"first": restored("erp", 50), "second": restored("erp_2", 120)},
            safety_backup=backup(2).key,
            rerun=backup(3).key,
            started_at=after(11),
            delivered_at=after(120),
            ended_at=after(160),
            rto_seconds=7200,
            step_seconds={
                "identify": 10,
                "restore": 100.5,
                "second_identify": 20,
                "second_restore": 200,
                "inform": 1000,
                "safety_backup": 1000,
            },
            informed_at=after(155),
            informed_by="mail",
            message="Listo",
        )
    )
    return shown(report)


def test_a_request_is_told_in_spanish(answered):
    told = {
        "numero": 1,
        "numero_fm007": 4,
        "alcance_id": "erp",
        "alcance": "Base de datos del ERP",
        "solicitante": "Ana Ruiz",
        "correo": "ana@example.org",
        "dependencia": "Hacienda",
        "caso": "GLPI-7",
        "que_paso": "Se borró una tabla",
        "pedido_por": "soporte1",
        "fecha": START,
        "analisis": "Restauración",
        "analizo": "luis",
        "analizo_fecha": after(5),
        "nota_analisis": "procede",
        "autorizacion": "Autorizado",
        "autorizo": "eva",
        "autorizo_fecha": after(10),
        "nota_autorizacion": None,
        "aceptacion": "No satisface",
        "acepto": "soporte1",
        "acepto_fecha": after(60),
        "nota_aceptacion": "faltan filas",
        "segunda_aceptacion": "Satisface",
        "segunda_acepto": "soporte1",
        "segunda_acepto_fecha": after(150),
        "nota_segunda_aceptacion": "completo",
        "que_se_pidio": "Bases de datos: erp; Tablas: invoice, sales.line",
        "momento": START,
        "copia_pedida": None,
        "destino": "Lugar original",
        "lo_existente": "Se reemplaza",
        "estado": "Cerrado",
        "resultado": "Satisfecho",
        "copia_usada": "Segunda",
        "repositorio": "secundario",
        "copia": ["b" * 64],
        "copia_fecha": START - timedelta(days=1),
        "copia_fm007": 1,
        "primera_copia_estado": "En buen estado",
        "segunda_copia_estado": "En buen estado",
        "archivos": 3,
        "tamano_bytes": 900,
        "entregado_en": ["erp_2"],
        "verificacion": ["Restaurada y comprobada", "Comparada con lo registrado"],
        "inicio": after(11),
        "entregado": after(120),
        "cierre": after(160),
        "copia_de_resguardo": 2,
        "copia_no_programada": None,
        "nueva_copia": 3,
        "informado": after(155),
        "informado_por": "Por correo",
        "mensaje": "Listo",
        "dag": "restore_request",
        "ejecucion": "manual__1",
        "clave": RUN.key,
    }
    assert {name: answered[name] for name in told} == told


def test_the_times_are_of_the_whole_request_and_of_the_machine_alone(answered):
    assert answered["tiempo_de_respuesta"] == timedelta(hours=2)
    assert answered["tiempo_de_restauracion"] == timedelta(seconds=330.5)
    assert answered["rto"] == timedelta(hours=2)
    assert answered["cumple_rto"] is True


@pytest.mark.parametrize(
    ("columns", "complies"),
    [
        ({"delivered_at": after(120)}, True),
        ({"delivered_at": after(120) + timedelta(seconds=1)}, False),
        ({}, None),
        ({"ended_at": after(500), "outcome": "not_applicable"}, None),
        ({"delivered_at": after(1), "rto_seconds": None}, None),
    ],
)
def test_a_request_complies_with_the_rto_when_it_was_delivered_in_time(report, columns, complies):
    report.write(RequestUpdate.of(RUN, **({"requested_at": START, "rto_seconds": 7200} | columns)))
    assert shown(report)["cumple_rto"] is complies


def test_a_request_of_which_nothing_is_known_yet_is_shown_with_its_gaps(report):
    report.write(RequestUpdate.of(RUN))
    row = shown(report)
    known = {name for name, value in row.items() if value not in (None, [])}
    assert known == {"numero", "alcance_id", "alcance", "estado", "dag", "ejecucion", "clave"}
    assert row["estado"] == "Registrado"


def test_nothing_named_is_everything_and_a_destination_names_its_target(report):
    report.write(RequestUpdate.of(RUN, wanted=Wanted(), destination_kind="path", destination="/srv/restored"))
    row = shown(report)
    assert row["que_se_pidio"] == "Todo"
    assert row["destino"] == "Otra carpeta: /srv/restored"


def test_a_copy_that_was_identified_and_not_restored_is_named_but_not_used(report):
    report.write(
        RequestUpdate.of(
            RUN,
            findings={
                "first": Finding(which="first", state="bad"),
                "second": Finding(which="second", state="absent"),
            },
            identified={"second": identified("second", "b", 1)},
            decisions={"second_authorize": decision("refused", "eva", 1, "no")},
        )
    )
    row = shown(report)
    assert (row["copia_usada"], row["repositorio"], row["entregado_en"]) == (None, "secundario", [])
    assert (row["primera_copia_estado"], row["segunda_copia_estado"]) == (
        "En mal estado",
        "No contiene lo pedido",
    )
    assert (row["autorizacion"], row["autorizo"], row["nota_autorizacion"]) == ("No autorizado", "eva", "no")


def test_a_code_without_a_word_is_shown_as_it_is(report):
    report.write(
        RequestUpdate.of(
            RUN, failed_step="teleport", cause="odd", decisions={"accept": decision("so-so", "eva", 1)}
        )
    )
    row = shown(report)
    assert (row["paso_fallido"], row["causa"], row["aceptacion"]) == ("teleport", "odd", "so-so")


def test_every_column_of_the_view_has_a_heading_and_every_heading_a_column(answered):
    assert list(answered) == list(texts.RESTORATION_COLUMNS)
    assert len(set(texts.RESTORATION_COLUMNS.values())) == len(texts.RESTORATION_COLUMNS)


def test_requests_export_as_json_and_csv(answered):
    (told,) = json.loads(as_json([answered], BOGOTA))
    assert (told["tiempo_de_respuesta"], told["cumple_rto"]) == (7200, True)
    text = as_csv([answered], BOGOTA, texts.RESTORATION_COLUMNS)
    (cells,) = csv.DictReader(io.StringIO(text, newline=""))
    assert cells["Cumple el RTO"] == "Sí"
    assert cells["Tiempo de restauración"] == "0:05:30"
    assert cells["Resultado"] == "Satisfecho"


def test_an_analyst_reads_what_was_restored_and_not_the_base_table(report, answered, postgres_server):
    from psycopg.errors import InsufficientPrivilege

    with postgres_server.connect(report.endpoint) as connection:
        connection.execute("SET ROLE analista")
        assert connection.execute(
            "SELECT que_se_pidio, verificacion, cumple_rto FROM reportes.restauraciones"
        ).fetchall() == [(answered["que_se_pidio"], answered["verificacion"], True)]
        with pytest.raises(InsufficientPrivilege):
            connection.execute("TABLE respaldo.restore_request")
