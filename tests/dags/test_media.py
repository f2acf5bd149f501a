"""The DAG of media: its form, its one task, and who is named."""

import pytest

from respaldo.domain.people_errors import MediumRefusedError
from respaldo.flows.media.dag import airflow_media_dag
from respaldo.flows.media.form import movement
from respaldo.report.movements import Movement
from respaldo.texts import media as texts


@pytest.fixture
def dag(configuration):
    return airflow_media_dag()


def test_it_is_started_by_hand_with_a_form_and_does_one_thing(dag):
    assert dag.dag_id == "media"
    assert dag.timetable.can_be_scheduled is False
    assert dag.is_paused_upon_creation is False
    assert list(dag.params) == list(texts.PARAMS)
    [task] = dag.tasks
    assert task.task_display_name == texts.TASK_TITLE


def test_its_page_names_who_keeps_media(dag):
    assert "Equipo de Soporte Técnico" in dag.doc_md
    assert dag.tasks[0].owner == "Equipo de Soporte Técnico"


def test_the_form_offers_every_move_in_words(dag):
    assert set(dag.params.get_param("move").schema["enum"]) == set(texts.MOVES)


def test_a_task_of_another_dag_does_not_read_it(configuration, as_a_task_of):
    as_a_task_of("backup__nomina")
    assert airflow_media_dag() is None


def test_while_the_organizations_file_cannot_be_used_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("RESPALDO_CONFIG", str(tmp_path))
    assert airflow_media_dag() is None


def test_what_was_filled_in_is_read_as_it_was_meant():
    given = {
        "move": "out",
        "label": " man-2026-000001 ",
        "site": " Banco ",
        "reason": "Custodia",
        "custody": "",
    }
    assert movement(given, "soporte") == Movement(
        move="out", label="MAN-2026-000001", site="Banco", reason="Custodia", moved_by="soporte"
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"label": "no sirve"}, "mayúsculas"),
        ({"site": "x" * 501}, "es muy largo: Lugar"),
        ({"label": "<b>"}, "mayúsculas"),
    ],
)
def test_what_cannot_be_is_refused_in_words(wrong, told):
    with pytest.raises(MediumRefusedError, match="label=") as refused:
        movement({"move": "in", "label": "MAN-1"} | wrong, "soporte")
    assert told in refused.value.facts["problem"]
