"""Who is asked: people of a role, never who wants to overwrite, nor anybody of the same role."""

import pytest

from respaldo.config.organization import Organization
from respaldo.domain.errors import NobodyToAskError
from respaldo.flows.people import asked


@pytest.fixture
def organization():
    roles = {
        "director": {"title": "Director", "users": ["diana"]},
        "servidores": {"title": "Servidores", "users": ["saul", "vera"]},
        "soporte": {"title": "Soporte", "users": ["sofia"]},
        "vacio": {"title": "Nadie"},
    }
    return Organization.model_validate(
        {
            "name": "A",
            "process": "P",
            "timezone": "America/Bogota",
            "form": {"version": "03", "date": "2022-02-03"},
            "roles": roles,
        }
    )


def names(found):
    return [user["name"] for user in found]


def test_everybody_of_the_roles_is_asked_once(organization):
    found = asked(organization, "autorizar que se sobrescriba", ("director", "servidores", "director"), None)
    assert names(found) == ["diana", "saul", "vera"]
    assert found[0] == {"id": "diana", "name": "diana"}


def test_who_asked_and_colleagues_of_the_same_role_may_not_authorize(organization):
    assert names(asked(organization, "autorizar que se sobrescriba", ("director", "servidores"), "saul")) == [
        "diana"
    ]
    assert names(
        asked(organization, "autorizar que se sobrescriba", ("director", "servidores"), "sofia")
    ) == [
        "diana",
        "saul",
        "vera",
    ]


def test_a_person_may_be_kept_from_answering_and_the_colleagues_not(organization):
    found = asked(organization, "verificar", ("servidores",), None, barred={"saul"})
    assert names(found) == ["vera"]


def test_who_is_kept_from_answering_and_alone_leaves_nobody(organization):
    with pytest.raises(NobodyToAskError):
        asked(organization, "verificar", ("soporte",), None, barred=["sofia"])


@pytest.mark.parametrize(
    ("roles", "asked_by"), [(("vacio",), None), (("director",), "diana"), (("otro",), None)]
)
def test_nobody_left_to_ask_is_told_with_the_roles(organization, roles, asked_by):
    with pytest.raises(NobodyToAskError) as told:
        asked(organization, "autorizar que se sobrescriba", roles, asked_by)
    assert told.value.facts["step"] == "autorizar que se sobrescriba"
