"""The daily cleaning, as the compose file runs it and as Kubernetes does."""

import re
from pathlib import Path

import pytest
import yaml

from respaldo.production.clean_command import DAYS, USUAL_DAYS

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def services():
    text = (PROJECT / "docker-compose.yaml").read_text()
    return yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))["services"]


@pytest.fixture(scope="module")
def job():
    cron = yaml.safe_load((PROJECT / "deploy" / "limpieza.yaml").read_text())
    return cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_both_give_the_same_command(services, job):
    [container] = job["containers"]
    assert " ".join(container["args"]) in services["limpieza"]["command"][-1]
    assert container["image"] == services["limpieza"]["image"]


def test_both_keep_as_many_days(services, job):
    [container] = job["containers"]
    assert container["env"] == [{"name": DAYS, "value": str(USUAL_DAYS)}]
    for name in ("limpieza", "limpieza-sede"):
        assert services[name]["environment"] == {DAYS: USUAL_DAYS}


def test_both_have_one_secret_and_their_folders(services, job):
    wanted = services["limpieza"]
    volumes = {volume["name"]: volume for volume in job["volumes"]}
    [item] = volumes["secrets"]["secret"]["items"]
    assert item["key"] == item["path"]
    assert wanted["secrets"] == [item["key"]] == ["airflow_database_password"]
    [container] = job["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert {f"{name}:{place}" for name, place in mounts.items() if name != "secrets"} == set(
        wanted["volumes"]
    )
    claims = {
        name: volume["persistentVolumeClaim"]["claimName"]
        for name, volume in volumes.items()
        if name != "secrets"
    }
    assert claims == {"home": "respaldo-home", "logs": "respaldo-logs"}


def test_a_site_has_no_secret_and_the_folders_of_its_worker(services):
    cleaning, worker = services["limpieza-sede"], services["worker-sede"]
    assert "secrets" not in cleaning
    assert cleaning["network_mode"] == "none"
    assert "--only-files" in cleaning["command"][-1]
    assert set(cleaning["volumes"]) <= set(worker["volumes"])


def test_no_repository_report_or_archive_is_in_its_reach(services):
    for name in ("limpieza", "limpieza-sede"):
        places = {volume.split(":")[1] for volume in services[name]["volumes"]}
        assert places == {"/var/lib/respaldo", "/opt/respaldo/airflow/logs"}
