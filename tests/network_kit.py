"""Machines of their own on this one: each in its own network, with an SSH server and folders of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from debian_kit import program
from sshd_kit import SshServer, ssh_server

DATA = "/srv/datos"
"""Where each machine has its data: a path that this machine does not have."""

TEMPORARY = "/var/tmp"
"""Where each machine has a folder of its own for what is temporary."""

_NETWORK = "10.213"
"""Of the networks that nobody routes."""

_ENTER = """
hostname "$5" && mount -t tmpfs none "${1%/*}" && mkdir "$1" || exit
mount --bind "$2" "$1" && mount --bind "$3" "$4" || exit
shift 5
exec "$@"
"""


@dataclass(frozen=True)
class Machine:
    """One of them: its data and its temporary folder as they can be seen from here."""

    name: str
    server: SshServer
    data: Path
    temporary: Path

    def cut_off(self) -> None:
        """Take its cable out: what is sent there is lost, and nobody is told."""
        _ip("-n", self.name, "link", "set", "eth0", "down")

    def bring_back(self) -> None:
        _ip("-n", self.name, "link", "set", "eth0", "up")

    def processes(self, name: str) -> list[psutil.Process]:
        """Give the processes of a name that run there."""
        pids = _ip("netns", "pids", self.name).split()
        found = []
        for pid in pids:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(int(pid))
                found += [process] if process.name() == name else []
        return found


@contextlib.contextmanager
def machine(number: int, more: str = "") -> Iterator[Machine]:
    """Run one for some time. Only root can.

    :param number: below 64, another for each.
    :param more: lines of its SSH server's configuration.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can make networks")
    program("ip", "iproute2")
    name = f"respaldo{os.getpid() % 10_000}{number}"
    network = f"{_NETWORK}.{os.getpid() % 256}"
    here, there = f"{network}.{4 * number + 1}", f"{network}.{4 * number + 2}"
    folder = Path(tempfile.mkdtemp(prefix="respaldo-machine-", dir="/tmp"))
    folder.chmod(0o755)
    data, temporary = folder / "data", folder / "temporary"
    data.mkdir()
    temporary.mkdir()
    temporary.chmod(0o1777)
    try:
        _ip("netns", "add", name)
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("addr", "add", f"{here}/30", "dev", name)
        _ip("link", "set", name, "up")
        for words in (f"addr add {there}/30 dev eth0", "link set eth0 up", "link set lo up"):
            _ip("-n", name, *words.split())
        inside = ["ip", "netns", "exec", name, "unshare", "--mount", "--uts", "--propagation", "private"]
        launcher = [*inside, "sh", "-c", _ENTER, "enter", DATA, data, temporary, TEMPORARY, name]
        with ssh_server(more, there, list(map(str, launcher))) as server:
            yield Machine(name, server, data, temporary)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
