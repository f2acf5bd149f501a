"""The server is gone, with all that it had but the repositories and the envelope: `docs/disaster.md`.

One story, told by tests that follow each other: a living stack with its history, its end, an envelope that is
refused, a recovery that is cut short and meets an impatient hand, and the stack that came back. Copies that
are damaged and envelopes of other installations are in `tests/contract/test_recovering.py`.
"""

from __future__ import annotations

import os
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
from e2e.runs_kit import (
    begun_by_itself,
    finish,
    held,
    restic,
    see_one_good_copy,
    state_of,
    trigger,
    wait_for_dag,
)
from e2e.scopes_kit import DOCUMENTS, UPLOAD
from e2e.stack_kit import PROJECT, Stack
from live_kit import free_port
from respaldo.domain.values import Run

# The first test waits for the image and for the stack.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ITSELF, CONFIGURATION, ARCHIVE = scopes_kit.ITSELF
DOCUMENT = "/var/lib/respaldo/archivo/2026-10.txt"
UNDER_WAY = "en_curso"
RUN_SECONDS, RECOVER_SECONDS = 240, 400


@dataclass
class Story:
    """What one test hands on to the next."""

    stack: Stack
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of the form, when the server was lost."""
    under_way: list[Run] = field(default_factory=list)
    """In the copy in which all came back."""
    later: list[Run] = field(default_factory=list)
    """Of the stack that came back."""

    @property
    def envelope(self) -> Path:
        return self.stack.folder.parent / "sobre.txt"

    def begin_to_recover(self, sheet: str | None = None) -> subprocess.Popen[str]:
        """Do what docs/disaster.md says, with the envelope as it was scanned."""
        self.envelope.write_text(self.stack.sheet if sheet is None else sheet)
        return subprocess.Popen(
            ["scripts/recover", self.envelope],
            cwd=self.stack.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )

    def recover(self, sheet: str | None = None) -> tuple[int, str]:
        """Give how it ends, and all that it says."""
        running = self.begin_to_recover(sheet)
        told, _ = running.communicate(timeout=RECOVER_SECONDS)
        return running.returncode, told


@pytest.fixture(scope="module")
def story(request: pytest.FixtureRequest, beside: None) -> Iterator[Story]:
    """A living stack that has saved itself twice, the second time with a run under way; it is gone."""
    missing = what_is_missing()
    if missing:
        pytest.exit(f"make e2e needs a docker engine with compose, and {missing}", returncode=2)
    folder = Path(tempfile.mkdtemp(prefix="respaldo-e2e-"))
    folder.chmod(0o755)
    stack = Stack(folder / "clone", f"respaldo-e2e-disaster-{os.getpid()}", free_port())
    told, failed = Story(stack), request.session.testsfailed
    is_told = False
    try:
        _live(told)
        yield told
        is_told = request.session.testsfailed == failed
    finally:
        if not is_told and stack.folder.exists():
            stack.report(PROJECT / "var" / "e2e" / "disaster.log")
        if "RESPALDO_E2E_KEEP" in os.environ:
            print(f"\nthe stack of the disaster: {stack.folder}")  # noqa: T201
        elif stack.folder.exists():
            stack.down()


def _live(story: Story) -> None:
    stack = story.stack
    _clone(stack)
    stack.build()
    stack.make_secrets()
    stack.data.mkdir()
    scopes_kit.fill(stack.data / DOCUMENTS)
    stack.write(DOCUMENTS, scopes_kit.settings(DOCUMENTS))
    stack.write(UNDER_WAY, scopes_kit.held(UNDER_WAY))
    with (stack.config / "scopes" / f"{ITSELF}.yaml").open("a") as scope:
        scope.write("retries: {delay: 1s}\n")
    begun = time.monotonic()
    # Not until all checks have been made: it is used from the moment when it can be.
    stack.compose("up", "--detach", "--no-build")
    # Before there is a worker that could save it.
    stack.one("scheduler").said("tee", DOCUMENT, given="octubre")
    _note(f"the stack starts: {time.monotonic() - begun:.0f} s")
    for scope in (DOCUMENTS, UNDER_WAY):
        wait_for_dag(stack, scope)
    with held(stack, UNDER_WAY, UPLOAD) as (interrupted, _):
        runs = [trigger(stack, DOCUMENTS), *(begun_by_itself(stack, scope) for scope in scopes_kit.ITSELF)]
        for run in runs:
            wait_until(
                lambda run=run: state_of(stack, run) == "success", f"{run.scope_id} to be saved", RUN_SECONDS
            )
        newest = trigger(stack, ITSELF)
        see_one_good_copy(stack, newest, finish(stack, newest, RUN_SECONDS))
        story.under_way = [interrupted, newest]
        story.rows = {row["clave"]: row for row in stack.rows()}
        _end(stack)
    _note(f"it has lived: {time.monotonic() - begun:.0f} s")


def _clone(stack: Stack) -> None:
    stack.clone()
    # On a machine that has two processors a second worker only begins later.
    stack.configure(RESPALDO_WORKERS="1")


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


def _note(text: str) -> None:
    print(f"\n{text}", flush=True)  # noqa: T201


def test_an_envelope_with_a_mistake_is_refused_and_nothing_is_written(story):
    _clone(story.stack)
    line = next(line for line in story.stack.sheet.splitlines() if line.startswith("master_principal "))
    wrong = line[:24] + ("3" if line[24] == "2" else "2") + line[25:]
    status, told = story.recover(story.stack.sheet.replace(line, wrong))
    assert status == 1
    assert "master_principal: tiene una letra equivocada" in told
    for name in ("secrets", "config", ".recovering"):
        assert not (story.stack.folder / name).exists(), name
    assert story.stack.all() == []


def test_nothing_starts_on_what_a_recovery_left_that_was_cut_short(story):
    stack = story.stack
    _cut_short(story)
    ended = subprocess.run(
        ["docker", "compose", "up", "--detach", "--no-build"],
        cwd=stack.folder,
        capture_output=True,
        text=True,
        timeout=RECOVER_SECONDS,
    )
    assert ended.returncode != 0
    assert "Hay una recuperación sin terminar" in stack.logs("init")
    assert not any(one.is_running for one in stack.each("scheduler"))
    # Whether it has lived is not to be seen from outside; who knows it says so.
    status, told = story.recover()
    assert status == 1
    assert "nada se restaura sobre lo que vive" in told
    stack.compose("--profile", "*", "down")


def _cut_short(story: Story) -> None:
    """Pull the plug when the first of two databases is back."""
    begun, running, told = time.monotonic(), story.begin_to_recover(), []
    assert running.stdout is not None
    for line in running.stdout:
        told.append(line)
        if "Base de datos airflow" in line:
            break
    else:
        pytest.fail("".join(told))
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=30)
    project = f"label=com.docker.compose.project={story.stack.project}"
    service = "label=com.docker.compose.service=recover"
    said(
        "docker",
        "rm",
        "--force",
        *said("docker", "ps", "-q", "--filter", project, "--filter", service).split(),
    )
    assert (story.stack.folder / ".recovering").read_text() == "begun\n"
    _note(f"{''.join(told)}cut short after {time.monotonic() - begun:.0f} s")


def test_the_recovery_is_gone_on_with(story):
    begun = time.monotonic()
    status, told = story.recover()
    _note(f"{told}\n{time.monotonic() - begun:.0f} s for the rest")
    assert status == 0
    assert "Hay una recuperación empezada: se sigue con ella." in told
    assert not (story.stack.folder / ".recovering").exists()


def test_the_history_is_back_and_whole(story):
    stack = story.stack
    # They save while others look; with the new passwords.
    story.later = [trigger(stack, scope) for scope in (ITSELF, DOCUMENTS)]
    assert stack.respaldo("verify-log")
    rows = {row["clave"]: row for row in stack.rows()}
    assert set(story.rows) <= set(rows)
    ended = [key for key, row in story.rows.items() if row["alcance_id"] in (DOCUMENTS, CONFIGURATION)]
    assert len(ended) == 2
    assert all(rows[key] == story.rows[key] for key in ended)


def test_a_file_comes_back_from_a_copy_of_before(story):
    stack, path = story.stack, "/srv/documentos/acta 3.txt"
    assert "/tmp/vuelto" in stack.respaldo("restore", DOCUMENTS, "--path", path, "--to", "/tmp/vuelto")
    scheduler = stack.one("scheduler")
    there = scheduler.said("find", "/tmp/vuelto", "-name", "acta 3.txt").strip()
    assert scheduler.said("cat", there) == (stack.data / "documentos" / "acta 3.txt").read_text()


def test_the_archive_is_back_by_the_recovery_itself(story):
    assert story.stack.one("scheduler").said("cat", DOCUMENT) == "octubre"


def test_what_was_under_way_ends_well_and_once(story):
    """One run was held, and the other made the copy in which all came back."""
    for run in story.under_way:
        outcome = finish(story.stack, run, RUN_SECONDS)
        assert outcome.tries["execute"] == 2
        see_one_good_copy(story.stack, run, outcome)


def test_the_new_stack_saves_itself_and_others_with_its_new_passwords(story):
    for run in story.later:
        see_one_good_copy(story.stack, run, finish(story.stack, run, RUN_SECONDS))
    restic(story.stack, "secundario", ITSELF, "check", "--read-data")


def test_a_living_system_is_never_recovered_over(story):
    before = {path: path.read_bytes() for path in (story.stack.folder / "secrets").iterdir()}
    status, told = story.recover()
    assert status == 1
    assert "aquí hay una instalación" in told
    assert {path: path.read_bytes() for path in (story.stack.folder / "secrets").iterdir()} == before
    assert story.stack.is_well()
