"""The docker engine, as somebody at a terminal has it. Nothing here needs to be root of its machine."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 900
"""More than any one command takes, the first build of the image included."""


def said(
    *words: str | Path,
    given: str | None = None,
    at: Path | None = None,
    secrets: Mapping[str, str] | None = None,
) -> str:
    """Run a program and give what it writes; where it fails, the test fails with what it wrote.

    :param given: what it reads.
    :param secrets: added to its environment, which tests do not show.
    """
    environment = os.environ | dict(secrets or {})
    done = subprocess.run(
        words, input=given, cwd=at, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    told = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert done.returncode == 0, f"{' '.join(map(str, words))[:300]} ended with {done.returncode}:\n{told}"
    return done.stdout


def what_is_missing() -> str | None:
    """Say why no stack can run on this machine. None: it can."""
    for words in (("docker", "version"), ("docker", "compose", "version")):
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        except FileNotFoundError:
            return "there is no docker"
        if done.returncode != 0:
            return f"`{' '.join(words)}` says: {done.stderr.strip()}"
    return None


def wait_until(is_so: Callable[[], Any], what: str, seconds: float = 300, pause: float = 0.5) -> Any:
    """Wait for something to be so, and give what it is then."""
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(pause)
    return found


@dataclass(frozen=True)
class Process:
    """A process of a container, by the numbers that it has outside of it."""

    pid: int
    parent: int
    line: str


@dataclass(frozen=True)
class Container:
    """One container, by its id and the service that it is of."""

    id: str
    service: str

    @property
    def facts(self) -> dict[str, Any]:
        """What the engine knows of it."""
        found: list[dict[str, Any]] = json.loads(said("docker", "inspect", self.id))
        return found[0]

    @property
    def host(self) -> str:
        """The name that its programs have for it: the report's worker, and Airflow's."""
        return str(self.facts["Config"]["Hostname"])

    @property
    def user(self) -> str:
        """The number of the user that its main process is: an image may begin as root and not stay it."""
        return self.said("stat", "-c", "%u", "/proc/1").strip()

    @property
    def is_running(self) -> bool:
        return bool(self.facts["State"]["Running"])

    def processes(self) -> list[Process]:
        """Give all that run in it; none when it does not."""
        words = ["docker", "top", self.id, "-eo", "pid,ppid,args"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        lines = [line.split(None, 2) for line in done.stdout.splitlines()[1:]]
        return [Process(int(pid), int(parent), line) for pid, parent, line in lines]

    def said(
        self,
        *words: str,
        given: str | None = None,
        secrets: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> str:
        """Run a program in it, and give what it writes.

        :param secrets: names and values for its environment; the values are in nobody's arguments.
        :param user: by name or number, if not the one that the image names.
        """
        options = ["--user", user] if user else []
        options += [word for name in secrets or {} for word in ("--env", name)]
        return said("docker", "exec", "-i", *options, self.id, *words, given=given, secrets=secrets)

    def kill(self, pid: int) -> None:
        """Kill a process of it, by the number that it has outside: the engine does not take it for a wish.

        After `docker kill` a container stays down, whatever it says of restarting.
        """
        alone = ["--rm", "--pid", "host", "--network", "none", "--user", "0"]
        image = self.facts["Image"]
        said("docker", "run", *alone, "--entrypoint", "sh", image, "-c", f"kill -9 {pid}")

    def kill_main(self) -> None:
        """Kill its main process, and wait until the engine has begun it again."""
        before = self.facts["State"]
        self.kill(before["Pid"])

        def is_back() -> bool:
            now = self.facts["State"]
            return bool(now["Running"]) and now["StartedAt"] != before["StartedAt"]

        wait_until(is_back, f"{self.service} to be begun again", 60)


def containers(project: str) -> list[Container]:
    """Give the containers of a compose project that its services are, and not single commands."""
    label = "com.docker.compose"
    fields = f'{{{{.ID}}}} {{{{.Label "{label}.service"}}}} {{{{.Label "{label}.oneoff"}}}}'
    asked = ("--filter", f"label={label}.project={project}", "--format", fields)
    lines = said("docker", "ps", "--all", "--no-trunc", *asked).splitlines()
    found = (Container(full, service) for full, service, once in map(str.split, lines) if once == "False")
    return sorted(found, key=lambda one: (one.service, one.id))


def facts_of(found: Sequence[Container]) -> list[dict[str, Any]]:
    """Give what the engine knows of several, by one question."""
    facts: list[dict[str, Any]] = json.loads(said("docker", "inspect", *(one.id for one in found)))
    return facts
