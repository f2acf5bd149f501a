"""Under FAB a person who may answer is known by a number: it is found in FAB's own table."""

import json
import sys

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


def test_people_of_a_role_are_asked_by_their_numbers_and_who_has_none_is_not(airflow_with_fab):
    for number, name in enumerate(("otra", "profesional"), 1):
        airflow_with_fab(
            sys.executable, "-m", "airflow", "users", "create", "--username", name, "--password", "x",
            "--firstname", name, "--lastname", "L", "--email", f"{number}@example.org", "--role", "User",
        )  # fmt: skip
    told = airflow_with_fab(sys.executable, "-c", _ASK)
    assert json.loads(told.splitlines()[-1]) == [{"id": "2", "name": "profesional"}]
