"""Notices say in Spanish what happened, what follows, and where to decide; each place is told once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from respaldo.config.organization import Organization
from respaldo.flows.notices import letters, links
from respaldo.flows.notices.places import places

BOGOTA = ZoneInfo("America/Bogota")
AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FAILED = letters.Failed(number=41, when=AT, cause="Repositorio inalcanzable")
LINK = "https://respaldo.example.org/dags/x/runs/y/tasks/decide/required_actions?map_index=-1"
OF_SCOPE = {"name": "Nómina", "department": "Talento Humano", "zone": BOGOTA, "link": LINK}


def failure(**changes):
    given = OF_SCOPE | {
        "failed": FAILED,
        "step": "11 · Ejecutar la copia",
        "told": "Repositorio inalcanzable. No se pudo llegar a «principal».",
        "corrective": "Revise la red.",
        "awaited": letters.Awaited("Equipo de Soporte Técnico", AT + timedelta(days=7)),
    }
    return letters.failure(**given | changes)


def test_a_failure_that_waits_for_somebody_says_for_whom_until_when_and_where_to_decide():
    subject, text, link = failure()
    assert subject == "Falló la copia «Nómina»: Repositorio inalcanzable"
    for said in (
        "«Nómina» (Talento Humano)",
        "Ejecución: N.º 41, del 2026-11-23 01:00",
        "Paso: 11 · Ejecutar la copia",
        "Causa: Repositorio inalcanzable. No se pudo llegar a «principal».",
        "Correctivo usual: Revise la red.",
        "Espera la decisión de Equipo de Soporte Técnico, hasta el 2026-11-30 01:00",
    ):
        assert said in text
    assert text.endswith("Decida aquí:\n")
    assert link == LINK


def test_a_failure_that_respaldo_corrects_itself_asks_for_nothing():
    notice = failure(awaited=None)
    assert "Respaldo aplica el correctivo y la ejecuta de nuevo por sí mismo" in notice.text
    assert "Espera la decisión" not in notice.text
    assert notice.text.endswith("Véalo aquí:\n")


def test_a_failure_whose_row_has_no_number_yet_is_told_all_the_same():
    assert "sin número en TIC-FM007 todavía" in failure(failed=FAILED._replace(number=None)).text


def test_without_an_address_of_airflow_nobody_is_sent_to_a_link():
    notice = failure(link=None)
    assert notice.link is None
    assert "aquí:" not in notice.text


def test_a_subject_is_one_line_whatever_a_scope_is_called():
    assert failure(name="Nómina\nBcc: x@example.org").subject.startswith(
        "Falló la copia «Nómina Bcc: x@example.org»"
    )


@pytest.mark.parametrize(
    ("resolution", "how"), [("rerun", "que se hizo para corregir"), ("next_good", "posterior a la falla")]
)
def test_the_end_of_failures_names_each_the_good_run_and_the_time_to_repair(resolution, how):
    second = letters.Failed(number=42, when=AT + timedelta(hours=1), cause="Disco lleno")
    subject, text, _ = letters.resolved(
        **OF_SCOPE,
        failures=(second, FAILED),
        resolution=resolution,
        good_number=43,
        good_at=AT + timedelta(hours=2, minutes=5),
    )
    assert subject == "Resuelta: copia «Nómina»"
    assert "volvió a quedar bien: N.º 43, del 2026-11-23 03:05" in text
    assert how in text
    assert "  N.º 41, del 2026-11-23 01:00: Repositorio inalcanzable\n" in text
    assert "  N.º 42, del 2026-11-23 02:00: Disco lleno\n" in text
    assert "Tiempo desde la primera falla: 2:05:00" in text


def test_a_clock_that_was_set_back_gives_no_negative_time_to_repair():
    notice = letters.resolved(
        **OF_SCOPE,
        failures=(FAILED,),
        resolution="rerun",
        good_number=43,
        good_at=AT - timedelta(hours=1),
    )
    assert "Tiempo desde la primera falla: 0:00:00" in notice.text


def test_a_failure_that_was_closed_says_by_whom_and_why():
    subject, text, _ = letters.closed(
        **OF_SCOPE, failed=FAILED, by="sofia", corrective="Se retiró el servidor.", closed_at=AT
    )
    assert subject == "Cerrada sin nueva ejecución: copia «Nómina»"
    assert "sofia cerró, sin ejecutarla de nuevo, la falla" in text
    assert "Correctivo: Se retiró el servidor." in text
    assert "Causa: Repositorio inalcanzable" in text


def test_a_question_says_who_answers_and_until_when():
    subject, text, link = letters.question(
        subject="Analizar el requerimiento de Ana", role="Profesional", until=AT, link=LINK, zone=BOGOTA
    )
    assert subject == "Espera su decisión: Analizar el requerimiento de Ana"
    assert "Responde: Profesional" in text
    assert "Plazo: 2026-11-23 01:00" in text
    assert link == LINK


@pytest.mark.parametrize("base", ["https://respaldo.example.org", "https://example.org/airflow/"])
def test_links_lead_to_the_run_and_to_its_question_below_the_address_of_airflow(monkeypatch, base):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    run = "scheduled__2026-11-23T06:00:00+00:00 #1/2"
    path = "/dags/failure_analysis/runs/scheduled__2026-11-23T06:00:00+00:00%20%231%2F2"
    assert links.to_run("failure_analysis", run) == base.rstrip("/") + path
    assert links.to_question("failure_analysis", run, "decide") == (
        f"{base.rstrip('/')}{path}/tasks/decide/required_actions?map_index=-1"
    )


def test_without_an_address_of_airflow_there_are_no_links(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "")
    assert links.to_run("d", "r") is None
    assert links.to_question("d", "r", "t") is None


def test_each_place_is_told_once_though_several_roles_have_it():
    organization = Organization.model_validate(
        {
            "name": "A",
            "process": "P",
            "timezone": "America/Bogota",
            "form": {"version": "03", "date": "2022-02-03"},
            "roles": {
                "soporte": {"title": "Soporte", "notify": ["todos@example.org", "chat"]},
                "director": {"title": "Director", "notify": ["todos@example.org", "director@example.org"]},
                "vacio": {"title": "Nadie"},
            },
        }
    )
    assert places(organization, ("soporte", "vacio", "no_hay", "director", "soporte")) == {
        "todos@example.org": "soporte",
        "chat": "soporte",
        "director@example.org": "director",
    }
