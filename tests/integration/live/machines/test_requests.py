"""What is on machines comes back by requests: through the form, the people who decide, and the proof."""

import sqlite3
import subprocess
from pathlib import Path

import pytest

from desk_kit import RESTORE, SATISFIES, Desk, Plan
from machines_kit import DATABASE, KINDS
from network_kit import DATA

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

ROWS = "SELECT * FROM empleado ORDER BY n"


@pytest.fixture(scope="module")
def told(live, outcomes):
    live.installation.api.patch("dags/restore_request", {"is_paused": False})
    desk = Desk(live)
    plans = {scope: Plan(scope, answers={"analyse": [RESTORE], "accept": [SATISFIES]}) for scope in KINDS}
    for scope, plan in plans.items():
        desk.ask(scope, plan)
    desk.serve(plans)
    return {scope: desk.told(scope) for scope in KINDS}


@pytest.mark.parametrize("scope", KINDS)
def test_each_is_restored_verified_and_accepted(told, scope):
    row = told[scope].row
    assert (row["state"], row["outcome"], row["cause"]) == ("closed", "satisfied", None)
    assert told[scope].form["verification_result"] == "good"


def place(told, scope):
    [where] = told[scope].row["restored"]["first"]["where"]
    return where


def test_rows_are_those_of_the_database(told, stage):
    database = place(told, "tipo_mariadb").rpartition("/")[2]
    assert stage.mariadb.sql(ROWS, database) == stage.mariadb.sql(ROWS, DATABASE)


def test_rows_are_those_of_the_database_file(told):
    with sqlite3.connect(place(told, "tipo_sqlite")) as padron:
        assert list(padron.execute("SELECT * FROM persona")) == [(1, "Ñandú")]
    padron.close()


def test_the_text_is_what_the_command_printed(told, machine):
    text = Path(place(told, "tipo_command")).read_text()
    assert text == (machine.data / "actas" / "uno.txt").read_text()


@pytest.mark.parametrize("scope", ["tipo_files", "tipo_tar"])
def test_files_are_those_of_the_machine(told, machine, scope):
    restored = f"{place(told, scope)}{DATA}/actas"
    subprocess.run(["diff", "-r", machine.data / "actas", restored], check=True)
