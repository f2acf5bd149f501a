"""The stack of docker-compose.yaml, made from a clone of this project, and what one asks of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import yaml

from e2e import scopes_kit
from e2e.engine_kit import SECONDS, Container, containers, facts_of, said, wait_until
from respaldo.embedded.api import Api

PROJECT = Path(__file__).parents[2]
IMAGE = "respaldo-e2e"
"""Not the name of a server's own image: this one is made of what is being tested."""

ALIVE_SECONDS = 300
"""From nothing but images to a stack that does its work: so long at the most."""


@dataclass
class Stack:
    """A clone, and the compose project that runs in it."""

    folder: Path
    """Where the clone is; what the sources of its scopes are is beside it."""
    project: str
    port: int
    sheet: str = field(default="", repr=False)
    """What the making of the secrets printed: the recovery sheet."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each part of the making took."""

    @classmethod
    def found(cls, folder: Path) -> Stack:
        """Give the stack that runs in a clone already."""
        lines = (folder / ".env").read_text().splitlines()
        values = dict(line.split("=", 1) for line in lines)
        return cls(folder, values["COMPOSE_PROJECT_NAME"], int(values["RESPALDO_PORT"].split(":")[-1]))

    @property
    def data(self) -> Path:
        """What workers see as /srv, and cannot write to."""
        return self.folder.with_name("srv")

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def api(self) -> Api:
        """Airflow's REST API, entered as the administrator."""
        return Api(self.address, "admin", self.secret("admin_password"))

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text().rstrip("\n")

    # --- making and ending it

    def clone(self) -> None:
        with self._timed("clone"):
            said("git", "clone", "--quiet", PROJECT, self.folder)

    def configure(self, **more: str) -> None:
        """Write the file .env: where this stack differs from every other.

        :param more: names and values to add.
        """
        values = {
            "COMPOSE_PROJECT_NAME": self.project,
            "RESPALDO_IMAGE": IMAGE,
            "RESPALDO_PORT": f"127.0.0.1:{self.port}",
            "RESPALDO_URL": self.address,
            "RESPALDO_DATA": str(self.data),
            # Those who wait for a loss to be noticed are in a hurry here.
            "RESPALDO_SILENCE_SECONDS": "60",
            "RESPALDO_SITE_DATA": str(self.data),
        }
        lines = [f"{name}={value}\n" for name, value in (values | more).items()]
        (self.folder / ".env").write_text("".join(lines))

    def build(self) -> None:
        """Make the image."""
        with self._timed("build"):
            self.compose("build", "--quiet", "init")

    def make_secrets(self) -> None:
        """Do what the first page of the manual says: secrets, and a configuration to begin with."""
        with self._timed("secrets"):
            self.sheet = said("scripts/init-secrets", at=self.folder)

    def up(self) -> None:
        """Start all that is wanted, and wait until it does its work."""
        with self._timed("healthy"):
            self.compose("up", "--detach", "--no-build")
            wait_until(self.is_healthy, "the stack to be healthy", ALIVE_SECONDS * 2, pause=1)

    def down(self) -> None:
        """End it, and remove all that it kept."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
        shutil.rmtree(self.folder.parent, ignore_errors=True)

    def write(self, scope: str, settings: scopes_kit.Settings | str) -> None:
        """Write a scope's file, as its YAML or as what YAML says; workers read it as another user."""
        text = settings if isinstance(settings, str) else yaml.safe_dump(settings, allow_unicode=True)
        (self.config / "scopes" / f"{scope}.yaml").write_text(text)

    # --- looking at it

    def compose(self, *words: str, given: str | None = None) -> str:
        """Give a command to compose, and give what it writes."""
        return said("docker", "compose", *words, given=given, at=self.folder)

    def respaldo(self, *words: str) -> str:
        """Give a command as an operator would."""
        return self.compose("exec", "-T", "scheduler", "respaldo", *words)

    def all(self) -> list[Container]:
        return containers(self.project)

    def each(self, service: str) -> list[Container]:
        return [one for one in self.all() if one.service == service]

    def one(self, service: str) -> Container:
        [found] = self.each(service)
        return found

    def is_healthy(self) -> bool:
        """Whether every program does its work: by Airflow's own word, and by each container's check.

        A program that ended badly is told at once.
        """
        found = self.all()
        for container, facts in zip(found, facts_of(found), strict=True):
            state, is_once = facts["State"], container.service == "init"
            ended_badly = state["Status"] == "exited" and state["ExitCode"] != 0
            assert not (is_once and ended_badly), self.logs("init")
            if is_once and state["Status"] != "exited":
                return False
            if not is_once and state.get("Health", {"Status": "healthy"})["Status"] != "healthy":
                return False
        return bool(found) and self.is_well()

    def is_well(self) -> bool:
        """Whether Airflow says that all of its own programs are."""
        try:
            told = httpx.get(f"{self.address}/api/v2/monitor/health", timeout=10, trust_env=False).json()
        except (httpx.HTTPError, ValueError):
            return False
        return all(part["status"] == "healthy" for part in told.values())

    def rows(self, scope: str | None = None) -> list[dict[str, Any]]:
        """Give the rows of the form, as the operator's command gives them."""
        words = ("--scope", scope) if scope else ()
        found: list[dict[str, Any]] = json.loads(self.respaldo("fm007", "--format", "json", *words))
        return found

    def sql(self, database: str, statement: str) -> str:
        """Ask the stack's PostgreSQL as its superuser, from its own container."""
        words = ("psql", "--username", "postgres", "--dbname", database, "--tuples-only", "--no-align")
        stop_at_errors = ("--set", "ON_ERROR_STOP=1")
        secrets = {"PGPASSWORD": self.secret("postgres_password")}
        return self.one("postgres").said(*words, *stop_at_errors, given=statement, secrets=secrets)

    def logs(self, *services: str, lines: int = 400) -> str:
        return self.compose("logs", "--no-color", "--tail", str(lines), *services)

    def report(self, file: Path) -> None:
        """Write what the containers are and said of late: for whoever looks into a failure."""
        file.parent.mkdir(parents=True, exist_ok=True)
        told = []
        for words in (("ps", "--all"), ("logs", "--no-color", "--timestamps", "--tail", "1500")):
            line = ["docker", "compose", "--profile", "*", *words]
            done = subprocess.run(line, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS)
            told += [done.stdout, done.stderr]
        file.write_text("\n".join(told))

    def _timed(self, name: str) -> _Watch:
        return _Watch(self, name)


@dataclass
class _Watch:
    """Notes how long a part of the making took."""

    stack: Stack
    name: str
    begun: float = 0

    def __enter__(self) -> None:
        self.begun = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.stack.seconds[self.name] = round(time.monotonic() - self.begun, 1)
