"""``scripts/upgrade``: what it keeps, what it says where it is cut short, and how it goes on.

Docker is a program here that notes what it is asked; `tests/e2e/test_upgrade.py` has the real one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
NEEDED = (
    "awk",
    "bash",
    "cat",
    "date",
    "dirname",
    "flock",
    "grep",
    "head",
    "mkdir",
    "realpath",
    "rm",
    "rmdir",
    "sed",
)
NEEDED += ("sleep", "sort", "tail", "xargs")
FORMER, NEXT = "respaldo:0.1.0", "respaldo:0.2.0"
ID = "sha256:0123456789abcdef"
DOCKER = """#!/bin/bash
printf '%s\\n' "$*" >>"$ASKED"
case "$*" in *"$FAILS"*) [[ ! $FAILS ]] || { echo broken >&2; exit 1; } ;; esac
case "$*" in
  *" ps "*--services) printf '%s\\n' $SERVICES ;;
  *" ps "*" worker" | *" ps "*" worker worker-sede")
    printf '%s\\n' old
    ! grep -q -e --scale "$ASKED" || printf '%s\\n' new ;;
  *" ps "*" worker-sede" | *" ps "*" tls") ;;
  *" ps "*)
    for one in "$@"; do
      case $one in scheduler | dag-processor | triggerer | api-server | postgres | init) echo "$one-1" ;; esac
    done ;;
  *" config --images "*) echo "$IMAGE" ;;
  *" config "*) printf '    replicas: 1\\n' ;;
  *" config") printf 'secrets:\\n  nuevo:\\n    file: "%s"\\nvolumes:\\n  x:\\n    file: no\\n' "$SECRET" ;;
  "inspect"*Config.Image*) for one in "${@:4}"; do echo "$IMAGES" ; done ;;
  "inspect"*Status*) echo running ;;
  "inspect"*Hostname*) echo "host-${@:4}" ;;
  "image inspect "*) [[ ! $GONE ]] ;;
  *pg_database_size*) echo 2097152 ;;
  *is_paused*) echo f ;;
  *"SELECT state FROM dag_run"*) echo success ;;
  *"SELECT oid"*airflow_back*) echo 77 ;;
  *"SELECT oid"*) echo "$OID" ;;
  *"SELECT count("*) echo 0 ;;
  *" pg_dump "*) printf '12; 1262 5 DATABASE - %s %s\\n' "${@: -1}" "${@: -1}" ;;
  *" pg_restore "*" --list --create") cat ;;
  *" df "*) printf 'Avail\\n%s\\n' "$ROOM" ;;
  "wait "*) echo 0 ;;
  "stop "*) while [[ -e $HOLD ]]; do sleep 0.05; done ;;
esac
"""
DF = """#!/bin/bash
printf 'Avail\\n%s\\n' "$ROOM"
"""


class Place:
    """A clone of the project in which the former version runs."""

    def __init__(self, root: Path) -> None:
        self.project = root / "my project"
        (self.project / "scripts").mkdir(parents=True)
        shutil.copy(PROJECT / "scripts" / "upgrade", self.project / "scripts")
        self.kept = self.project / "var" / "upgrade"
        self.bin = root / "bin"
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name))
        # A busy disk is no matter here.
        (self.bin / "sync").symlink_to(shutil.which("true"))
        for name, text in (("docker", DOCKER), ("df", DF)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        self.log = root / "asked"
        self.hold = root / "hold"

    def begin(self, *words: str, **more: str) -> subprocess.Popen[str]:
        self.log.unlink(missing_ok=True)
        facts = {
            "PATH": str(self.bin),
            "LANG": "C.UTF-8",
            "ASKED": str(self.log),
            "HOLD": str(self.hold),
            "SERVICES": "postgres redis worker scheduler api-server",
            "IMAGE": NEXT,
            "IMAGES": f"{FORMER} {ID}",
            "FAILS": "",
            "GONE": "",
            "OID": "5",
            "ROOM": "2097152",
            "SECRET": str(self.project / "scripts" / "upgrade"),
        }
        return subprocess.Popen(
            [self.project / "scripts" / "upgrade", *words],
            env=facts | more,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **more: str) -> tuple[int, str]:
        process = self.begin(*words, **more)
        _, told = process.communicate(timeout=60)
        return process.returncode, told

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def was_asked(self, words: str) -> bool:
        return any(words in line for line in self.asked)

    @property
    def folders(self) -> list[Path]:
        return [path for path in self.kept.iterdir() if path.is_dir()] if self.kept.exists() else []

    @property
    def folder(self) -> Path:
        [folder] = self.folders
        return folder


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def upgraded(place) -> Place:
    assert place.run()[0] == 0
    return place


# --- upgrade


def test_databases_and_image_of_before_are_kept(place):
    status, told = place.run()
    assert status == 0, told
    assert f"Listo: {FORMER} -> {NEXT}. Las bases de antes: var/upgrade/{place.folder.name}" in told
    assert {path.name for path in place.folder.iterdir()} == {"airflow.dump", "respaldo.dump", "image"}
    assert (place.folder / "image").read_text() == f"{FORMER}\n{ID}\n"
    assert [path.name for path in place.kept.iterdir()] == [place.folder.name]
    tag, build = f"tag {ID} respaldo:antes-0123456789ab", "compose build init"
    assert place.asked.index(tag) < place.asked.index(build)


def test_tasks_of_a_worker_that_ended_are_known_to_be_dead(place):
    place.run()
    [told] = (number for number, line in enumerate(place.asked) if "last_heartbeat_at = " in line)
    assert place.asked.index("stop old") < told
    assert any("hostname IN ('host-old')" in line for line in place.asked[told : told + 3])


@pytest.mark.parametrize(
    ("fails", "more"),
    [
        ("compose build", {}),
        ("respaldo.production check", {}),
        ("dags trigger", {}),
        ("", {"ROOM": "2097151"}),
    ],
    ids=["build", "check", "copy", "disk"],
)
def test_what_is_refused_changes_nothing(place, fails, more):
    status, told = place.run(FAILS=fails, IMAGE=FORMER, **more)
    assert (status, told.splitlines()[-1]) == (1, "Todo sigue como estaba.")
    assert not place.was_asked(" stop ")
    assert not place.folders
    # Its name is its own again, whatever was made under it.
    assert place.asked[-1] == f"tag {ID} {FORMER}"


def test_a_secret_that_the_former_version_had_not_is_told_before_anything_is_done(place):
    status, told = place.run(SECRET=str(place.project / "secrets" / "nuevo"))
    assert status == 1
    assert told.count("scripts/init-secrets --renew") == 1
    assert "  scripts/init-secrets --renew nuevo\nTodo sigue como estaba.\n" in told
    assert not place.was_asked("build")
    assert not place.was_asked(" stop ")


def test_databases_that_cannot_be_kept_leave_nothing_and_the_former_version_starts(place):
    status, told = place.run(
        FAILS="pg_dump --username postgres --format custom --compress 1 --create respaldo"
    )
    assert status == 1
    assert "Arrancando otra vez la versión anterior" in told
    assert not list(place.kept.iterdir())
    assert place.asked[-1].startswith("start ")


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        ("up --detach --no-build --no-deps init", "la página está detenida"),
        ("up --detach --no-build --no-deps scheduler", "La página está y los trabajadores siguen"),
        ("--scale", "todo trabaja, también los trabajadores anteriores"),
    ],
    ids=["preparing", "centre", "workers"],
)
def test_one_that_failed_says_what_runs_and_is_gone_on_with(place, fails, told):
    status, said = place.run(FAILS=fails)
    assert (status, told in said) == (1, True), said
    assert f"scripts/upgrade --back var/upgrade/{place.folder.name}" in said
    before = place.folder
    status, said = place.run()
    assert status == 0, said
    # The databases are the next version's by now: those of before are kept already.
    assert not place.was_asked("pg_dump")
    assert not place.was_asked("dags trigger")
    assert said.endswith(f"Las bases de antes: var/upgrade/{before.name}\n")
    assert place.folder == before
    assert place.run(IMAGES=f"{NEXT} sha256:fedcba9876543210")[0] == 0
    assert place.was_asked("pg_dump")


def test_what_one_that_was_killed_left_is_no_folder_to_go_back_to(place):
    half = place.kept / "0.0.9-20260314T120000Z"
    half.mkdir(parents=True)
    (half / "airflow.dump").write_text("half")
    assert place.run()[0] == 0
    assert not half.exists()
    assert (place.folder / "image").exists()


def test_one_that_somebody_else_ended_is_not_gone_on_with(place):
    assert place.run(FAILS="--scale")[0] == 1
    status, said = place.run(IMAGES=f"{NEXT} sha256:fedcba9876543210")
    assert status == 0, said
    assert place.was_asked("pg_dump")


def test_the_page_is_there_while_workers_end(place):
    place.hold.touch()
    process = place.begin()
    deadline = time.monotonic() + 30
    while not place.was_asked("stop old"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    # Who waits for them is gone, and they end when they end.
    process.wait(30)
    place.hold.unlink()
    _, told = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert "La orden se interrumpió." in told
    assert "La página está y los trabajadores nuevos trabajan; los anteriores terminan lo que hacen." in told
    assert place.run()[0] == 0


def test_workers_of_two_images_are_no_version(place):
    status, told = place.run(IMAGES=f"{FORMER} {ID}\n{NEXT} sha256:fedcba9876543210")
    assert status == 1
    assert "Hay trabajadores de varias imágenes" in told


def test_two_at_once_do_not_meet(place):
    folder = os.open(place.project, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        status, told = place.run()
    finally:
        os.close(folder)
    assert (status, "Otra actualización está corriendo" in told) == (1, True)
    assert place.asked == ["compose version"]


# --- back


def _back(place: Place, **more: str) -> tuple[int, str]:
    return place.run("--back", str(place.folder), **{"IMAGE": FORMER} | more)


def test_the_way_back_exchanges_the_databases_at_once_and_starts_the_very_image(upgraded):
    status, told = _back(upgraded)
    assert status == 0, told
    exchanged = next(number for number, line in enumerate(upgraded.asked) if "RENAME TO airflow_" in line)
    restored = [number for number, line in enumerate(upgraded.asked) if "--exit-on-error" in line]
    assert max(restored) < exchanged
    assert upgraded.asked.index(f"tag {ID} {FORMER}") > exchanged
    assert not (upgraded.kept / "returned").exists()


@pytest.mark.parametrize(
    ("fails", "more", "told"),
    [
        ("--file /dev/null", {}, "no es un volcado entero"),
        ("--list", {}, "no es un volcado entero"),
        ("", {"ROOM": "5"}, "Falta espacio en el volumen postgres"),
        ("", {"IMAGE": NEXT}, f"Esas bases son de {FORMER}"),
    ],
    ids=["cut", "no dump", "disk", "version"],
)
def test_a_way_back_that_cannot_be_gone_stops_nothing(upgraded, fails, more, told):
    status, said = _back(upgraded, FAILS=fails, **more)
    assert (status, told in said) == (1, True), said
    assert said.endswith("Todo sigue como estaba.\n")
    assert not upgraded.was_asked(" stop ")


def test_a_way_back_that_fails_before_the_exchange_starts_what_there_was(upgraded):
    status, said = _back(upgraded, FAILS="--dbname respaldo_back")
    assert status == 1
    assert "Las bases no cambiaron." in said
    assert upgraded.was_asked("DROP DATABASE IF EXISTS airflow_back")
    assert upgraded.asked[-1].startswith("start ")
    assert not upgraded.was_asked("RENAME")


def test_a_way_back_that_fails_after_the_exchange_does_not_exchange_again(upgraded):
    status, said = _back(upgraded, FAILS="flushall")
    assert (status, "no las devuelve otra vez" in said) == (1, True), said
    status, said = _back(upgraded, OID="77")
    assert status == 0, said
    assert not upgraded.was_asked("RENAME")
    # Later it is another way back.
    assert _back(upgraded, OID="77")[0] == 0
    assert upgraded.was_asked("RENAME")


def test_an_image_that_is_gone_is_made_again(upgraded):
    status, said = _back(upgraded, GONE="yes")
    assert status == 0, said
    assert upgraded.was_asked("compose build init")
    assert not upgraded.was_asked("tag ")
