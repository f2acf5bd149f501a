"""What carrying a copy over SSH costs: a first save of random data from a machine, against restic alone.

Each kind of repository is measured from here, by restic alone, and from a machine over SSH, to which it is
carried. All ends are this machine, so all of it shares its cores: restic, sshd, the worker, what stands
between, the repository's server. Only root can run the SSH server. Keep what it prints in
docs/performance.md, with the load.

    .venv/bin/python tests/bench/over_ssh.py [MEGABYTES [ROUNDS [KIND...]]]
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import ensured
from respaldo.hosts.carrying import Forwarding
from respaldo.hosts.session import Limits, entered
from respaldo.hosts.ssh import Host
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.engine import find_engine
from respaldo.restic.on_host import programs, provide, repository_on
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks
from rest_kit import PASSWORD, USER, rest_server
from s3_kit import BUCKETS, s3_server
from sshd_kit import SshServer, ssh_server

_BLOCK = 1 << 20
_MARKS = Marks(host="bench", tags=("scope:bench",))

Described = Callable[[str], Repository]
"""Describes a repository by its name."""


class Cost(NamedTuple):
    """Seconds of wall clock; CPU seconds of the worker, which carries, of what stands between or serves a
    folder here, and of the machine's SSH server."""

    wall: float
    worker: float
    between: float
    sshd: float


def main() -> None:
    megabytes, rounds = (*map(int, sys.argv[1:3]), *(1000, 3)[len(sys.argv[1:3]) :])
    kinds = sys.argv[3:] or list(_KINDS)
    folder = Path(tempfile.mkdtemp(prefix="respaldo-bench-"))
    try:
        with ssh_server() as server:
            source = server.files / "data"
            source.mkdir()
            for number in range(4):
                _fill(source / f"{number}.bin", megabytes // 4)
            for kind in kinds:
                with _KINDS[kind](folder / kind) as described:
                    for way, forwarding in (("alone", None), ("ssh", "socket"), ("ssh, port", "tcp")):
                        costs = [
                            _measured(server, source, described(f"{way[-4:]}{one}"), forwarding)
                            for one in range(rounds)
                        ]
                        _tell(f"{kind}, {way}", megabytes, costs)
    finally:
        shutil.rmtree(folder)


def _tell(what: str, megabytes: int, costs: list[Cost]) -> None:
    walls, *cpus = zip(*costs, strict=True)
    wall = statistics.median(walls)
    worker, between, sshd = map(statistics.median, cpus)
    sys.stdout.write(
        f"{what}: {wall:.2f} s ({min(walls):.2f}-{max(walls):.2f}), {megabytes / wall:.0f} MB/s, "
        f"CPU s: worker {worker:.2f}, between {between:.2f}, sshd {sshd:.2f}; load {os.getloadavg()[0]:.1f}\n"
    )
    sys.stdout.flush()


def _described(location: str, login: Login, ca: Path | None = None) -> Repository:
    access = Access.to(location, login, name="bench", authority=str(ca) if ca else None)
    place = Place(location, SecretStr("bench"), None, access=access)
    return Repository(name="bench", scope_id="bench", place=place, engine=find_engine())


@contextlib.contextmanager
def _local(folder: Path) -> Iterator[Described]:
    yield lambda name: _described(str(folder / name), Login())


@contextlib.contextmanager
def _rest(folder: Path) -> Iterator[Described]:
    login = Login(user=USER, secret=SecretStr(PASSWORD))
    with rest_server(ensured("restic-rest-server"), folder, tls=True) as server:
        yield lambda name: _described(f"{server.location}/{name}", login, server.ca)


@contextlib.contextmanager
def _sftp(_: Path) -> Iterator[Described]:
    with ssh_server() as server:
        subprocess.run(["chown", server.user, server.files], check=True)
        login = Login(private_key=SecretStr(server.private_key), host_key=server.host_key)
        base = f"sftp://{server.user}@127.0.0.1:{server.port}/{server.files}"
        yield lambda name: _described(f"{base}/{name}", login)


@contextlib.contextmanager
def _s3(folder: Path) -> Iterator[Described]:
    login = Login(user=BUCKETS["uno"].key_id, secret=BUCKETS["uno"].secret)
    with s3_server(folder, tls=True) as server:
        yield lambda name: _described(f"{server.location('uno')}/{name}", login, server.ca)


_KINDS = {"local": _local, "rest": _rest, "sftp": _sftp, "s3": _s3}


def _measured(server: SshServer, source: Path, repository: Repository, forwarding: Forwarding | None) -> Cost:
    """Save once, from here or from the machine."""
    repository.create()
    if forwarding is None:
        began = time.monotonic()
        repository.save_paths("files", [str(source)], _MARKS)
        return Cost(time.monotonic() - began, 0.0, 0.0, 0.0)
    host = Host(
        name="bench",
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )
    with entered(host, limits=Limits(nice=None, idle_disk=False)) as session:
        engine = provide(session, programs(repository.engine))
        before = set(psutil.Process().children())
        with repository_on(session, repository, engine, forwarding=forwarding) as there:
            parts = ([psutil.Process()], [*set(psutil.Process().children()) - before], _sshd(server))
            at_first = [_cpu(part) for part in parts]
            began = time.monotonic()
            there.save_paths("files", [str(source)], _MARKS)
            wall = time.monotonic() - began
            return Cost(wall, *(_cpu(part) - first for part, first in zip(parts, at_first, strict=True)))


def _fill(path: Path, megabytes: int) -> None:
    with path.open("wb") as file:
        file.writelines(os.urandom(_BLOCK) for _ in range(megabytes))


def _sshd(server: SshServer) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if one.name() == "sshd" and one.username() == server.user]


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in processes)


if __name__ == "__main__":
    main()
