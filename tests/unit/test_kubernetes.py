"""The values for Kubernetes say what the compose file says. scripts/lint-chart asks the chart itself."""

import re
from pathlib import Path

import pytest
import yaml

from respaldo.production.secrets import SECRETS

PROJECT = Path(__file__).parents[2]
OWN_ADDRESS = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
"""The api-server's name is another one there."""

CENTRE = {
    "scheduler": "scheduler",
    "apiServer": "api-server",
    "dagProcessor": "dag-processor",
    "triggerer": "triggerer",
}
"""Programs of the centre: the chart's name, and the compose file's."""


@pytest.fixture(scope="module")
def compose():
    text = (PROJECT / "docker-compose.yaml").read_text()
    # What nobody sets is what it says.
    return yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$"))


@pytest.fixture(scope="module")
def values():
    return yaml.safe_load((PROJECT / "deploy" / "helm-values.yaml").read_text())


def environment(variables):
    given = {variable["name"]: variable["value"] for variable in variables}
    return {name: value for name, value in given.items() if name != OWN_ADDRESS}


def wanted(compose, service):
    given = compose["services"][service]["environment"]
    return {name: str(value) for name, value in given.items() if name != OWN_ADDRESS}


def mounted_secrets(volumes):
    [secret] = [volume["secret"] for volume in volumes if volume["name"] == "secrets"]
    assert all(item["key"] == item["path"] for item in secret["items"])
    return {item["key"] for item in secret["items"]}


def volume_claims(volumes):
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if volume["name"] == "home"}


def test_the_image_is_the_one_that_compose_builds(compose, values):
    image = values["images"]["airflow"]
    assert f"{image['repository']}:{image['tag']}" == compose["services"]["scheduler"]["image"]


def test_workers_have_the_environment_of_the_compose_file(compose, values):
    assert environment(values["env"]) == wanted(compose, "worker")


@pytest.mark.parametrize("program", CENTRE)
def test_programs_of_the_centre_have_the_environment_of_the_compose_file(compose, values, program):
    own = values[program]["env"]
    assert environment(values["env"] + own) == wanted(compose, CENTRE[program])
    assert values[program]["waitForMigrations"]["env"] == own


def test_init_has_the_environment_of_the_compose_file(compose, values):
    job = values["migrateDatabaseJob"]
    assert environment(values["env"] + job["env"]) == wanted(compose, "init")
    assert job["args"] == compose["services"]["init"]["command"]


@pytest.mark.parametrize("program", CENTRE)
def test_programs_of_the_centre_get_the_secrets_of_the_compose_file(compose, values, program):
    given = mounted_secrets(values[program]["extraVolumes"])
    assert given == set(compose["services"][CENTRE[program]]["secrets"])


def test_workers_get_the_secrets_of_the_compose_file(compose, values):
    workers = values["workers"]
    for volumes in (workers["extraVolumes"], *(own["extraVolumes"] for own in workers["celery"]["sets"])):
        assert mounted_secrets(volumes) == set(compose["services"]["worker"]["secrets"])


def test_no_secret_is_asked_for_that_nobody_makes(values):
    made = {secret.name for secret in SECRETS}
    named = set(re.findall(r"/run/secrets/(\w+)", str(values)))
    assert named
    assert named <= made


def test_no_secret_is_in_an_environment_or_made_by_the_chart(values):
    assert not any(values["enableBuiltInSecretEnvVars"].values())
    for name in ("fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName"):
        assert values[name] == "respaldo-secrets"


def test_the_workers_of_a_site_have_a_queue_and_a_folder_of_their_own(values):
    workers = values["workers"]
    here = volume_claims(workers["extraVolumes"])
    for own in workers["celery"]["sets"]:
        assert own["queue"] != workers["celery"]["queue"]
        assert volume_claims(own["extraVolumes"]).isdisjoint(here)
