"""What people see of the DAGs: titles and forms in Spanish, with the glossary's words."""

import pytest
import yaml

from people_kit import SCOPES
from words_kit import unwanted

BY_HAND = "mano_leida"


@pytest.fixture
def every_dag(write_scope, configuration, dags):
    write_scope("nomina")
    by_hand = SCOPES[BY_HAND] | {"responsible": "soporte", "verifier": "infraestructura"}
    (configuration / "scopes" / f"{BY_HAND}.yaml").write_text(yaml.safe_dump(by_hand))
    return dags()


def fields(params):
    schemas = {name: params.get_param(name).schema for name in params}
    keys = ("title", "description", "section")
    return {name: " ".join(str(schema.get(key, "")) for key in keys) for name, schema in schemas.items()}


def test_every_dag_task_and_field_has_a_title_of_its_own(every_dag):
    for dag_id, dag in every_dag.items():
        assert dag.dag_display_name != dag_id
        assert dag.description
        assert dag.doc_md
        for task in dag.tasks:
            assert task.task_display_name != task.task_id, (dag_id, task.task_id)


def test_no_english_and_no_other_word_than_the_glossarys_is_in_what_people_see(every_dag):
    shown = {}
    for dag_id, dag in every_dag.items():
        shown[dag_id] = f"{dag.dag_display_name} {dag.description} {dag.doc_md}"
        for task in dag.tasks:
            shown[dag_id, task.task_id] = f"{task.task_display_name} {task.doc_md or ''}"
            shown |= {(dag_id, task.task_id, name): text for name, text in fields(task.params).items()}
        shown |= {(dag_id, name): text for name, text in fields(dag.params).items()}
    assert {where: found for where, text in shown.items() if (found := unwanted(text))} == {}
