"""Machines of their own on this one: each in its own network, with an SSH server and folders of its own."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import itertools
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

_LOCKS = Path("/tmp/respaldo-networks")
_NUMBERS = itertools.count()

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
def machine(more: str = "") -> Iterator[Machine]:
    """Run one for some time, and less than 64 at once. Only root can.

    :param more: lines of its SSH server's configuration.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can make networks")
    program("ip", "iproute2")
    network, number = _own_network(), next(_NUMBERS)
    # Never the name of one before: what is deleted may still be there for a moment.
    name = f"respaldo{network}x{number % 1000}"
    first = 4 * number % 256
    here, there = (f"{_NETWORK}.{network}.{first + one}" for one in (1, 2))
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


@functools.cache
def _own_network() -> int:
    """Take one of 256 networks for as long as this process runs: others test at the same time."""
    _LOCKS.mkdir(exist_ok=True)
    for network in range(256):
        lock = os.open(_LOCKS / str(network), os.O_RDWR | os.O_CREAT)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove_what_a_killed_run_left(network)
            return network
        os.close(lock)
    pytest.fail(f"every network of {_LOCKS} is taken")


def _remove_what_a_killed_run_left(network: int) -> None:
    # A cable can outlive its machine's name: whoever cleaned /run knew only of the name.
    for line in _ip("-brief", "link", "show", "type", "veth").splitlines():
        cable = line.split()[0].partition("@")[0]
        if cable.startswith(f"respaldo{network}x"):
            _ip("link", "del", cable)
    for line in _ip("netns", "list").splitlines():
        name = line.split()[0]
        if name.startswith(f"respaldo{network}x"):
            _ip("netns", "del", name)


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.stdout
