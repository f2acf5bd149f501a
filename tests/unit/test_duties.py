"""What each role may do, and what that is to Airflow's simple manager of users."""

import os
from pathlib import Path
from typing import get_args

import pytest

from live_kit import ORGANIZATION, repository_settings, write_configuration
from respaldo.config.configuration import load_organization
from respaldo.domain.duties import OF_ROLE, POWERS, Duty, acts
from respaldo.embedded.configured import settings_of
from respaldo.embedded.layout import Layout

DEFAULT = Path(__file__).parents[2] / "include" / "config"


@pytest.fixture
def own_environment(monkeypatch):
    """Reading the configuration for an installation changes the environment."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_every_duty_has_its_powers_and_some_role_that_has_it():
    assert set(POWERS) == set(get_args(Duty)) == frozenset().union(*OF_ROLE.values())


def test_the_configuration_that_comes_along_has_the_roles_of_the_procedure():
    assert set(load_organization(DEFAULT).roles) == set(OF_ROLE)


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("director", "contracts", "copies"),
        ("soporte", "restores", "verification"),
        ("infraestructura", "verification", "copies"),
        ("profesional", "analysis", "authorization"),
        ("servidores", "authorization", "contracts"),
    ],
)
def test_a_role_has_what_the_procedure_gives_it_and_no_more(role, may, may_not):
    assert may in OF_ROLE[role]
    assert may_not not in OF_ROLE[role]
    assert {"report", "reading"} <= OF_ROLE[role]


def test_nobody_who_makes_copies_verifies_them():
    assert [role for role, duties in OF_ROLE.items() if {"copies", "verification"} <= duties] == []


def test_an_analyst_has_the_report_and_does_nothing():
    assert OF_ROLE["analista"] == {"report"}
    assert not acts(OF_ROLE["analista"])


def test_people_become_users_of_the_embedded_airflow_by_what_they_may_do(tmp_path, own_environment):
    roles = ORGANIZATION["roles"] | {
        "analista": {"title": "Analista", "users": ["ana", "soporte"]},
        "mirones": {"title": "Mirones", "users": ["mario"], "duties": ["reading"]},
        "avisados": {"title": "Solo avisados", "users": ["alba"]},
    }
    write_configuration(tmp_path, {"principal": repository_settings("principal")}, {}, roles=roles)
    users = settings_of(Layout.of(tmp_path, {"RESPALDO_CONFIG": str(tmp_path)})).users
    assert users["admin"] == "admin"
    assert users["director"] == users["infraestructura"] == users["soporte"] == "user"
    assert users["ana"] == users["mario"] == "viewer"
    assert "alba" not in users
