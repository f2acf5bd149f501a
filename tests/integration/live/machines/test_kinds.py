"""Runs of every kind of source that can be on a machine, in every kind of repository, by one scheduler."""

import sqlite3
import subprocess
import tarfile

import pytest

import far_kit
from machines_kit import DATABASE, KINDS
from network_kit import DATA

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

ROWS = "SELECT * FROM empleado ORDER BY n"


@pytest.mark.parametrize("scope", KINDS)
def test_each_is_saved_verified_copied_and_reported(outcomes, scope):
    outcome = outcomes[scope]
    row = outcome.row
    assert (outcome.state, row["state"], row["cause"]) == ("success", "succeeded", None)
    assert row["verification_result"] == "good"
    assert row["source_kind"] == scope.removeprefix("tipo_")
    assert len(row["copies"]) == len(row["second_copies"]) == 1


@pytest.fixture
def restored(live, outcomes, tmp_path):
    """Give what a scope's copy at the secondary site restores to."""

    def restore(scope, repository="secundario"):
        live.restic(repository, scope, "restore", "latest", "--target", tmp_path)
        return tmp_path

    return restore


def test_a_database_comes_back_with_its_rows(stage, restored):
    [dump] = restored("tipo_mariadb").iterdir()
    stage.mariadb.sql("CREATE DATABASE vuelta")
    stage.mariadb.sql(dump.read_text(), "vuelta")
    assert stage.mariadb.sql(ROWS, "vuelta") == stage.mariadb.sql(ROWS, DATABASE)


def test_a_database_file_comes_back_with_its_rows(restored):
    [file] = [path for path in restored("tipo_sqlite", "principal").rglob("*") if path.is_file()]
    with sqlite3.connect(file) as padron:
        assert list(padron.execute("SELECT * FROM persona")) == [(1, "Ñandú")]
    padron.close()


def test_what_a_command_printed_comes_back(machine, restored):
    assert (restored("tipo_command") / "uno.txt").read_bytes() == (
        machine.data / "actas" / "uno.txt"
    ).read_bytes()


def test_what_was_read_by_tar_comes_back(machine, restored, tmp_path):
    [archive] = restored("tipo_tar").glob("*.tar")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "vuelta", filter="tar")
    subprocess.run(["diff", "-r", machine.data / "actas", f"{tmp_path}/vuelta{DATA}/actas"], check=True)


def test_its_commands_ran_on_the_machine_around_the_copy(machine, outcomes):
    assert (machine.data / "marcas").read_text().split() == ["pre", "post"]


def test_nothing_is_left_on_the_machine(machine, outcomes):
    assert far_kit.nothing_left(machine)


@pytest.mark.parametrize("repository", ["por_rest", "por_sftp", "por_s3"])
def test_the_repositories_can_be_examined_at_a_terminal(live, outcomes, repository):
    done = live.respaldo("repositories", "check", repository)
    assert done.returncode == 0, done.stdout + done.stderr
