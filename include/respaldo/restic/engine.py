"""Find restic on this machine and make sure that it is one we know how to read."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass

from respaldo.domain.errors import EngineMissingError, EngineTooOldError
from respaldo.hosts.worker import Command, run
from respaldo.restic import argv

OLDEST = (0, 18, 0)
"""Exit codes 10 to 12, ``exit_error`` messages and ``check --json`` are all there since this version."""


@dataclass(frozen=True)
class Engine:
    """One restic binary and its version, such as ``0.19.1``."""

    binary: str
    version: str


def find_engine() -> Engine:
    """Give the restic that is first on PATH.

    :raises EngineMissingError: there is none.
    :raises EngineTooOldError: it is older than `OLDEST`, or does not say its version.
    """
    binary = shutil.which("restic")
    if binary is None:
        raise EngineMissingError(oldest=dotted(OLDEST))
    said = bytearray()
    run(
        Command((binary, *argv.version())), on_output=said.extend, on_error=lambda _: None, timeout_seconds=30
    )
    return read_engine(binary, bytes(said))


def read_engine(binary: str, said: bytes) -> Engine:
    """Read what a restic says of its version.

    :raises EngineTooOldError: it is older than `OLDEST`, or does not say its version.
    """
    try:
        version = str(json.loads(said)["version"])
        numbers = tuple(int(part) for part in version.split("-")[0].split("."))
    except (ValueError, KeyError, TypeError):
        version, numbers = said.decode(errors="replace").strip(), ()
    if numbers < OLDEST:
        raise EngineTooOldError(binary=binary, version=version, oldest=dotted(OLDEST))
    return Engine(binary=binary, version=version)


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
