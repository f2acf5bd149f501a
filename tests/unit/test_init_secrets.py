"""``scripts/init-secrets``: what it refuses before anything is built, and what it asks of docker.

In the place of docker stands a program that notes what it is asked, and makes the secrets by itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from respaldo.production import envelope
from respaldo.production.secrets import IN_ENVELOPE, SECRETS, make

PROJECT = Path(__file__).parents[2]
NEEDED = ("bash", "dirname", "id", "ls", "realpath")
DOCKER = f"""#!/bin/bash
printf '%s\\n' "$*" >>"$ASKED"
[[ "$*" != "$BROKEN"* || -z $BROKEN ]] || exit 1
if [[ $* == *" run "* ]]; then
  # What follows the service's name is the command's.
  while [[ $1 != secrets ]]; do shift; done
  exec {sys.executable} -m respaldo.production secrets "$PWD" "${{@:2}}"
fi
[[ $1 != info ]] || printf 'name=seccomp,profile=builtin\n%s\nname=cgroupns\n' "$SECURITY"
# What a container is given by standard input.
if [[ $* == *" psql "* ]]; then printf '%s\\n' "$(</dev/stdin)" >"$ASKED.given"; fi
echo "of the engine"
"""


class Place:
    """A clone of the project, and a PATH with nothing but what the script may count on."""

    def __init__(self, root: Path) -> None:
        self.project = root / "my project"
        (self.project / "scripts").mkdir(parents=True)
        for name in ("init-secrets", "docker-ready"):
            shutil.copy(PROJECT / "scripts" / name, self.project / "scripts")
        shutil.copytree(PROJECT / "include" / "production", self.project / "include" / "production")
        self.secrets = self.project / "secrets"
        self.bin = root / "bin"
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name))
        self.docker = self.bin / "docker"
        self.docker.write_text(DOCKER)
        self.docker.chmod(0o755)
        self.log = root / "asked"

    def run(self, *words, at=None, given="", broken="", security="") -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.project / "scripts" / "init-secrets", *words],
            env={
                "PATH": str(self.bin),
                "ASKED": str(self.log),
                "BROKEN": broken,
                "SECURITY": security,
                "LANG": "C.UTF-8",
            },
            cwd=at or self.project,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


def test_it_makes_the_secrets_as_whoever_asks_and_prints_nothing_but_the_sheet(place, tmp_path):
    done = place.run(at=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(place.secrets.iterdir())) == len(SECRETS)
    assert (place.project / "config" / "organization.yaml").exists()
    assert done.stdout.startswith("RESPALDO - HOJA DEL SOBRE")
    assert envelope.read(done.stdout, IN_ENVELOPE)["fernet_key"] == (place.secrets / "fernet_key").read_text()
    assert place.asked == [
        "compose version",
        "info --format {{range .SecurityOptions}}{{println .}}{{end}}",
        "compose --profile herramientas build secrets",
        f"compose --profile herramientas run --rm --no-deps --user {os.getuid()}:{os.getgid()} -T secrets",
    ]


@pytest.mark.parametrize("name", ["fernet_key", "tls_key", ".hidden"])
def test_where_there_are_files_nothing_is_built(place, name):
    place.secrets.mkdir()
    (place.secrets / name).write_text("x")
    done = place.run()
    assert done.returncode == 1
    assert "ya tiene archivos: no se hizo nada" in done.stderr
    assert place.asked == []


def test_an_empty_folder_is_as_good_as_none(place):
    place.secrets.mkdir()
    assert place.run().returncode == 0


def test_without_docker_it_says_so(place):
    place.docker.unlink()
    done = place.run()
    assert done.returncode == 1
    assert "Falta docker" in done.stderr


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("compose version", "A docker le falta compose"),
        ("info", "docker no responde"),
        ("compose --profile herramientas build", "No se pudo hacer la imagen"),
    ],
)
def test_what_docker_cannot_do_is_told(place, broken, said):
    done = place.run(broken=broken)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stdout == ""
    assert not place.secrets.exists()


@pytest.mark.parametrize(
    ("security", "said"), [("name=rootless", "sin root"), ("name=userns", "userns-remap")]
)
def test_an_engine_whose_users_are_others_is_refused_before_anything_is_built(place, security, said):
    done = place.run(security=security)
    assert done.returncode == 1
    assert said in done.stderr
    assert "No se hizo nada" in done.stderr
    assert not any("build" in asked or " run " in asked for asked in place.asked)
    assert not place.secrets.exists()
    assert not (place.project / "config").exists()


@pytest.mark.parametrize("how", ["a file", "standard input"])
def test_the_envelopes_lines_reach_the_container_and_are_in_nobodys_arguments(place, tmp_path, how):
    kept = {name: secret for name, secret in make(tmp_path / "made").items() if name in IN_ENVELOPE}
    lines = envelope.in_short(kept)
    if how == "a file":
        # Outside of the project, and named as seen from elsewhere.
        (tmp_path / "typed lines").write_text(lines)
        done = place.run("--from-envelope", "typed lines", at=tmp_path)
    else:
        done = place.run("--from-envelope", "-", given=lines)
    assert done.returncode == 0, done.stderr
    assert {name: (place.secrets / name).read_text() for name in kept} == kept
    assert place.asked[-1].endswith("-T secrets --from-envelope -")
    assert not any(secret in asked for secret in kept.values() for asked in place.asked)


def test_a_wrong_line_of_the_envelope_is_told_as_it_is(place):
    done = place.run("--from-envelope", "-", given="fernet_key xxxxx = abcd\n")
    assert done.returncode == 1
    assert "fernet_key: tiene una letra equivocada" in done.stderr
    assert not place.secrets.exists()


def test_the_sheet_is_saved_where_the_caller_names_it(place):
    below = place.project / "docs"
    below.mkdir()
    done = place.run("--sheet", "sheet.txt", at=below)
    assert done.returncode == 0, done.stderr
    assert (below / "sheet.txt").read_text() == done.stdout


def test_a_sheet_outside_of_the_project_is_refused_before_anything_is_built(place, tmp_path):
    done = place.run("--sheet", "../sheet.txt")
    assert done.returncode == 1
    assert "dentro de la carpeta del proyecto" in done.stderr
    assert place.asked == []


def test_the_sheet_of_the_secrets_that_are_there_is_printed_again(place):
    first = place.run()
    again = place.run("--again")
    assert again.returncode == 0
    assert envelope.read(again.stdout, IN_ENVELOPE) == envelope.read(first.stdout, IN_ENVELOPE)


def test_one_secret_is_made_anew(place):
    place.run()
    before = (place.secrets / "redis_password").read_text()
    done = place.run("--renew", "redis_password")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (place.secrets / "redis_password").read_text() != before
    assert place.asked[-1].endswith("-T secrets --renew redis_password")


def test_postgresql_is_told_its_own_new_one_and_by_no_arguments(place):
    place.run()
    done = place.run("--renew", "postgres_password")
    assert done.returncode == 0, done.stderr
    made = (place.secrets / "postgres_password").read_text()
    given = place.log.with_name("asked.given").read_text()
    assert given == f"\\password postgres\n{made}\n{made}\n"
    assert "exec -T postgres psql" in place.asked[-1]
    assert not any(made in asked for asked in place.asked)
    assert "PostgreSQL ya tiene la contraseña nueva" in done.stderr


def test_where_postgresql_does_not_run_its_password_stays(place):
    place.run()
    before = (place.secrets / "postgres_password").read_text()
    done = place.run(
        "--renew", "postgres_password", broken="compose --profile herramientas exec -T postgres pg_isready"
    )
    assert done.returncode == 1
    assert "docker compose up -d postgres" in done.stderr
    assert (place.secrets / "postgres_password").read_text() == before


def test_what_postgresql_did_not_take_is_told(place):
    place.run()
    done = place.run(
        "--renew", "postgres_password", broken="compose --profile herramientas exec -T postgres psql"
    )
    assert done.returncode == 1
    assert "PostgreSQL todavía no" in done.stderr


def test_a_secret_that_is_not_made_anew_is_refused(place):
    place.run()
    done = place.run("--renew", "fernet_key")
    assert done.returncode == 1
    assert "rotate-fernet-key" in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--help"], 0, "Uso: scripts/init-secrets"),
        (["--force"], 2, "No existe la opción --force"),
        (["--sheet"], 2, "--sheet necesita un archivo"),
        (["--renew"], 2, "--renew necesita el nombre de un secreto"),
        (["--from-envelope"], 2, "--from-envelope necesita un archivo"),
        (["--from-envelope", "nowhere"], 1, "No se puede leer el archivo nowhere"),
        (["--from-envelope", "."], 1, "No se puede leer el archivo ."),
    ],
)
def test_what_is_typed_wrong_is_told_and_nothing_is_done(place, words, status, said):
    done = place.run(*words)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert place.asked == []
