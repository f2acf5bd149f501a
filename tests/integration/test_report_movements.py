"""What people do with media: written once and whole, or refused and not at all."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from respaldo.domain.people_errors import MediumRefusedError
from respaldo.domain.values import Run
from respaldo.report.database import connected
from respaldo.report.media import LabelledCopy, LabelsUpdate
from respaldo.report.movements import Movement
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.texts import media as texts

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
TAPE = Movement(
    move="registered",
    kind="cinta",
    description="LTO-8 n.º 77",
    site="Archivo",
    custody="Ana",
    moved_by="soporte",
)
OUT = Movement(
    move="out", label="MAN-2026-000001", site="Banco", custody="Bóveda", reason="Custodia", moved_by="soporte"
)
BACK = Movement(move="in", label="MAN-2026-000001", site="Archivo", moved_by="soporte")
DESTROYED = Movement(
    move="destroyed", label="MAN-2026-000001", reason="Dañada", document="Acta 12", moved_by="soporte"
)


@pytest.fixture
def move(report):
    """Do something with a medium, each time as another run."""
    runs = iter(range(1000))

    def do(movement: Movement, at: datetime = NOW):
        return report.move(movement, series="MAN-2026-######", by=f"run{next(runs)}", at=at)

    return do


def holding(report, label: str, keep_until: datetime) -> None:
    copy = LabelledCopy(which="first", series="MAN-2026-######", label=label, keep_until=keep_until)
    run = Run(dag_id="backup__actas", run_id="manual__1", scope_id="actas")
    report.write(LabelsUpdate.of_copies(run, copy))


def seen(report, view: str) -> list[dict]:
    with connected(report.endpoint) as connection:
        return connection.execute(f"SELECT * FROM reportes.{view}").fetchall()  # noqa: S608


def test_a_medium_is_registered_taken_out_brought_back_and_destroyed(report, move):
    registered = move(TAPE)
    assert (registered.label, registered.state, registered.kind) == ("MAN-2026-000001", "active", "cinta")
    out = move(OUT, NOW + timedelta(days=1))
    assert (out.state, out.site, out.custody, out.takes_copies) == ("out", "Banco", "Bóveda", False)
    back = move(BACK, NOW + timedelta(days=2))
    assert (back.state, back.site, back.custody, back.takes_copies) == ("active", "Archivo", "Ana", True)
    assert move(DESTROYED, NOW + timedelta(days=3)).state == "destroyed"

    movements = seen(report, "movimientos_medios")
    assert [row["movimiento"] for row in movements] == ["Registro", "Salida", "Regreso", "Destrucción"]
    assert movements[1]["quien"] == "soporte"
    assert (movements[1]["lugar"], movements[1]["motivo"]) == ("Banco", "Custodia")
    assert movements[3]["documento"] == "Acta 12"
    [medium] = seen(report, "medios")
    assert (medium["etiqueta"], medium["estado"], medium["registrado_por"]) == (
        "MAN-2026-000001",
        "Destruido",
        "soporte",
    )
    assert medium["ultimo_movimiento"] == "Destrucción"


def test_a_medium_comes_back_to_where_it_was_unless_somebody_says(report, move):
    home = BACK.model_copy(update={"site": None})
    move(TAPE)
    move(OUT)
    assert (move(home).site, report.medium("MAN-2026-000001").custody) == ("Archivo", "Ana")
    move(OUT)
    assert move(BACK.model_copy(update={"site": "Armario 2"})).site == "Armario 2"
    move(OUT)
    assert move(home).site == "Armario 2"
    assert seen(report, "movimientos_medios")[-1]["lugar"] == "Armario 2"


def test_where_a_medium_is_back_must_be_said_while_nobody_wrote_down_its_place(report, move):
    holding(report, "MAN-2026-000001", NOW)
    move(OUT)
    with pytest.raises(MediumRefusedError) as told:
        move(BACK.model_copy(update={"site": None}))
    assert told.value.facts["problem"] == "falta: Lugar"
    assert report.medium("MAN-2026-000001").state == "out"
    assert move(BACK).site == "Archivo"


def test_a_medium_that_has_a_label_keeps_it(move):
    assert move(TAPE.model_copy(update={"label": "CINTA-77"})).label == "CINTA-77"


def test_media_that_are_registered_without_a_label_get_one_each(move):
    assert [move(TAPE).label for _ in range(3)] == [f"MAN-2026-{number:06}" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("before", "refused", "problem"),
    [
        ([TAPE], TAPE.model_copy(update={"label": "MAN-2026-000001"}), "label_used"),
        ([TAPE, DESTROYED], TAPE.model_copy(update={"label": "MAN-2026-000001"}), "label_used"),
        ([], OUT, "label_unknown"),
        ([], DESTROYED, "label_unknown"),
        ([TAPE, OUT], OUT, "is_out"),
        ([TAPE], BACK, "is_in"),
        ([TAPE, DESTROYED], OUT, "destroyed"),
        ([TAPE, DESTROYED], BACK, "destroyed"),
        ([TAPE, DESTROYED], DESTROYED, "destroyed"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(report, move, before, refused, problem):
    for movement in before:
        move(movement)
    movements, media = seen(report, "movimientos_medios"), seen(report, "medios")
    with pytest.raises(MediumRefusedError) as told:
        move(refused)
    assert told.value.facts == {"label": "MAN-2026-000001", "problem": texts.PROBLEMS[problem]}
    assert (seen(report, "movimientos_medios"), seen(report, "medios")) == (movements, media)


@pytest.mark.parametrize(
    ("movement", "fields"),
    [
        (Movement(move="registered", moved_by="soporte"), "Clase, Lugar"),
        (Movement(move="out", moved_by="soporte", label="MAN-1"), "Lugar, Motivo"),
        (Movement(move="in", moved_by="soporte"), "Etiqueta"),
        (Movement(move="destroyed", moved_by="soporte", label="MAN-1", reason="x"), "Documento"),
    ],
)
def test_what_is_missing_is_named(report, move, movement, fields):
    with pytest.raises(MediumRefusedError) as refused:
        move(movement)
    assert refused.value.facts["problem"] == f"falta: {fields}"
    assert seen(report, "medios") == []


def test_a_medium_with_copies_whose_time_has_not_come_is_destroyed_only_when_that_is_confirmed(report, move):
    move(TAPE)
    holding(report, "MAN-2026-000001", NOW + timedelta(days=30))
    with pytest.raises(MediumRefusedError) as refused:
        move(DESTROYED)
    assert "en total, 1" in refused.value.facts["problem"]
    assert "2026-03-31" in refused.value.facts["problem"]
    assert report.medium("MAN-2026-000001").state == "active"
    assert move(DESTROYED.model_copy(update={"is_confirmed": True})).state == "destroyed"


def test_a_medium_whose_copies_are_past_their_time_is_destroyed(report, move):
    move(TAPE)
    holding(report, "MAN-2026-000001", NOW - timedelta(days=1))
    assert move(DESTROYED).state == "destroyed"


def test_a_run_that_is_tried_again_writes_once(report):
    for _ in range(2):
        medium = report.move(TAPE, series="MAN-2026-######", by="run", at=NOW)
    assert medium.label == "MAN-2026-000001"
    assert len(seen(report, "movimientos_medios")) == len(seen(report, "medios")) == 1


def test_of_two_that_take_one_medium_out_at_once_one_is_refused(report_database, tmp_path):
    report = Report(report_database, Spool(tmp_path / "spool"))
    report.move(TAPE, series="MAN-2026-######", by="first", at=NOW)
    told: list[str] = []
    begun = threading.Barrier(6)

    def take(worker: int) -> None:
        mine = Report(report_database, Spool(tmp_path / str(worker)))
        begun.wait()
        try:
            told.append(mine.move(OUT, series="MAN-2026-######", by=f"out{worker}", at=NOW).state)
        except MediumRefusedError as error:
            told.append(error.facts["problem"])

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(["out", *[texts.PROBLEMS["is_out"]] * 5])


def test_two_that_register_one_label_at_once_do_not_both_get_it(report_database, tmp_path):
    mine = TAPE.model_copy(update={"label": "CINTA-77"})
    told: list[str] = []
    begun = threading.Barrier(6)

    def register(worker: int) -> None:
        report = Report(report_database, Spool(tmp_path / str(worker)))
        begun.wait()
        try:
            told.append(report.move(mine, series="MAN-2026-######", by=f"run{worker}", at=NOW).label)
        except MediumRefusedError as error:
            told.append(error.facts["problem"])

    threads = [threading.Thread(target=register, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(["CINTA-77", *[texts.PROBLEMS["label_used"]] * 5])


def test_text_that_postgresql_cannot_hold_is_written_visibly(report, move):
    move(TAPE)
    odd = {
        "move": "out",
        "label": "MAN-2026-000001",
        "site": "a\0b",
        "reason": "\udce9",
        "moved_by": "soporte",
    }
    assert move(Movement.model_validate(odd)).site == "a\\x00b"


def test_the_view_sums_up_what_a_medium_holds(report, move):
    move(TAPE)
    holding(report, "MAN-2026-000001", NOW + timedelta(days=30))
    [medium] = seen(report, "medios")
    assert (medium["copias"], medium["alcances"]) == (1, ["actas"])
    assert medium["conservar_hasta"] == NOW + timedelta(days=30)
    [held] = seen(report, "copias_medios")
    assert (held["etiqueta"], held["alcance"], held["copia"]) == ("MAN-2026-000001", "actas", "Primera")
