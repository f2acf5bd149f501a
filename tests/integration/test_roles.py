"""The procedure's roles in FAB: made, corrected, and nothing touched that is not ours."""

import json
import sys
from pathlib import Path

import yaml

from live_kit import ORGANIZATION, repository_settings, write_configuration

RESPALDO = Path(sys.executable).with_name("respaldo")

_HEAD = """
import json
from airflow.providers.fab.auth_manager.models import Role, User
from airflow.utils.session import create_session
from respaldo.config.configuration import folder, load
from respaldo.flows.roles import fab
from respaldo.flows.roles.syncing import sync_roles
from sqlalchemy import select

def sync(**how):
    return [vars(change) for change in sync_roles(load(folder()), **how)]

def role(session, name):
    return session.scalars(select(Role).where(Role.name == name)).unique().one()

def person(name, *roles):
    with create_session() as session:
        user = fab._person(name)
        user.roles = [role(session, each) for each in roles]
        session.add(user)

def state():
    with create_session() as session:
        roles = session.scalars(select(Role)).unique().all()
        users = session.scalars(select(User)).unique().all()
        return {
            "roles": {
                each.name: sorted(f"{p.action.name} {p.resource.name}" for p in each.permissions)
                for each in roles
            },
            "users": {user.username: sorted(r.name for r in user.roles) for user in users},
        }

told = []
"""
_SYNC_TWICE = (
    _HEAD
    + """
from flask import Flask
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
with get_application_builder() as builder:
    builder.sm.sync_roles()
person("soporte", "Public"); person("director", "Op"); person("Servidores", "Public"); person("ana", "Viewer")
told.append(state()); told.append(sync()); told.append(sync()); told.append(state())
# What somebody changes by hand.
with create_session() as session:
    ours, viewer = role(session, "Respaldo: infraestructura"), role(session, "Viewer")
    ours.permissions.append(next(p for p in viewer.permissions if p.resource.name == "Backfills"))
    for name in ("ana", "soporte"):
        user = session.scalars(select(User).where(User.username == name)).unique().one()
        user.roles.append(ours)
told.append(sync(create=True)); told.append(state()); told.append(sync(create=True))
print(json.dumps(told))
"""
)
_MAY_END = (
    _HEAD
    + """
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
sync(create=True)
manager = FabAuthManager()
def may_end(name, dag):
    with create_session() as session:
        user = session.scalars(select(User).where(User.username == name)).unique().one()
        how = {"method": "PUT", "access_entity": DagAccessEntity.RUN, "details": DagDetails(id=dag)}
        return manager.is_authorized_dag(user=user, **how)
dags = "restore_request", "fm007_archive", "failure_analysis", "backup__nomina"
people = "soporte", "profesional", "servidores"
print(json.dumps({name: [dag for dag in dags if may_end(name, dag)] for name in people}))
"""
)
_SYNC_AGAIN = _HEAD + "told.append(sync()); told.append(state()); print(json.dumps(told))"


def test_roles_are_made_corrected_and_removed_and_nothing_else_is_touched(airflow_with_fab, tmp_path):
    config = tmp_path / "config"
    repositories = {
        "principal": repository_settings("principal"),
        "secundario": repository_settings("secundario"),
    }
    write_configuration(config, repositories, {"nomina": {}})

    def run(script):
        output = airflow_with_fab(
            sys.executable, "-c", script, RESPALDO_CONFIG=str(config), RESPALDO_HOME=str(tmp_path)
        )
        return json.loads(output.splitlines()[-1])

    before, first, second, after, corrected, whole, third = run(_SYNC_TWICE)

    def of(changes, *kinds):
        return {
            (each["what"], each["role"], each["person"], each["detail"])
            for each in changes
            if each["what"] in kinds
        }

    # Once: made, given to those who are there, and those told who are not.
    assert {each["role"] for each in first if each["what"] == "role_made"} == {
        f"Respaldo: {name}" for name in ORGANIZATION["roles"]
    }
    assert of(first, "person_in") == {
        ("person_in", "Respaldo: soporte", "soporte", ""),
        ("person_in", "Respaldo: director", "director", ""),
    }  # fmt: skip
    everybody = {user for role in ORGANIZATION["roles"].values() for user in role["users"]}
    missing = {each["person"] for each in first if each["what"] == "person_missing"}
    assert missing == everybody - {"soporte", "director", "servidores"}
    seen_to = {
        ("person_alike", "", "servidores", "Servidores"), ("person_has_more", "", "director", "Op"),
    }  # fmt: skip
    assert of(first, "person_alike", "person_has_more") == seen_to
    # Twice: nothing left to change.
    assert {each["what"] for each in second} == {"person_missing", "person_alike", "person_has_more"}
    foreign = [name for name in before["roles"] if not name.startswith("Respaldo: ")]
    assert {name: after["roles"][name] for name in foreign} == before["roles"]
    assert (after["users"]["ana"], after["users"]["Servidores"]) == (["Viewer"], ["Public"])
    mine = set(after["roles"]["Respaldo: soporte"])
    assert {
        "can_edit DAG:backup__nomina",
        "can_create DAG Run:backup__nomina",
        "can_edit HITL Detail",
    } <= mine
    assert "can_edit DAGs" not in mine
    # What was changed by hand is as it should be; missing people are made where that is asked for.
    assert of(corrected, "revoked", "person_out") == {
        ("revoked", "Respaldo: infraestructura", "", "can_read Backfills"),
        ("person_out", "Respaldo: infraestructura", "ana", ""),
        ("person_out", "Respaldo: infraestructura", "soporte", ""),
    }  # fmt: skip
    assert whole["users"]["infraestructura"] == ["Respaldo: infraestructura"]
    assert whole["users"]["ana"] == ["Viewer"]
    # Two names that differ in letters' case are one to FAB's log-in.
    assert "servidores" not in whole["users"]
    assert {each["what"] for each in third} == {"person_alike", "person_has_more"}

    # A scope more, a role less.
    organization = config / "organization.yaml"
    told = yaml.safe_load(organization.read_text())
    del told["roles"]["infraestructura"]
    organization.write_text(yaml.safe_dump(told))
    (config / "scopes" / "actas.yaml").write_text((config / "scopes" / "nomina.yaml").read_text())
    changed, now = run(_SYNC_AGAIN)
    runs = "can_create DAG Run:backup__actas, can_edit DAG Run:backup__actas"
    copied = f"{runs}, can_edit DAG:backup__actas"
    assert of(changed, "role_removed", "granted", "person_out") == {
        ("role_removed", "Respaldo: infraestructura", "", ""),
        ("person_out", "Respaldo: infraestructura", "infraestructura", ""),
        *(("granted", f"Respaldo: {role}", "", copied) for role in ("soporte", "taller")),
        ("granted", "Respaldo: servidores", "", "can_edit DAG:backup__actas"),
    }  # fmt: skip
    assert "Respaldo: infraestructura" not in now["roles"]
    assert now["users"]["infraestructura"] == []


def test_who_may_end_a_run_is_who_may_begin_it_and_not_who_answers_its_questions(airflow_with_fab, tmp_path):
    config = tmp_path / "config"
    write_configuration(config, {"principal": repository_settings("principal")}, {"nomina": {}})
    place = {"RESPALDO_CONFIG": str(config), "RESPALDO_HOME": str(tmp_path)}
    found = json.loads(airflow_with_fab(sys.executable, "-c", _MAY_END, **place).splitlines()[-1])
    assert found == {
        "soporte": ["restore_request", "fm007_archive", "backup__nomina"],
        "profesional": ["fm007_archive"],
        "servidores": [],
    }


def test_forgotten_roles_are_told_by_lint_and_the_command_mends_them(airflow_with_fab, tmp_path):
    config = tmp_path / "config"
    write_configuration(config, {"principal": repository_settings("principal")}, {})
    place = {"RESPALDO_CONFIG": str(config), "RESPALDO_HOME": str(tmp_path)}
    airflow_with_fab(
        sys.executable, "-m", "airflow", "connections", "add", "respaldo_principal", "--conn-type", "restic"
    )
    assert "ejecute respaldo roles sync" in airflow_with_fab(RESPALDO, "lint", exit_code=1, **place)
    assert "Rol creado: Respaldo: soporte" in airflow_with_fab(RESPALDO, "roles", "sync", **place)
    assert "Configuración correcta" in airflow_with_fab(RESPALDO, "lint", **place)


def test_a_queue_without_its_share_of_a_repository_is_told_by_lint_and_the_command_makes_it(
    airflow_with_fab, tmp_path
):
    config = tmp_path / "config"
    scopes = {"erp": {"queue": "sede", "second_copy": None}}
    write_configuration(config, {"principal": repository_settings("principal")}, scopes)
    place = {"RESPALDO_CONFIG": str(config), "RESPALDO_HOME": str(tmp_path)}
    missing = "erp.yaml:1: queue: Airflow no tiene el grupo de turnos (pool) «repositorio_principal.sede»"
    assert missing in airflow_with_fab(RESPALDO, "lint", exit_code=1, **place).replace("\n", " ")
    assert "repositorio_principal.sede" in airflow_with_fab(RESPALDO, "sync", **place)
    assert "erp.yaml" not in airflow_with_fab(RESPALDO, "lint", exit_code=1, **place)


def test_under_another_manager_of_users_there_is_nothing_to_do(airflow_with_fab):
    simple = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
    told = airflow_with_fab(RESPALDO, "roles", "sync", AIRFLOW__CORE__AUTH_MANAGER=simple)
    assert "nada que hacer" in told.replace("\n", " ")
