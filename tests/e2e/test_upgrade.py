"""From the former version to this one, and back, with runs under way: nothing is lost.

No version came before the first. The former one here is this one without its newest migrations and with a
lower number: its report really is older, and its programs know no newer. The next version is upgraded to from
this one's tag.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e import scopes_kit
from e2e.engine_kit import facts_of, said, wait_until, what_is_missing
from e2e.runs_kit import (
    finish,
    held,
    see_one_good_copy,
    snapshots,
    state_of,
    tasks_of,
    trigger,
    wait_for_dag,
)
from e2e.scopes_kit import UPLOAD
from e2e.stack_kit import IMAGE, PROJECT, Stack
from live_kit import free_port
from respaldo.domain.values import Run
from respaldo.embedded.api import Api
from respaldo.embedded.errors import ApiError
from respaldo.texts.manual import FIELDS, RESULTS, VERDICT_FIELDS, VERDICTS

# The first test waits for two versions of the image and for the stack.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

FORMER = "0.0.9"
NEWEST = "0019"
"""The migrations from this one on are what the former version does not have."""

UPGRADE_SECONDS = 300
AWAY_SECONDS = 120
GRACE_SECONDS = 60
"""How long the former workers may end what they do: one copy is shorter, one longer."""

DISK_BYTES = 65_536
"""What fits on a full disk: less than a dump of Airflow's database."""

GOOD, SHORT, LONG, QUEUED, ASKED = "actas", "corta", "larga", "en_cola", "a_mano"
MADE = {
    "medium": "Disco azul",
    "place": "Archivo central",
    "started_at": "2026-03-14 17:00",
    "ended_at": "2026-03-14 17:30",
    "size": "12,5 GB",
    "files": "120",
}
PASSWORD = "una clave de prueba"
SET_PASSWORDS = """
import sys
from airflow.providers.fab.auth_manager.models import User
from airflow.utils.session import create_session
from sqlalchemy import select
from werkzeug.security import generate_password_hash

password = sys.stdin.read()
with create_session() as session:
    for user in session.scalars(select(User).where(User.username != "admin")).unique():
        user.password = generate_password_hash(password, "pbkdf2:sha256:1000")
"""


class Visitor(threading.Thread):
    """Opens the page again and again: for how long nobody answered, in seconds, at the most."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.address = f"{stack.address}/api/v2/version"
        self.away = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        last = time.monotonic()
        while not self._over.wait(0.3):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.address, timeout=3, trust_env=False).is_success:
                    self.away, last = max(self.away, time.monotonic() - last), time.monotonic()

    def stop(self) -> None:
        self._over.set()
        self.join()


@dataclass(frozen=True)
class Upgraded:
    """What was before an upgrade, what was under way, and what came of it."""

    stack: Stack
    rows: list[dict[str, Any]]
    """Of the form, before."""
    former: str
    """The ID of the image of before."""
    migrations: tuple[str, str]
    """The newest of the report, before and after."""
    versions: tuple[str, str]
    seconds: float
    away: float
    told: str
    told_another: str
    """What who gave the order at the same time was told."""
    runs: dict[str, Run]

    @property
    def kept(self) -> str:
        """Where the databases of before are, as the order told it."""
        return re.findall(r"var/upgrade/\S+", self.told)[-1]


@pytest.fixture(scope="module")
def upgraded(beside):
    missing = what_is_missing()
    if missing:
        pytest.exit(f"make e2e needs a docker engine with compose, and {missing}", returncode=2)
    folder = Path(tempfile.mkdtemp(prefix="respaldo-e2e-"))
    folder.chmod(0o755)
    stack = Stack(folder / "clone", f"respaldo-e2e-upgrade-{os.getpid()}", free_port())
    try:
        _make_former(stack)
        yield _upgrade(stack)
    except BaseException:
        if stack.folder.exists():
            stack.report(PROJECT / "var" / "e2e" / "upgrade.log")
        raise
    finally:
        if "RESPALDO_E2E_KEEP" in os.environ:
            print(f"\nupgraded in {stack.folder}")  # noqa: T201
        elif stack.folder.exists():
            stack.down()


def _make_former(stack: Stack) -> None:
    stack.clone()
    _check_out_former(stack)
    # One worker does all that is asked of it here.
    few = {"RESPALDO_WORKERS": "1", "RESPALDO_STOP_GRACE": f"{GRACE_SECONDS}s"}
    stack.configure(RESPALDO_IMAGE=f"{IMAGE}-upgrade", **few)
    stack.build()
    stack.make_secrets()
    stack.data.mkdir()
    for scope in (GOOD, QUEUED):
        scopes_kit.fill(stack.data / scope)
    stack.write(GOOD, scopes_kit.settings(GOOD))
    stack.write(QUEUED, scopes_kit.settings(QUEUED, queue="sede"))
    for scope in (SHORT, LONG):
        stack.write(scope, scopes_kit.held(scope))
    by_hand = ("repository", "second_copy", "source", "verify", "retries")
    asked = {name: value for name, value in scopes_kit.settings(ASKED).items() if name not in by_hand}
    asked |= {
        "mode": "manual",
        "verifier": "infraestructura",
        "what": "Las actas",
        "instructions": "Cópielas.",
    }
    stack.write(ASKED, asked)
    for scope in ("archivo_fm007", "respaldo_configuracion"):
        # They would begin by themselves, and are looked at elsewhere.
        (stack.config / "scopes" / f"{scope}.yaml").unlink()
    stack.compose("up", "--detach", "--no-build")
    stack.one("scheduler").said("python", "-c", SET_PASSWORDS, given=PASSWORD)


def _check_out_former(stack: Stack) -> None:
    """Put the former version into the clone."""
    for file in (stack.folder / "include/respaldo/report/migrations").glob("*.sql"):
        if file.name >= NEWEST:
            file.unlink()
    for name in ("pyproject.toml", "include/respaldo/__init__.py", "docker-compose.yaml"):
        file = stack.folder / name
        text = re.sub(r'(?m)^((?:__)?version(?:__)? = )".+"$', rf'\1"{FORMER}"', file.read_text())
        file.write_text(re.sub(r"\$\{RESPALDO_VERSION:-[^}]+\}", f"${{RESPALDO_VERSION:-{FORMER}}}", text))


def _check_out_this(stack: Stack) -> None:
    said("git", "checkout", "--quiet", ".", at=stack.folder)


def _upgrade(stack: Stack) -> Upgraded:
    for scope in (GOOD, SHORT, LONG, QUEUED, ASKED):
        wait_for_dag(stack, scope)
    runs = {scope: trigger(stack, scope) for scope in (GOOD, QUEUED, ASKED)}
    with held(stack, LONG, UPLOAD) as (runs[LONG], _), contextlib.ExitStack() as short:
        runs[SHORT], _ = short.enter_context(held(stack, SHORT, UPLOAD))
        see_one_good_copy(stack, runs[GOOD], finish(stack, runs[GOOD]))
        wait_until(lambda: _asked(stack, runs[ASKED]) == ["perform"], "the question")
        wait_until(lambda: "queued" in _states(stack, runs[QUEUED]), "a task in the queue")
        before = _newest(stack), _version(stack), stack.rows(GOOD)
        former = stack.one("worker").facts["Image"]
        _check_out_this(stack)
        visitor = Visitor(stack)
        visitor.start()
        begun = time.monotonic()
        with _ordered(stack) as order:
            try:
                wait_until(lambda: "terminan lo que hacen" in order.told, "the relief", UPGRADE_SECONDS)
                short.close()
                told_another = _refused(stack)
                order.end_well()
            finally:
                visitor.stop()
        took = time.monotonic() - begun
    after = _newest(stack), _version(stack)
    figures = {"upgrade_seconds": round(took, 1), "away_seconds": round(visitor.away, 1)}
    print(f"\n{json.dumps(figures)}\n{order.told}")  # noqa: T201
    return Upgraded(
        stack=stack,
        rows=before[2],
        former=former,
        migrations=(before[0], after[0]),
        versions=(before[1], after[1]),
        seconds=took,
        away=visitor.away,
        told=order.told,
        told_another=told_another,
        runs=runs,
    )


@dataclass(frozen=True)
class Order:
    """The order, given and not yet done."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def told(self) -> str:
        """What it said so far. It has not failed."""
        told = self.log.read_text()
        assert self.process.poll() in (None, 0), told[-3000:]
        return told

    def end_well(self) -> None:
        self.process.wait(UPGRADE_SECONDS)
        assert self.told

    def cut_short(self, by: signal.Signals, *, all_of_it: bool = False) -> tuple[int, str]:
        """Send a signal to it, or to all that it started too; give how it ended, and what it said."""
        os.killpg(self.process.pid, by) if all_of_it else self.process.send_signal(by)
        status = self.process.wait(UPGRADE_SECONDS)
        return status, self.log.read_text()


@contextlib.contextmanager
def _ordered(stack: Stack, *options: str) -> Iterator[Order]:
    log = stack.folder.with_name("order.log")
    with log.open("w") as told:
        words = ["scripts/upgrade", *options]
        process = subprocess.Popen(words, cwd=stack.folder, stdout=told, stderr=told, start_new_session=True)
    try:
        yield Order(process, log)
    finally:
        process.kill()
        process.wait()


def _newest(stack: Stack) -> str:
    return stack.sql("respaldo", "SELECT max(name) FROM respaldo.schema_migration").strip()


def _version(stack: Stack) -> str:
    said_by = stack.one("scheduler").said("python", "-c", "import respaldo; print(respaldo.__version__)")
    return said_by.strip()


def _states(stack: Stack, run: Run) -> set[str]:
    return {task["state"] for task in tasks_of(stack, run)}


def _hitl(run: Run, task: str) -> str:
    return f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task}/-1/hitlDetails"


def _asked(stack: Stack, run: Run) -> list[str]:
    """Name the tasks of a run that wait for somebody."""
    path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/hitlDetails"
    with contextlib.suppress(ApiError):
        found = stack.api.get(path, state="awaiting_input", response_received=False)["hitl_details"]
        return [one["task_instance"]["task_id"] for one in found]
    return []


def _answer(stack: Stack, run: Run, task: str, user: str, option: str, fields: dict[str, Any]) -> None:
    """Answer a question, again while Airflow drops what comes too soon after it."""
    api = Api(stack.address, user, PASSWORD)

    def is_taken() -> bool:
        with contextlib.suppress(ApiError):
            api.patch(_hitl(run, task), {"chosen_options": [option], "params_input": fields})
        time.sleep(3)
        return task not in _asked(stack, run)

    wait_until(lambda: task in _asked(stack, run), f"the question {task}")
    wait_until(is_taken, f"the answer to {task}", 120)


# --- the upgrade


def test_it_is_done_in_minutes_and_the_page_is_away_for_less(upgraded):
    assert upgraded.versions == (FORMER, _version(upgraded.stack))
    assert upgraded.versions[1] != FORMER
    assert upgraded.migrations[0] < NEWEST <= upgraded.migrations[1]
    assert upgraded.seconds < UPGRADE_SECONDS, upgraded.told
    assert upgraded.away < AWAY_SECONDS, upgraded.told


def test_everything_runs_that_ran_and_is_of_this_version(upgraded):
    stack = upgraded.stack
    wait_until(stack.is_well, "the stack to be well")
    images = {facts["Config"]["Image"] for facts in facts_of(stack.all())}
    assert [image for image in images if image.endswith(f":{FORMER}")] == []
    assert len(stack.each("worker")) == 1


def test_it_is_not_done_twice_at_once(upgraded):
    assert "Otra actualización está corriendo" in upgraded.told_another


def test_the_rows_of_before_are_the_same(upgraded):
    assert upgraded.stack.rows(GOOD) == upgraded.rows
    assert upgraded.stack.respaldo("verify-log")


def test_databases_are_kept_for_nobody_else_to_read(upgraded):
    kept = upgraded.stack.folder / upgraded.kept
    assert {file.name for file in kept.iterdir()} == {"airflow.dump", "respaldo.dump", "image"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (kept, *kept.iterdir()))


def test_what_waited_in_a_queue_goes_on_waiting_for_its_worker(upgraded):
    stack, run = upgraded.stack, upgraded.runs[QUEUED]
    assert state_of(stack, run) == "running"
    assert "queued" in _states(stack, run)
    # What it does with it is seen below: meanwhile others are answered.
    stack.compose("--profile", "sede", "up", "--detach", "--no-build", "--no-deps", "worker-sede")


def test_a_question_of_before_is_answered_and_its_run_goes_on(upgraded):
    stack, run = upgraded.stack, upgraded.runs[ASKED]
    _answer(stack, run, "perform", "soporte", RESULTS["made"], dict.fromkeys(FIELDS) | MADE)
    looked = dict.fromkeys(VERDICT_FIELDS) | {"observations": "Abre"}
    _answer(stack, run, "verify", "infraestructura", VERDICTS["good"], looked)
    outcome = finish(stack, run)
    assert outcome.state == "success", outcome
    assert len(outcome.rows) == 1


def test_a_copy_that_its_worker_can_end_goes_on(upgraded):
    outcome = finish(upgraded.stack, upgraded.runs[SHORT])
    assert outcome.tries["execute"] == 1, outcome
    see_one_good_copy(upgraded.stack, upgraded.runs[SHORT], outcome)


def test_a_copy_that_lasts_is_taken_up_by_a_worker_of_this_version_and_made_once(upgraded):
    outcome = finish(upgraded.stack, upgraded.runs[LONG])
    assert outcome.tries["execute"] == 2, outcome
    see_one_good_copy(upgraded.stack, upgraded.runs[LONG], outcome)


def test_what_waited_in_a_queue_runs_when_its_worker_comes(upgraded):
    stack, run = upgraded.stack, upgraded.runs[QUEUED]
    see_one_good_copy(stack, run, finish(stack, run))


# --- what does not end well


def _refused(stack: Stack, *options: str, **more: Any) -> str:
    """Give the order, see that it fails, and give what it says."""
    words = ["scripts/upgrade", *options]
    done = subprocess.run(words, cwd=stack.folder, capture_output=True, text=True, timeout=600, **more)
    assert done.returncode == 1, done.stderr[-3000:]
    return done.stderr


def _begun(stack: Stack, *services: str) -> list[str]:
    """Say when containers were begun, those of some services only, or all."""
    facts = facts_of([one for one in stack.all() if one.service in services or not services])
    return [each["State"]["StartedAt"] for each in facts]


def test_a_configuration_that_does_not_serve_is_told_before_anything_stops(upgraded):
    stack = upgraded.stack
    before = _begun(stack)
    stack.write("roto", scopes_kit.settings("roto", rpo="mucho"))
    try:
        told = _refused(stack)
    finally:
        (stack.config / "scopes" / "roto.yaml").unlink()
    assert "roto.yaml" in told
    assert "Todo sigue como estaba." in told
    assert _begun(stack) == before


def test_a_secret_that_is_missing_is_told_before_anything_stops(upgraded):
    stack = upgraded.stack
    before, kept = _begun(stack), stack.folder.with_name("session_secret_key")
    secret = stack.folder / "secrets" / kept.name
    shutil.move(secret, kept)
    try:
        told = _refused(stack)
    finally:
        shutil.move(kept, secret)
    assert told.count("scripts/init-secrets --renew ") == 1
    assert f"--renew {secret.name}\n" in told
    assert "Todo sigue como estaba." in told
    assert _begun(stack) == before


def _fill_the_disk() -> None:
    # Told of as a full disk is, and not by a signal.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))


def test_on_a_full_disk_nothing_is_left_and_all_goes_on_as_before(upgraded):
    stack = upgraded.stack
    before, ids = _begun(stack, "worker", "init"), [one.id for one in stack.all()]
    kept = sorted((stack.folder / "var" / "upgrade").iterdir())
    told = _refused(stack, "--without-copy", preexec_fn=_fill_the_disk)
    assert "Arrancando otra vez la versión anterior" in told
    assert sorted((stack.folder / "var" / "upgrade").iterdir()) == kept
    assert _begun(stack, "worker", "init") == before
    assert [one.id for one in stack.all() if one.is_running or one.service == "init"] == ids


# --- and back


def test_the_way_back_is_refused_to_another_version(upgraded):
    # What a full disk had stopped is just coming back.
    wait_until(upgraded.stack.is_well, "all to be well")
    assert FORMER in _refused(upgraded.stack, "--back", upgraded.kept)
    assert upgraded.stack.is_well()


def test_the_way_back_is_refused_where_a_dump_is_not_whole(upgraded):
    stack = upgraded.stack
    _check_out_former(stack)
    before = _begun(stack)
    broken = stack.folder.with_name("cortado")
    shutil.copytree(stack.folder / upgraded.kept, broken)
    dump = broken / "respaldo.dump"
    os.truncate(dump, dump.stat().st_size - 1000)
    assert "respaldo.dump no es un volcado entero" in _refused(stack, "--back", str(broken))
    assert _begun(stack) == before


def test_the_way_back_that_is_cut_short_leaves_the_databases_and_starts_what_there_was(upgraded):
    stack = upgraded.stack
    with _ordered(stack, "--back", upgraded.kept) as order:
        wait_until(lambda: "la base respaldo" in order.told, "the second database", 60, pause=0.1)
        status, told = order.cut_short(signal.SIGTERM)
    assert status == 128 + signal.SIGTERM, told
    assert "Las bases no cambiaron" in told
    assert _databases(stack) == {"airflow", "respaldo"}
    assert _newest(stack) == upgraded.migrations[1]
    assert len([one for one in stack.all() if one.is_running]) == len(stack.all()) - 1


def test_the_way_back_goes_on_where_it_was_killed_and_leads_to_what_was(upgraded):
    stack = upgraded.stack
    # Somebody made an image under that version's name again.
    said("docker", "tag", stack.one("worker").facts["Image"], f"{IMAGE}-upgrade:{FORMER}")
    with _ordered(stack, "--back", upgraded.kept) as order:
        wait_until(lambda: order.told and _aside(stack), "the exchange", 60, pause=0)
        order.cut_short(signal.SIGKILL, all_of_it=True)
    databases = _databases(stack)
    assert not [name for name in databases if name.endswith("_back")]
    with _ordered(stack, "--back", upgraded.kept) as order:
        order.end_well()
    print(f"\n{order.told}")  # noqa: T201
    assert "Devolviendo" not in order.told
    assert _databases(stack) == databases
    assert (_newest(stack), _version(stack)) == (upgraded.migrations[0], FORMER)
    assert {facts["Image"] for facts in facts_of([stack.one("worker"), stack.one("worker-sede")])} == {
        upgraded.former
    }
    assert stack.rows(GOOD) == upgraded.rows


def test_the_way_back_ends_what_was_under_way(upgraded):
    stack = upgraded.stack
    for scope in (SHORT, LONG):
        # Their copies are there: the attempt that follows finds them.
        see_one_good_copy(stack, upgraded.runs[scope], finish(stack, upgraded.runs[scope]))
    assert _asked(stack, upgraded.runs[ASKED]) == ["perform"]
    # It ran after the upgrade, which nobody knows any more: it is queued anew, and runs again.
    again = finish(stack, upgraded.runs[QUEUED])
    assert again.state == "success", again
    [row] = again.rows
    assert row["copia"][0] in {one["id"] for one in snapshots(stack, "principal", QUEUED)}
    assert stack.respaldo("verify-log")


def _databases(stack: Stack) -> set[str]:
    named = stack.sql("postgres", "SELECT datname FROM pg_database WHERE datname ~ '^(airflow|respaldo)'")
    return set(named.split())


def _aside(stack: Stack) -> set[str]:
    return {name for name in _databases(stack) if re.search(r"_\d{8}_\d{6}$", name)}
