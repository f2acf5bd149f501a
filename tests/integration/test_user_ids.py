"""Under FAB a person who may answer is known by a number: it is found in FAB's own table."""

import json
import os
import subprocess
import sys

import pytest

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
_ASK = """
import json, os
from respaldo.config.configuration import folder, load
from respaldo.flows import people
from respaldo.flows.user_ids import put_user_ids
from airflow.models.variable import Variable
put_user_ids()
# No task runner answers for variables here, but the environment does, as Airflow wants it.
os.environ["AIRFLOW_VAR_RESPALDO_USER_IDS"] = Variable.get(people.USER_IDS)
asked = people.asked(load(folder()).organization, "analyse", ("profesional", "soporte"), None)
print(json.dumps(asked))
"""


@pytest.fixture
def airflow_with_fab(tmp_path):
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
    }
    environment.pop("RESPALDO_CONFIG", None)

    def run(*argv):
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(sys.executable, "-m", "airflow", "db", "migrate")
    return run


def test_people_of_a_role_are_asked_by_their_numbers_and_who_has_none_is_not(airflow_with_fab):
    for number, name in enumerate(("otra", "profesional"), 1):
        airflow_with_fab(
            sys.executable, "-m", "airflow", "users", "create", "--username", name, "--password", "x",
            "--firstname", name, "--lastname", "L", "--email", f"{number}@example.org", "--role", "User",
        )  # fmt: skip
    told = airflow_with_fab(sys.executable, "-c", _ASK)
    assert json.loads(told.splitlines()[-1]) == [{"id": "2", "name": "profesional"}]
