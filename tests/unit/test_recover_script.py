"""``scripts/recover``: what it refuses before anything is built, what it leaves, and how it goes on.

Docker is a program here that notes what it is asked; `tests/e2e/test_disaster.py` has the real one.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from respaldo.production import envelope
from respaldo.production.secrets import IN_ENVELOPE, make

PROJECT = Path(__file__).parents[2]
NEEDED = ("bash", "cat", "date", "dirname", "flock", "head", "id", "ls", "realpath", "rm", "sed", "xargs")
DOCKER = f"""#!/bin/bash
printf '%s\\n' "$*" >>"$ASKED"
case "$*" in
  info*) printf '%s\\n' $SECURITY ;;
  *" config --images "*) echo respaldo:0.1.0 ;;
  *" config "*) printf '{{\\n  "name": "respaldo",\\n}}\\n' ;;
  "volume inspect "*) [[ $WITHIN ]] ;;
  "ps --all --filter "*) printf '%s\\n' postgres principal $LIVING ;;
  *" --entrypoint ls "*) [[ $WITHIN == none ]] || printf '%s' "$WITHIN" ;;
  *" run "*" secrets "*)
    while [[ $1 != secrets ]]; do shift; done
    exec {sys.executable} -m respaldo.production secrets "$PWD" "${{@:2}}" ;;
  *" recover --look"*) exit "${{LOOK:-0}}" ;;
  *" recover") [[ ! $RESTORE ]] || exit "$RESTORE"; printf 'restored\\n' >.recovering ;;
  *verify-log*) exit "${{VERIFY:-0}}" ;;
esac
"""


class Place:
    """A clone of the project on a server that has nothing else."""

    def __init__(self, root: Path) -> None:
        self.project = root / "my project"
        (self.project / "scripts").mkdir(parents=True)
        for name in ("recover", "init-secrets", "docker-ready"):
            shutil.copy(PROJECT / "scripts" / name, self.project / "scripts")
        shutil.copytree(PROJECT / "include" / "production", self.project / "include" / "production")
        self.bin = root / "bin"
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name))
        (self.bin / "docker").write_text(DOCKER)
        (self.bin / "docker").chmod(0o755)
        self.log = root / "asked"
        made = make(root / "secrets of before")
        self.sheet = root / "sobre.txt"
        self.sheet.write_text("\n".join(envelope.on_paper(name, made[name]) for name in IN_ENVELOPE))

    def run(self, *words, **more) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.project / "scripts" / "recover", *(words or (self.sheet,))],
            env={"PATH": str(self.bin), "ASKED": str(self.log), "LANG": "C.UTF-8", **more},
            cwd="/",
            input="",
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def is_empty(self) -> bool:
        return not any((self.project / name).exists() for name in ("secrets", "config", ".recovering"))


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Falta el sobre"),
        (("--que",), "No existe la opción --que."),
        (("a", "b"), "Sobra una palabra."),
        (("-", "--principal"), "--principal necesita una ubicación."),
    ],
)
def test_it_is_told_how_the_order_is_written(place, words, told):
    ended = place.run(*words) if words else place.run("--secundario", "rest:http://x:8000")
    assert (ended.returncode, told in ended.stderr, "Uso: scripts/recover" in ended.stderr) == (2, True, True)
    assert place.is_empty()
    assert not place.asked


def test_an_envelope_that_cannot_be_read_begins_nothing(place):
    ended = place.run("/nonexistent/sobre")
    assert ended.returncode == 1
    assert "No se puede leer el archivo /nonexistent/sobre." in ended.stderr
    assert place.is_empty()


@pytest.mark.parametrize("folder", ["secrets", "config"])
def test_where_there_is_an_installation_nothing_is_touched(place, folder):
    (place.project / folder).mkdir()
    (place.project / folder / "algo").write_text("suyo")
    ended = place.run()
    assert ended.returncode == 1
    assert f"La carpeta {folder} tiene archivos: aquí hay una instalación" in ended.stderr
    assert (place.project / folder / "algo").read_text() == "suyo"
    assert not (place.project / ".recovering").exists()
    assert not place.asked


@pytest.mark.parametrize("security", ["name=rootless", "name=userns"])
def test_an_engine_whose_users_are_others_is_refused(place, security):
    ended = place.run(SECURITY=security)
    assert ended.returncode == 1
    assert "No se hizo nada" in ended.stderr
    assert place.is_empty()


def test_a_database_s_volume_with_data_is_an_installation_too(place):
    ended = place.run(WITHIN="PG_VERSION")
    assert ended.returncode == 1
    assert "El volumen respaldo_postgres tiene datos" in ended.stderr
    assert place.is_empty()


def test_a_volume_that_compose_only_made_is_none(place):
    assert place.run(WITHIN="none").returncode == 0


def test_a_mistyped_envelope_leaves_nothing(place):
    place.sheet.write_text(place.sheet.read_text().replace("= ", "= z", 1))
    ended = place.run()
    assert ended.returncode == 1
    assert "No se escribió ningún secreto" in ended.stderr
    assert not (place.project / "secrets").exists()
    assert not any(" up " in line for line in place.asked)
    # The right one is taken after it.
    place.sheet.write_text(place.sheet.read_text().replace("= z", "= ", 1))
    assert place.run().returncode == 0


def test_an_envelope_of_another_installation_leaves_nothing_and_starts_no_database(place):
    ended = place.run(LOOK="3")
    assert ended.returncode == 1
    assert "Busque el sobre de esta instalación" in ended.stderr
    assert place.is_empty()
    assert not any("up" in line and "postgres" in line for line in place.asked)


def test_all_goes_in_its_order_and_ends_with_what_to_do_next(place):
    ended = place.run(place.sheet, "--secundario", "rest:https://otra:8000")
    assert ended.returncode == 0, ended.stderr
    assert "Respaldo volvió" in ended.stderr
    assert not (place.project / ".recovering").exists()
    steps = [
        "secrets -",
        "principal secundario",
        "--look",
        "no-build postgres",
        "recover",
        "--no-build",
        "verify-log",
    ]
    at = -1
    for step in steps:
        at = next(number for number, line in enumerate(place.asked) if number > at and step in line)
    assert any("--secundario rest:https://otra:8000" in line for line in place.asked)


def test_what_failed_is_gone_on_with_by_the_same_order(place):
    ended = place.run(RESTORE="1")
    assert ended.returncode == 1
    assert "se sigue con la misma orden" in ended.stderr
    secrets = {path: path.read_bytes() for path in (place.project / "secrets").iterdir()}
    again = place.run()
    assert again.returncode == 0
    assert "Hay una recuperación empezada" in again.stderr
    assert {path: path.read_bytes() for path in (place.project / "secrets").iterdir()} == secrets


def test_what_is_restored_is_not_restored_again(place):
    assert place.run(VERIFY="1").returncode == 1
    place.log.unlink()
    # What runs is the installation that came back.
    ended = place.run(LIVING="scheduler worker")
    assert ended.returncode == 0
    assert not any("recover --look" in line for line in place.asked)


def test_one_that_was_killed_when_all_was_restored_hands_the_databases_over_before_it_starts(place):
    assert place.run(RESTORE="1").returncode == 1
    (place.project / ".recovering").write_text("restored\n")
    place.log.unlink()
    assert place.run().returncode == 0
    ends = [line.split("compose ")[-1] for line in place.asked]
    [handed_over] = (number for number, end in enumerate(ends) if end.endswith(" recover"))
    assert handed_over < ends.index("up --detach --no-build")


@pytest.mark.parametrize("service", ["scheduler", "worker", "api-server", "worker-sede"])
@pytest.mark.parametrize("is_begun", [True, False], ids=["begun", "new"])
def test_nothing_is_restored_over_what_somebody_started(place, service, is_begun):
    if is_begun:
        assert place.run(RESTORE="1").returncode == 1
        place.log.unlink()
    there = {path: path.read_bytes() for path in place.project.rglob("*") if path.is_file()}
    ended = place.run(LIVING=service)
    assert ended.returncode == 1
    assert f"hay un contenedor de {service}" in ended.stderr
    assert "docker compose --profile '*' down" in ended.stderr
    assert not any(" up " in line or " run " in line for line in place.asked)
    assert {path: path.read_bytes() for path in place.project.rglob("*") if path.is_file()} == there
    # What it said was done.
    assert place.run().returncode == 0


def test_two_at_once_do_not_meet(place):
    marker = place.project / ".recovering"
    marker.write_text("begun\n")
    with marker.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = place.run()
    assert ended.returncode == 1
    assert "Otra recuperación está corriendo" in ended.stderr
