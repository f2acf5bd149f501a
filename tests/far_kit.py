"""A machine over SSH as a step reaches it, and what is left on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

import network_kit
from conftest import ensured
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.engine import Engine
from respaldo.sources.reach import Machine, Reach


def host_of(machine: network_kit.Machine) -> Host:
    server = machine.server
    return Host(
        name="archivo",
        address=server.address,
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )


@contextlib.contextmanager
def far_reach(machine: network_kit.Machine, engine: Engine, **settings: object) -> Iterator[Reach]:
    """Reach it for a while. What is temporary is in its own folder for that; restic stays for the next time,
    where no other folder is asked for: bringing it takes as long as many a test."""
    settings = {"folder": network_kit.TEMPORARY, "keep_restic": "folder" not in settings} | settings
    give(machine, machine.server.files)
    far = Machine(host_of(machine), HostSettings.model_validate(settings), engine)
    # Also here: a test's own PATH can have taken the place of the module's.
    with programs_found():
        try:
            yield Reach(machine=far)
        finally:
            far.close()


@contextlib.contextmanager
def programs_found() -> Iterator[None]:
    """Have what carries a repository to a machine on PATH."""
    with pytest.MonkeyPatch.context() as environment:
        folder = Path(ensured("restic-rest-server")).parent
        environment.setenv("PATH", f"{os.environ['PATH']}:{folder}")
        yield


def give(machine: network_kit.Machine, *paths: Path) -> None:
    """Let the machine's user own something."""
    subprocess.run(["chown", "-hR", f"{machine.server.user}:", *paths], check=True)


def empty(machine: network_kit.Machine) -> None:
    """Remove all data of a machine, and what is temporary there."""
    for folder in (machine.data, machine.temporary):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    give(machine, machine.data)
    machine.data.chmod(0o755)


def running(machine: network_kit.Machine) -> list[str]:
    """Name what runs as the machine's user, but for the SSH server's own."""
    found = []
    for one in psutil.process_iter(["username", "cmdline", "name"]):
        if one.info["username"] == machine.server.user and one.info["name"] != "sshd":
            found.append(" ".join(one.info["cmdline"] or ())[:200])
    return found


def cut(machine: network_kit.Machine) -> None:
    """Kill what serves the connections that there are."""
    for one in psutil.process_iter(["username", "name"]):
        if one.info["username"] == machine.server.user and one.info["name"] == "sshd":
            one.kill()


def nothing_left(machine: network_kit.Machine, seconds: float = 60) -> bool:
    """Wait until nothing of ours is on a machine any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not list(machine.temporary.glob("respaldo.*")) and not running(machine):
            return True
        time.sleep(0.1)
    pytest.fail(f"left: {list(machine.temporary.iterdir())} {running(machine)}")
