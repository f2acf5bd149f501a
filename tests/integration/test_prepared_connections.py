"""Airflow's connections are brought up to date as long as they are ours, and left alone when somebody's."""

import sys

PREPARED = """
import json
from respaldo.preparing.airflow_database import Request, WantedConnection, Written, apply
from airflow.models.connection import Connection
from airflow.utils.session import create_session
from sqlalchemy import select

def wanted(password):
    return WantedConnection(conn_type="postgres", description="d", host="h", login="u", password=password)

def put(password, written):
    return apply(Request(connections={"suya": wanted(password)}, pools={}, written=written))

def kept():
    with create_session() as session:
        return session.scalar(select(Connection).where(Connection.conn_id == "suya"))
"""


def run(airflow_with_fab, code: str) -> str:
    return airflow_with_fab(sys.executable, "-c", PREPARED + code).splitlines()[-1]


def test_what_is_as_wanted_is_ours_again_though_its_memory_is_gone(airflow_with_fab):
    code = """
put("primera", Written())
remembered = put("primera", Written())
put("segunda", remembered)
print(kept().password)
"""
    assert run(airflow_with_fab, code) == "segunda"


def test_what_somebody_changed_stays_with_and_without_a_memory(airflow_with_fab):
    code = """
remembered = put("primera", Written())
with create_session() as session:
    session.scalar(select(Connection).where(Connection.conn_id == "suya")).password = "suya"
put("segunda", remembered)
put("segunda", put("segunda", Written()))
print(kept().password)
"""
    assert run(airflow_with_fab, code) == "suya"
