"""What people fill in of a manual copy: what is taken, and what is refused with the reason."""

import os
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from respaldo.config.manual import ManualScope
from respaldo.domain.errors import ReportUnavailableError
from respaldo.domain.media import Medium
from respaldo.domain.people_errors import InvalidAnswerError, ManualCopyFailedError
from respaldo.domain.values import Planned, PreviousCopy
from respaldo.flows.manual import answers, told
from respaldo.flows.manual.answers import Answer
from respaldo.texts import causes

BOGOTA = ZoneInfo("America/Bogota")
NOW = datetime(2026, 3, 14, 18, 0, tzinfo=BOGOTA)
MEDIUM = Medium(
    label="MAN-2026-000001",
    kind="disco",
    description="Disco azul",
    site="Bóveda",
    custody=None,
    repository=None,
    state="active",
    copies=0,
    keep_until=None,
)
GOOD = {
    "label": "man-2026-000001",
    "started_at": "2026-03-14 17:00",
    "ended_at": "2026-03-14T17:30:00",
    "size": "12,5 GB",
    "files": "120",
    "checksum": "A" * 64,
}


def performed(option="made", known=MEDIUM, folder="/", **changes):
    given = GOOD | changes
    return answers.performed(Answer(option, given, "soporte", NOW), folder, BOGOTA, lambda _: known)


def refusal(**changes):
    with pytest.raises(InvalidAnswerError) as refused:
        performed(**changes)
    return causes.explain(refused.value)


def test_what_is_stated_is_taken_with_its_medium_and_in_the_organizations_time():
    stated = performed()
    assert (stated.by, stated.at) == ("soporte", NOW)
    assert (stated.label, stated.medium, stated.place) == ("MAN-2026-000001", "Disco azul", "Bóveda")
    assert stated.started_at == datetime(2026, 3, 14, 22, 0, tzinfo=UTC)
    assert (stated.size_bytes, stated.files, stated.checksum) == (12_500_000_000, 120, "a" * 64)


def test_a_moment_may_be_written_day_first():
    assert performed(started_at="14/03/2026 17:00") == performed()


def test_a_moment_that_names_its_zone_keeps_it():
    assert performed(started_at="2026-03-14T22:00:00.000Z") == performed()


def test_a_medium_without_a_label_is_described():
    stated = performed(label=None, medium="Cinta 7", known=None)
    assert (stated.label, stated.medium) == (None, "Cinta 7")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"label": None}, "Medio: escriba la etiqueta"),
        ({"label": "una caja"}, "Etiqueta del medio: no tiene la forma"),
        ({"known": None}, "Etiqueta del medio: ningún medio tiene esa etiqueta"),
        ({"known": MEDIUM.model_copy(update={"state": "destroyed"})}, "no recibe copias: Destruido"),
        ({"known": MEDIUM.model_copy(update={"repository": "principal"})}, "está en un repositorio"),
        ({"started_at": None}, "Inicio: falta"),
        ({"started_at": "2026-03-14"}, "Inicio: no es una fecha con hora"),
        ({"started_at": "31/02/2026 17:00"}, "Inicio: no es una fecha con hora"),
        ({"started_at": "ayer"}, "Inicio: no es una fecha"),
        ({"ended_at": "2026-03-14 16:59"}, "Fin: es anterior al inicio"),
        ({"started_at": "2026-03-14 19:00", "ended_at": "2026-03-14 20:00"}, "Inicio: está en el futuro"),
        ({"started_at": "0026-03-14 17:00"}, "Inicio: es de hace más de diez años"),
        ({"size": None}, "Tamaño: falta"),
        ({"size": "mucho"}, "Tamaño: no es un tamaño"),
        ({"size": "1.500"}, "Tamaño: no es un tamaño"),
        ({"size": "0 GB"}, "Tamaño: no puede ser cero"),
        ({"size": "99999999 TB"}, "Tamaño: no es un tamaño"),
        ({"files": "0"}, "Archivos: no puede ser cero"),
        ({"files": 0, "size": 0}, "Tamaño: no puede ser cero; Archivos: no puede ser cero"),
        ({"files": "-3"}, "Archivos: no es un número"),
        ({"checksum": "abc"}, "Suma SHA-256: no es una suma SHA-256"),
        ({"path": "/srv/copia", "folder": None}, "este alcance no deja leer copias"),
        ({"path": "copia"}, "Ruta de la copia: no es una ruta absoluta"),
        ({"path": "/no/hay"}, "Ruta de la copia: no se puede leer"),
        ({"path": "/no\0hay"}, "Ruta de la copia: no lleva a ninguna parte"),
        ({"path": "/etc/passwd", "folder": "/srv/copias"}, "no está dentro de «/srv/copias»"),
        ({"manifest": "/srv/lista"}, "Lista de sumas: necesita la ruta"),
        ({"option": "failed"}, "Observaciones: diga por qué"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_and_the_reason(changes, told):
    assert told in refusal(**changes)


def test_all_that_cannot_be_is_told_at_once():
    told = refusal(size="0", checksum="abc", started_at=None)
    assert [field for field in ("Inicio", "Tamaño", "Suma SHA-256") if field in told] == [
        "Inicio",
        "Tamaño",
        "Suma SHA-256",
    ]


def test_a_folder_that_a_link_leads_out_of_is_left_alone(tmp_path):
    (tmp_path / "copias").mkdir()
    (tmp_path / "copias" / "fuera").symlink_to("/etc")
    for path in ("fuera/passwd", "../secretos", "fuera/../../x"):
        assert "no está dentro" in refusal(path=f"{tmp_path}/copias/{path}", folder=f"{tmp_path}/copias")


def test_a_path_that_somebody_types_names_no_variable_of_the_worker(tmp_path, monkeypatch):
    monkeypatch.setenv("RESPALDO_TEST_SECRET", "clave")
    named = f"{tmp_path}/${{RESPALDO_TEST_SECRET}}"
    assert f"No existe lo que se debe copiar: {named}" in refusal(path=named)
    for name in ("$RECYCLE.BIN", "costó $5", "a$$b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "acta.txt").write_text("acta")
        assert performed(path=str(tmp_path / name), size=None).path == str(tmp_path / name)
        kept = ManualScope.model_validate(SCOPE | {"repository": "principal", "folder": str(tmp_path)})
        assert kept.kept(str(tmp_path / name)).source.paths == (str(tmp_path / name),)


def test_what_opens_only_when_somebody_fills_it_is_no_copy_and_no_list(tmp_path):
    os.mkfifo(tmp_path / "tubo")
    (tmp_path / "acta.txt").write_text("acta")
    assert "Ruta de la copia: no es un archivo" in refusal(path=str(tmp_path / "tubo"))
    told = refusal(path=str(tmp_path), manifest=str(tmp_path / "tubo"))
    assert "Lista de sumas: no es un archivo" in told


def test_an_empty_file_and_a_list_that_is_none_are_refused(tmp_path):
    (tmp_path / "vacio.zip").touch()
    (tmp_path / "acta.txt").write_text("acta")
    (tmp_path / "lista").write_text("esto no es una lista\n")
    assert "Ruta de la copia: no puede ser cero" in refusal(path=str(tmp_path / "vacio.zip"))
    told = refusal(path=str(tmp_path), manifest=str(tmp_path / "lista"))
    assert "Lista de sumas: no es una lista de sha256sum: línea 1" in told


def test_what_the_worker_can_read_needs_no_figures(tmp_path):
    (tmp_path / "acta.txt").write_text("acta")
    stated = performed(path=str(tmp_path), size=None, files=None, checksum=None)
    assert (stated.path, stated.size_bytes) == (str(tmp_path), None)


def test_a_label_is_read_as_a_scanner_types_it_on_a_spanish_keyboard():
    assert performed(label="man'2026'000001 ").label == "MAN-2026-000001"


def test_a_label_that_cannot_be_looked_up_keeps_no_copy_from_being_recorded():
    def away(_):
        raise ReportUnavailableError(reason="away")

    stated = answers.performed(Answer("made", GOOD, "soporte", NOW), "/", BOGOTA, away)
    assert stated.label == "MAN-2026-000001"


def test_a_maker_who_says_why_it_failed_is_believed():
    with pytest.raises(ManualCopyFailedError) as failed:
        performed(option="failed", observations="El disco no monta")
    assert failed.value.facts == {"by": "soporte", "note": "El disco no monta"}


def test_a_verifier_says_why_a_copy_is_not_good_and_is_not_its_maker():
    def said(option, by="infraestructura", observations=None):
        answer = Answer(option, {"observations": observations}, by, NOW)
        told = answers.inspected(answer, "soporte")
        return answers.rejection(answer, told)

    assert said("good") is None
    assert said("bad", observations="No abre").facts == {"by": "infraestructura", "note": "No abre"}
    for refused in ({"option": "bad"}, {"option": "good", "by": "soporte"}):
        with pytest.raises(InvalidAnswerError):
            said(**refused)


def test_a_former_copy_whose_files_nobody_counted_is_told_without_their_number():
    previous = PreviousCopy(run_id="antes", ended_at=NOW, files=None, size_bytes=2000)
    place = SimpleNamespace(
        settings=ManualScope.model_validate(SCOPE),
        work=SimpleNamespace(request=lambda: SimpleNamespace(reason=None, requester=None, ticket=None)),
        planned=Planned(previous=previous),
        zone=BOGOTA,
    )
    assert "| Copia anterior | N.º de archivos –, 2,0 kB, del 2026-03-14 18:00 |" in told.to_perform(
        place, NOW
    )


SCOPE = {
    "name": "Actas",
    "department": "Archivo",
    "criticality": "media",
    "mode": "manual",
    "rpo": "31d",
    "rto": "2d",
    "responsible": "soporte",
    "retention": {"monthly": "12m"},
    "what": "Las actas",
    "instructions": "Copie.",
}


def test_restic_keeps_a_scope_by_hand_as_one_of_files_with_all_that_scopes_share():
    scope = ManualScope.model_validate(SCOPE | {"repository": "principal", "folder": "/media/copias/"})
    kept = scope.kept()
    assert (kept.source.kind, kept.source.paths, kept.repository) == (
        "files",
        ("/media/copias",),
        "principal",
    )
    assert (kept.name, kept.retention, kept.rto) == (scope.name, scope.retention, scope.rto)


def test_restic_keeps_nothing_of_a_scope_without_a_repository():
    assert ManualScope.model_validate(SCOPE | {"folder": "/media"}).kept() is None


def test_restic_keeps_nothing_that_nobody_lets_it_read():
    with pytest.raises(ValidationError, match="folder_missing"):
        ManualScope.model_validate(SCOPE | {"repository": "principal"})


def test_the_folder_of_copies_is_an_absolute_path():
    with pytest.raises(ValidationError, match="path_relative"):
        ManualScope.model_validate(SCOPE | {"folder": "media"})
