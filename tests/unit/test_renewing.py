"""One secret is made anew, with what is made of it; whatever goes wrong, the former is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import bcrypt
import pytest
from typer.testing import CliRunner

from respaldo.production import envelope
from respaldo.production.__main__ import app
from respaldo.production.errors import SecretUnrenewedError
from respaldo.production.renewing import DERIVED, KEPT, RENEWABLE, renew
from respaldo.production.secrets import IN_ENVELOPE, SECRETS, make
from respaldo.texts import production as texts

NAMES = {secret.name for secret in SECRETS}


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    make(folder / "secrets")
    # The command goes into the project's folder.
    monkeypatch.chdir(tmp_path)
    return folder


def secrets(project, *words):
    return CliRunner().invoke(app, ["secrets", str(project), *words])


def files_in(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def changed(before, now) -> set[str]:
    assert before.keys() == now.keys()
    return {name for name in now if now[name] != before[name]}


def test_every_secret_is_renewed_or_is_not_for_a_reason():
    assert {*RENEWABLE, *KEPT, *DERIVED} == NAMES
    assert set(texts.KEPT) == set(KEPT)
    assert set(texts.AFTERWARDS) <= set(RENEWABLE)
    assert set(DERIVED.values()) <= set(RENEWABLE)


@pytest.mark.parametrize("name", RENEWABLE)
def test_it_changes_with_what_is_made_of_it_and_nothing_else_does(project, name):
    folder = project / "secrets"
    before = files_in(folder)
    umask = os.umask(0o077)
    try:
        done = secrets(project, "--renew", name)
    finally:
        os.umask(umask)
    assert done.exit_code == 0, done.stderr
    assert changed(before, files_in(folder)) == {
        name,
        *(derived for derived, base in DERIVED.items() if base == name),
    }
    assert f"{name}: cambió" in done.stderr
    assert {path.stat().st_mode & 0o7777 for path in folder.iterdir()} == {0o644}
    assert not any(secret.strip() in done.stderr for secret in files_in(folder).values())


def test_what_is_made_of_it_fits_it(tmp_path):
    folder = tmp_path / "secrets"
    make(folder)
    renew(folder, "redis_password")
    renew(folder, "principal_password")
    now = files_in(folder)
    assert now["redis_conf"].startswith(f"requirepass {now['redis_password']}\n")
    user, hashed = now["principal_htpasswd"].strip().split(":")
    assert user == "respaldo"
    assert bcrypt.checkpw(now["principal_password"].encode(), hashed.encode())


@pytest.mark.parametrize("name", RENEWABLE)
def test_it_is_as_long_as_the_first_one_was(tmp_path, name):
    made = make(tmp_path / "secrets")
    renew(tmp_path / "secrets", name)
    assert len((tmp_path / "secrets" / name).read_text()) == len(made[name])


@pytest.mark.parametrize("name", ["principal_password", "secundario_password"])
def test_of_one_in_the_envelope_the_new_sheet_is_printed(project, name):
    done = secrets(project, "--renew", name, "--sheet", "sheet.txt")
    now = files_in(project / "secrets")
    assert envelope.read(done.stdout, IN_ENVELOPE) == {each: now[each] for each in IN_ENVELOPE}
    assert "imprímala y cambie la del sobre" in done.stderr
    assert (project / "sheet.txt").read_text() == done.stdout


def test_of_another_no_sheet_is_printed(project):
    done = secrets(project, "--renew", "redis_password")
    assert done.stdout == ""
    assert "docker compose up -d --force-recreate" in done.stderr
    assert "otras sedes" in done.stderr


def test_postgresqls_own_needs_no_other_container(project):
    assert "--force-recreate" not in secrets(project, "--renew", "postgres_password").stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("master_principal", "abre las copias ya hechas"),
        ("master_secundario", "abre las copias ya hechas"),
        ("fernet_key", "rotate-fernet-key"),
        ("admin_password", "Seguridad → Usuarios"),
        ("redis_conf", "scripts/init-secrets --renew redis_password"),
        ("principal_htpasswd", "scripts/init-secrets --renew principal_password"),
        ("secundario_htpasswd", "scripts/init-secrets --renew secundario_password"),
        ("tls_key", "no es un secreto que se haga aquí"),
        ("../config", "no es un secreto que se haga aquí"),
    ],
)
def test_what_a_new_file_does_not_change_is_refused_with_the_way_to_do_it(project, name, said):
    before = files_in(project / "secrets")
    done = secrets(project, "--renew", name)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert files_in(project / "secrets") == before


@pytest.mark.parametrize("there", ["no folder", "an empty folder", "a certificate"])
def test_where_there_are_no_secrets_none_is_made(tmp_path, there):
    folder = tmp_path / "secrets"
    if there != "no folder":
        folder.mkdir()
    if there == "a certificate":
        (folder / "tls_key").write_text("x")
    done = secrets(tmp_path, "--renew", "redis_password")
    assert done.exit_code == 1
    assert "No hay secretos en secrets" in done.stderr
    assert not (folder / "redis_password").exists()


def test_one_that_a_new_version_wants_and_is_not_there_is_made(project):
    (project / "secrets" / "report_writer_password").unlink()
    assert secrets(project, "--renew", "report_writer_password").exit_code == 0
    assert files_in(project / "secrets").keys() == NAMES


@pytest.mark.parametrize("other", [["--again"], ["--from-envelope", "-"]])
def test_it_is_asked_for_alone(project, other):
    before = files_in(project / "secrets")
    done = secrets(project, "--renew", "redis_password", *other)
    assert (done.exit_code, done.stderr) == (1, f"{texts.ONE_ALONE}\n")
    assert files_in(project / "secrets") == before


# --- whole or not at all


def test_on_a_full_disk_the_former_stays(project):
    before = files_in(project / "secrets")
    words = ["-m", "respaldo.production", "secrets", str(project), "--renew", "redis_password"]
    # No file may become larger than this: the password fits, what is made of it does not.
    done = subprocess.run(
        ["prlimit", "--fsize=60", sys.executable, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No se pudo cambiar redis_password" in done.stderr
    assert files_in(project / "secrets") == before


def test_a_folder_that_cannot_be_written_is_told(project, monkeypatch):
    before = files_in(project / "secrets")

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("respaldo.production.renewing.durable.write", refused)
    with pytest.raises(SecretUnrenewedError):
        renew(project / "secrets", "redis_password")
    assert files_in(project / "secrets") == before


@pytest.mark.parametrize("place", [1, 2])
def test_killed_while_it_writes_it_leaves_the_former_and_done_again_nothing_else(project, place):
    folder = project / "secrets"
    before = files_in(folder)
    killed = f"""
import os, signal
from respaldo.hosts import durable
write, written = durable.write, []

def dying(*given):
    written.append(write(*given))
    if len(written) == {place}:
        os.kill(os.getpid(), signal.SIGKILL)

durable.write = dying
from respaldo.production.__main__ import app
app(["secrets", {str(project)!r}, "--renew", "redis_password"])
"""
    done = subprocess.run([sys.executable, "-c", killed], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert {name: made for name, made in files_in(folder).items() if name in NAMES} == before
    assert secrets(project, "--renew", "redis_password").exit_code == 0
    assert changed(before, files_in(folder)) == {"redis_password", "redis_conf"}


def test_of_the_former_nothing_is_left(project):
    former = (project / "secrets" / "jwt_secret").read_text()
    secrets(project, "--renew", "jwt_secret")
    found = [path for path in project.rglob("*") if path.is_file() and former in path.read_text()]
    assert found == []


def test_whoever_reads_it_meanwhile_reads_one_or_the_other(project):
    """The file is another one: who holds the former goes on with that."""
    path = project / "secrets" / "jwt_secret"
    with path.open() as held:
        renew(path.parent, "jwt_secret")
        assert held.read() != path.read_text()


def test_the_manual_names_the_same_secrets_and_ways():
    manual = (Path(__file__).parents[2] / "docs" / "production.md").read_text()
    section = manual.partition("### Cambiar un secreto")[2].partition("\n### ")[0].partition("\n## ")[0]
    for name in NAMES:
        assert f"`{name}`" in section, name
