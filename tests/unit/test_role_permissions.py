"""What duties are to FAB: enough to do them, and nothing to pass over another role's question with."""

import pytest

from respaldo.domain.duties import OF_ROLE
from respaldo.flows.roles.permissions import permissions_of

DAGS = {
    "scopes": {"backup__nomina", "backup__actas"},
    "manual": {"backup__actas"},
    "requests": {"restore_request"},
    "failures": {"failure_analysis"},
    "contracts": {"contracting"},
    "archive": {"fm007_archive"},
}


def dags_edited_by(role):
    return {
        resource.removeprefix("DAG:")
        for action, resource in permissions_of(OF_ROLE[role], DAGS)
        if action == "can_edit" and resource.startswith("DAG:")
    }


def started_by(role):
    return {
        resource.removeprefix("DAG Run:")
        for action, resource in permissions_of(OF_ROLE[role], DAGS)
        if action == "can_create"
    }


def test_who_looks_at_the_report_sees_its_page_and_no_run():
    found = permissions_of(OF_ROLE["analista"], DAGS)
    assert {("can_read", "Website"), ("can_read", "Plugins")} <= found
    assert {resource for _, resource in found} == {
        "Website",
        "Plugins",
        "Browse",
        "My Profile",
        "My Password",
    }


@pytest.mark.parametrize(
    ("role", "edited", "started"),
    [
        ("director", {"contracting", "restore_request"}, {"contracting"}),
        ("servidores", {"backup__nomina", "backup__actas", "restore_request"}, set()),
        (
            "soporte",
            {"backup__nomina", "backup__actas", "restore_request", "failure_analysis", "fm007_archive"},
            {"backup__nomina", "backup__actas", "restore_request", "fm007_archive"},
        ),
        ("infraestructura", {"backup__actas"}, set()),
        ("profesional", {"restore_request", "fm007_archive"}, {"fm007_archive"}),
        ("analista", set(), set()),
    ],
)
def test_a_role_acts_on_the_dags_of_its_duties_only(role, edited, started):
    assert dags_edited_by(role) == edited
    assert started_by(role) == started


@pytest.mark.parametrize("role", OF_ROLE)
def test_who_only_answers_a_dags_questions_ends_none_of_its_runs(role):
    edited = {what for action, what in permissions_of(OF_ROLE[role], DAGS) if action == "can_edit"}
    assert {what for what in edited if what.startswith("DAG Run")} == {
        f"DAG Run:{dag}" for dag in started_by(role)
    }


@pytest.mark.parametrize("role", OF_ROLE)
def test_no_role_may_change_tasks_or_what_administrators_keep(role):
    kept = {
        "Task Instances",
        "XComs",
        "Connections",
        "Variables",
        "Pools",
        "DAGs",
        "Configurations",
        "Users",
        "Roles",
    }
    found = permissions_of(OF_ROLE[role], DAGS)
    assert {
        (action, what) for action, what in found if what in kept and action not in ("can_read", "menu_access")
    } == set()
    assert not {("can_read", "Connections"), ("can_read", "Variables")} & found


def test_a_role_without_duties_gets_nothing():
    assert permissions_of(frozenset(), DAGS) == frozenset()
