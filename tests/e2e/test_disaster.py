"""The server is gone, with all that it had but the repositories and the envelope: `docs/disaster.md`.

One story, told by tests that follow each other: a living stack with its history, its end, the envelopes that
are refused, a recovery that meets a damaged copy and is killed midway, and the stack that came back.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from e2e import scopes_kit
from e2e.engine_kit import said, wait_until, what_is_missing
from e2e.runs_kit import Outcome, finish, held, restic, see_one_good_copy, snapshots, trigger, wait_for_dag
from e2e.scopes_kit import UPLOAD
from e2e.stack_kit import PROJECT, Stack
from live_kit import free_port
from respaldo.domain.values import Run

# The first test waits for the image and for the stack.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ITSELF, CONFIGURATION, ARCHIVE = "respaldo_bases", "respaldo_configuracion", "archivo_fm007"
DOCUMENT = "/var/lib/respaldo/archivo/2026-10.txt"
UNDER_WAY = "en_curso"
RECOVER_SECONDS = 600


@dataclass
class Story:
    """What one test hands on to the next."""

    stack: Stack
    other_sheet: str = field(default="", repr=False)
    """An envelope of another installation."""
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    interrupted: Run | None = None
    newest: Run | None = None
    told: str = ""

    @property
    def envelope(self) -> Path:
        return self.stack.folder.parent / "sobre.txt"

    def recover(self, sheet: str | None = None) -> subprocess.CompletedProcess[str]:
        """Do what docs/disaster.md says, with the envelope as it was scanned."""
        self.envelope.write_text(self.stack.sheet if sheet is None else sheet)
        return subprocess.run(
            ["scripts/recover", self.envelope],
            cwd=self.stack.folder,
            stderr=subprocess.STDOUT,
            stdout=subprocess.PIPE,
            text=True,
            timeout=RECOVER_SECONDS,
        )


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """A living stack that has saved itself twice, the second time with a run under way."""
    missing = what_is_missing()
    if missing:
        pytest.exit(f"make e2e needs a docker engine with compose, and {missing}", returncode=2)
    folder = Path(tempfile.mkdtemp(prefix="respaldo-e2e-"))
    folder.chmod(0o755)
    stack = Stack(folder / "clone", f"respaldo-e2e-disaster-{os.getpid()}", free_port())
    told = Story(stack)
    try:
        _live(told)
        yield told
    except BaseException:
        if stack.folder.exists():
            stack.report(PROJECT / "var" / "e2e" / "disaster.log")
        raise
    finally:
        if "RESPALDO_E2E_KEEP" in os.environ:
            print(f"\nthe stack of the disaster: {stack.folder}")  # noqa: T201
        elif stack.folder.exists():
            stack.down()


def _live(story: Story) -> None:
    stack = story.stack
    stack.clone()
    stack.configure()
    stack.build()
    # Of another installation is what a second set of secrets is.
    story.other_sheet = said("scripts/init-secrets", at=stack.folder)
    shutil.rmtree(stack.folder / "secrets")
    stack.make_secrets()
    stack.data.mkdir()
    scopes_kit.fill(stack.data / scopes_kit.DOCUMENTS)
    stack.write(scopes_kit.DOCUMENTS, scopes_kit.settings(scopes_kit.DOCUMENTS))
    stack.write(UNDER_WAY, scopes_kit.held(UNDER_WAY))
    stack.up()
    for scope in (scopes_kit.DOCUMENTS, CONFIGURATION, ITSELF, ARCHIVE, UNDER_WAY):
        wait_for_dag(stack, scope)
    stack.one("scheduler").said("tee", DOCUMENT, given="octubre")
    saved = (scopes_kit.DOCUMENTS, CONFIGURATION, ITSELF, ARCHIVE)
    for run in [trigger(stack, scope) for scope in saved]:
        assert finish(stack, run).state == "success"
    with held(stack, UNDER_WAY, UPLOAD) as (story.interrupted, _):
        story.newest = trigger(stack, ITSELF)
        see_one_good_copy(stack, story.newest, finish(stack, story.newest))
        story.rows = {row["clave"]: row for row in stack.rows()}
        _end(stack)


def _end(stack: Stack) -> None:
    """Let nothing be left of the server but the repositories; the sheet lies in its envelope."""
    # It is entered with a password that goes with it.
    stack.__dict__.pop("api", None)
    said("docker", "kill", *(one.id for one in stack.all() if one.is_running))
    stack.compose("--profile", "*", "down", "--remove-orphans", "--timeout", "1")
    kept = {f"{stack.project}_copias_principal", f"{stack.project}_copias_secundario"}
    label = f"label=com.docker.compose.project={stack.project}"
    there = set(said("docker", "volume", "ls", "--quiet", "--filter", label).split())
    assert kept < there
    said("docker", "volume", "rm", *(there - kept))
    shutil.rmtree(stack.folder)


def test_an_envelope_with_a_mistake_is_refused_and_nothing_is_written(story):
    story.stack.clone()
    story.stack.configure()
    line = next(line for line in story.stack.sheet.splitlines() if line.startswith("master_principal "))
    wrong = line[:24] + ("3" if line[24] == "2" else "2") + line[25:]
    ended = story.recover(story.stack.sheet.replace(line, wrong))
    assert ended.returncode == 1
    assert "master_principal: tiene una letra equivocada" in ended.stdout
    _see_nothing(story)


def test_the_envelope_of_another_installation_is_refused_and_nothing_is_left(story):
    ended = story.recover(story.other_sheet)
    assert ended.returncode == 1, ended.stdout
    assert "Este sobre no abre las copias" in ended.stdout
    _see_nothing(story)


def _see_nothing(story: Story) -> None:
    for name in ("secrets", "config", ".recovering"):
        assert not (story.stack.folder / name).exists(), name
    assert story.stack.all() == []


def test_a_recovery_that_is_killed_midway_is_gone_on_with(story):
    _damage_newest(story)
    story.envelope.write_text(story.stack.sheet)
    begun, log = time.monotonic(), story.envelope.with_name("log")
    with log.open("w") as out:
        running = subprocess.Popen(
            ["scripts/recover", story.envelope],
            cwd=story.stack.folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        wait_until(lambda: "Base de datos airflow" in log.read_text(), "the first database to be back")
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(30)
    ended = story.recover()
    story.told = log.read_text() + ended.stdout
    print(f"\n{story.told}\n{time.monotonic() - begun:.0f} s with the kill")  # noqa: T201
    assert ended.returncode == 0, story.told
    assert "Hay una recuperación empezada: se sigue con ella." in ended.stdout


def _damage_newest(story: Story) -> None:
    """Flip the bits of a byte in each piece that only the newest copy in the first repository has."""
    code = (
        "set -e; cd /repositories/respaldo_bases/data; newest=$(ls -t */* | head -1);"
        " size=$(stat -c %s $newest); chmod u+w $newest;"
        " printf '\\377\\377\\377\\377' | dd of=$newest bs=1 seek=$((size / 2)) conv=notrunc status=none"
    )
    volume = f"{story.stack.project}_copias_principal:/repositories"
    said("docker", "run", "--rm", "--user", "0", "-v", volume, "debian:trixie-slim", "sh", "-c", code)


def test_what_was_damaged_is_told_and_the_second_copy_is_taken(story):
    assert re.search(r"No sirve la del .* en «principal»", story.told)
    assert re.search(r"respaldo_bases: se lee entera la del .* en «secundario»", story.told)


def test_the_history_is_back_and_whole(story):
    stack = story.stack
    wait_until(stack.is_healthy, "the new stack to be healthy", 300, pause=1)
    assert stack.respaldo("verify-log")
    rows = {row["clave"]: row for row in stack.rows()}
    assert set(story.rows) <= set(rows)
    ended = [
        key for key, row in story.rows.items() if row["alcance_id"] in (scopes_kit.DOCUMENTS, CONFIGURATION)
    ]
    assert ended
    assert all(rows[key] == story.rows[key] for key in ended)


def test_the_administrator_enters_with_the_new_password(story):
    assert story.stack.api.get("dags/backup__documentos")["dag_id"] == "backup__documentos"


def test_what_was_under_way_ends_well_and_once(story):
    assert story.interrupted is not None
    outcome: Outcome = finish(story.stack, story.interrupted)
    assert outcome.tries["execute"] == 2
    see_one_good_copy(story.stack, story.interrupted, outcome)


def test_the_copy_in_which_all_came_back_was_under_way_in_itself_and_tells_what_was_damaged(story):
    """It found its own snapshots again, and one of them is the damaged one."""
    assert story.newest is not None
    outcome = finish(story.stack, story.newest)
    [row] = outcome.rows
    assert (row["causa_codigo"], outcome.tries["execute"]) == ("repository_damaged", 2)


def test_a_file_comes_back_from_a_copy_of_before(story):
    stack = story.stack
    told = stack.respaldo(
        "restore", scopes_kit.DOCUMENTS, "--path", "/srv/documentos/acta 3.txt", "--to", "/tmp/vuelto"
    )
    assert "/tmp/vuelto" in told
    there = stack.one("scheduler").said("find", "/tmp/vuelto", "-name", "acta 3.txt").strip()
    assert stack.one("scheduler").said("cat", there) == (stack.data / "documentos" / "acta 3.txt").read_text()


def test_the_archive_is_back_by_the_recovery_itself(story):
    assert story.stack.one("scheduler").said("cat", DOCUMENT) == "octubre"


def test_the_new_stack_saves_itself_and_others_with_its_new_passwords(story):
    stack = story.stack
    for run in [trigger(stack, scope) for scope in (ITSELF, CONFIGURATION, scopes_kit.DOCUMENTS)]:
        see_one_good_copy(stack, run, finish(stack, run))
    assert len(snapshots(stack, "secundario", CONFIGURATION)) >= 2
    restic(stack, "secundario", ITSELF, "check", "--read-data")


def test_a_living_system_is_never_recovered_over(story):
    before = {path: path.read_bytes() for path in (story.stack.folder / "secrets").iterdir()}
    ended = story.recover()
    assert ended.returncode == 1
    assert "aquí hay una instalación" in ended.stdout
    assert {path: path.read_bytes() for path in (story.stack.folder / "secrets").iterdir()} == before
    assert story.stack.is_well()
