"""What a container is to restic and to us: a name and process numbers of its own, and an end at once."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Container:
    """A program that runs as the first process of namespaces of its own."""

    process: subprocess.Popen[str]

    def said(self) -> str:
        """Wait for its next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        """End all that runs in it at once, as the engine does: nothing of it cleans up."""
        self.process.kill()
        self.process.wait(20)


@contextlib.contextmanager
def container(name: str, program: str, *arguments: str) -> Iterator[Container]:
    """Run a Python program in a container with a name, and kill what is left of it.

    :param program: its source; its words are in ``sys.argv``.
    """
    inside = 'hostname "$0" && exec "$@"'
    process = subprocess.Popen(
        ["unshare", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child=KILL",
         "sh", "-c", inside, name, sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, cwd=PROJECT / "tests",
    )  # fmt: skip
    found = Container(process)
    try:
        yield found
    finally:
        found.kill()
        assert process.stdout is not None
        process.stdout.close()
