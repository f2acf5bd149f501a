"""A live installation for tests: a real scheduler, real tasks, real repositories, and what one asks of it."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from pydantic import SecretStr

from respaldo.domain.values import Run
from respaldo.embedded.configured import settings_of
from respaldo.embedded.environment import of_programs
from respaldo.embedded.errors import ApiError
from respaldo.embedded.installation import Installation
from respaldo.embedded.layout import Layout
from respaldo.embedded.settings import Memory
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.restic.passwords import derive_password

PROJECT = Path(__file__).parents[1]
PATIENCE_SECONDS = 600
"""More than a run waits for a lock that somebody alive holds."""

ORGANIZATION = {
    "name": "Alcaldía de prueba",
    "process": "Gestión TICS",
    "timezone": "America/Bogota",
    "form": {"version": "03", "date": "2022-02-03"},
    "roles": {
        "director": {"title": "Director TICS", "users": ["director"]},
        "servidores": {"title": "Especialista en servidores", "users": ["servidores", "colega"]},
        "soporte": {"title": "Soporte", "users": ["soporte"]},
        "infraestructura": {"title": "Infraestructura", "users": ["infraestructura"]},
        "profesional": {"title": "Profesional especializado", "users": ["profesional"]},
        "taller": {
            "title": "Taller",
            "users": ["tecnico", "tecnica"],
            "duties": ["copies", "verification"],
        },
    },
}

Settings = dict[str, Any]


def scope_settings(scope: str, others: Settings) -> Settings:
    """Give a scope of files in two repositories, ``others`` in the place of what they name."""
    return {
        "name": f"Alcance {scope}",
        "department": "Sistemas",
        "criticality": "media",
        "rpo": "26h",
        "rto": "4h",
        "responsible": "soporte",
        "source": {"kind": "files", "paths": [f"${{RESPALDO_HOME}}/sources/{scope}"]},
        "repository": "principal",
        "second_copy": "secundario",
        "retention": {"daily": "7d"},
        "verify": {"probe_files": 3},
        "retries": {"attempts": 3, "delay": "1s"},
    } | others


def repository_settings(name: str) -> Settings:
    return {
        "location": f"${{RESPALDO_HOME}}/repositories/{name}",
        "connection": f"respaldo_{name}",
        "site": "Sede",
        "medium": "disco",
        "slots": 8,
    }


@dataclass(frozen=True)
class Outcome:
    """What Airflow and the report say of a run that is over."""

    state: str
    tasks: dict[str, str]
    tries: dict[str, int]
    row: dict[str, Any] | None


@dataclass
class Live:
    """The installation, and what a test asks of it."""

    installation: Installation
    switched_on: set[str] = field(default_factory=set)

    @property
    def home(self) -> Path:
        return self.installation.layout.home

    @property
    def config(self) -> Path:
        return self.installation.layout.config

    @property
    def report(self) -> Report:
        return Report(self.installation.endpoint("respaldo"), Spool(self.home / "spool"))

    def scope_file(self, scope: str) -> Path:
        return self.config / "scopes" / f"{scope}.yaml"

    def source(self, scope: str) -> Path:
        return self.home / "sources" / scope

    def location(self, repository: str, scope: str) -> Path:
        return self.home / "repositories" / repository / scope

    def fill(self, scope: str, megabytes: int = 1) -> None:
        """Make a source of some small files and one of random data."""
        folder = self.source(scope) / "carpeta"
        folder.mkdir(parents=True)
        for number in range(20):
            (folder / f"acta {number}.txt").write_text(f"{scope} {number}\n" * 50)
        with (folder / "datos.bin").open("wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))

    def trigger(self, scope: str, **conf: Any) -> Run:
        """Start a run as somebody would with the form."""
        dag_id = f"backup__{scope}"
        if scope not in self.switched_on:
            self.installation.api.patch(f"dags/{dag_id}", {"is_paused": False})
            self.switched_on.add(scope)
        body = {"logical_date": None, "conf": conf}
        made = self.installation.api.post(f"dags/{dag_id}/dagRuns", body)
        return Run(dag_id=dag_id, run_id=made["dag_run_id"], scope_id=scope)

    def state(self, run: Run) -> str:
        return str(self.installation.api.get(f"dags/{run.dag_id}/dagRuns/{run.run_id}")["state"])

    def give_up(self, run: Run) -> None:
        """Mark a run as failed: again where the scheduler had hold of it, which Airflow answers with 500."""
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}"

        def is_marked() -> bool:
            with contextlib.suppress(ApiError):
                self.installation.api.patch(path, {"state": "failed"})
                return True
            return False

        wait_until(is_marked, f"{run.scope_id} to be given up", 0.5)

    def end_of(self, run: Run) -> str:
        """Wait until a run is over, and give its state."""
        wait_until(lambda: self.state(run) in ("success", "failed"), f"{run.scope_id} to be over", 0.5)
        return self.state(run)

    def finish(self, run: Run) -> Outcome:
        """Wait until a run is over, and look at all of it."""
        state = self.end_of(run)
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        tasks = self.installation.api.get(path)["task_instances"]
        return Outcome(
            state=state,
            tasks={task["task_id"]: task["state"] for task in tasks},
            tries={task["task_id"]: task["try_number"] for task in tasks},
            row=self.report.row(run.key),
        )

    def finish_all(self, scopes: Sequence[str]) -> dict[str, Outcome]:
        """Run scopes at the same time."""
        runs = [self.trigger(scope) for scope in scopes]
        return {run.scope_id: self.finish(run) for run in runs}

    def password(self, repository: str, scope: str) -> str:
        master = SecretStr(self.installation.master_secret(repository))
        return derive_password(master, repository, scope).get_secret_value()

    def restic(self, repository: str, scope: str, *arguments: str | Path) -> str:
        """Call restic as somebody would who has only the master secret."""
        done = subprocess.run(
            [_restic(), "--repo", self.location(repository, scope), "--no-cache", "--no-lock", *arguments],
            env=os.environ | {"RESTIC_PASSWORD": self.password(repository, scope)},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def start_restic(
        self, repository: str, scope: str, *arguments: str | Path, at: Path | None = None, **how: Any
    ) -> subprocess.Popen[bytes]:
        """Start a restic that takes locks, and do not wait for it.

        :param at: where the repository is, if it is not where the scope's is.
        """
        return subprocess.Popen(
            [_restic(), "--repo", at or self.location(repository, scope), "--no-cache", *arguments],
            env=os.environ | {"RESTIC_PASSWORD": self.password(repository, scope)},
            **how,
        )

    def snapshots(self, repository: str, scope: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.restic(repository, scope, "snapshots", "--json"))
        return sorted(found, key=lambda snapshot: snapshot["time"])

    def restored(self, repository: str, scope: str, target: Path) -> Path:
        """Restore the newest snapshot of a scope of files, and give the folder that its source became."""
        self.restic(repository, scope, "restore", "latest", "--target", target)
        return Path(f"{target}{self.source(scope)}")

    def sql(self, database: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the embedded server as its superuser."""
        import psycopg

        endpoint = self.installation.endpoint(database)
        with psycopg.connect(
            host=endpoint.host, user=endpoint.user, dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def dropped_answers(self, run_id: str, task: str) -> int:
        """Count the answers to a question that Airflow dropped.

        A task's process lives some seconds longer than the task that parks; where the answer is there before
        its end, Airflow's scheduler takes the task for one that was killed, drops the answer and asks again.
        """
        [(times,)] = self.sql(
            "airflow",
            "SELECT count(*) FROM log WHERE event = 'state mismatch' AND run_id = %s AND task_id = %s",
            run_id,
            task,
        )
        return int(times)

    def restic_process(self, verb: str, scope: str) -> psutil.Process | None:
        """Find the restic that does ``verb`` for a scope, in this installation."""
        begins, ends = f"{self.home}/repositories/", f"/{scope}"
        for process in psutil.process_iter(["name", "cmdline"]):
            words = process.info["cmdline"] or []
            its_own = any(word.startswith(begins) and word.endswith(ends) for word in words)
            if process.info["name"] == "restic" and verb in words and its_own:
                return process
        return None

    def respaldo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Give a command as somebody would who has sourced the file ``env``."""
        environment = of_programs(self.installation.layout)
        return subprocess.run(
            ["respaldo", *arguments], env=environment, capture_output=True, text=True, check=False
        )

    def reparse(self, scope: str) -> None:
        """Have the DAG file read again now, not at its next turn, and wait for it."""
        path = f"dags/backup__{scope}"
        before = self.installation.api.get(path)
        self.installation.api._call("PUT", f"parseDagFile/{before['file_token']}")
        wait_until(
            lambda: self.installation.api.get(path)["last_parsed_time"] > before["last_parsed_time"],
            "the DAG file to be read",
            0.2,
        )

    def logs(self) -> str:
        folder = self.home / "airflow" / "logs"
        return "\n".join(file.read_text(errors="replace") for file in folder.rglob("*.log"))


def wait_until(is_so: Callable[[], object], what: str, pause: float = 0.01) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(pause)


class Eavesdropper(threading.Thread):
    """Reads, as long as it runs, what everybody on the machine can see of our processes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.heard: set[bytes] = set()
        self.programs: set[str] = set()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.02):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    arguments = (folder / "cmdline").read_bytes()
                    name = (folder / "comm").read_text().strip()
                    self.heard.add(arguments)
                    if name in ("restic", "pg_dump", "pg_dumpall", "pg_restore"):
                        self.programs.add(name)
                        self.heard.add((folder / "environ").read_bytes())
                except OSError:
                    continue

    def stop(self) -> None:
        self._over.set()
        self.join()


@functools.cache
def _restic() -> str:
    script = PROJECT / "scripts" / "ensure-restic"
    return subprocess.run([script, "restic"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def write_yaml(file: Path, content: Settings) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, allow_unicode=True))


def write_configuration(
    config: Path, repositories: Mapping[str, Settings], scopes: Mapping[str, Settings], **organization: Any
) -> None:
    """Write what an installation reads; scopes only say in what they are not like every other."""
    write_yaml(config / "organization.yaml", ORGANIZATION | organization)
    write_yaml(config / "repositories.yaml", dict(repositories))
    for scope, others in scopes.items():
        write_yaml(config / "scopes" / f"{scope}.yaml", scope_settings(scope, others))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _knows_all(live: Live, dags: int) -> bool:
    try:
        return bool(live.installation.api.get("dags", limit=1)["total_entries"] >= dags)
    except (ApiError, httpx.HTTPError):
        return False


@contextlib.contextmanager
def new_home(name: str) -> Iterator[Path]:
    """Make the folder of an installation, for some time."""
    # Not pytest's own folder: that one is closed to other users, and PostgreSQL may have to be another.
    home = Path(tempfile.mkdtemp(prefix=f"respaldo-{name}-", dir="/tmp"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def started(
    layout: Layout, dags: int, before: Callable[[Live], None] = lambda _: None, manager: str = "simple"
) -> Iterator[Live]:
    """Start an installation, and give it when it knows so many DAGs.

    :param before: done when the servers run, while Airflow still reads its DAGs.
    :param manager: Airflow's manager of users, simple or fab.
    """
    _restic()
    live = Live(Installation(layout))
    try:
        layout.make_folders()
        # Installations that start at the same moment would find the same first free port.
        Memory(port=free_port()).write(layout.run / "memory.json")
        with pytest.MonkeyPatch.context() as patch:
            # An installation that starts changes the environment; the other tests have their own.
            for name in ("RESPALDO_HOME", "RESPALDO_CONFIG", "AIRFLOW_HOME", "PATH"):
                patch.setenv(name, os.environ.get(name, ""))
            live.installation.start(settings_of(layout).model_copy(update={"manager": manager}))
        before(live)
        wait_until(lambda: _knows_all(live, dags), "the DAGs", 0.5)
        yield live
    finally:
        live.installation.stop()
        shutil.rmtree(layout.sockets, ignore_errors=True)
