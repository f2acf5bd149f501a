"""What carrying a copy over SSH costs: a first save of random data from a machine, against restic alone.

Both ends are this machine, so all of it shares its cores: restic, sshd, the worker, restic-rest-server. Only
root can run the SSH server. Keep what it prints in docs/performance.md.

    .venv/bin/python tests/bench/over_ssh.py [MEGABYTES [ROUNDS]]
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parents[1]))

from respaldo.hosts.limits import Limits
from respaldo.hosts.session import entered
from respaldo.hosts.ssh import Host
from respaldo.restic.argv import Place
from respaldo.restic.engine import find_engine
from respaldo.restic.on_host import programs, provide, repository_on
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks
from sshd_kit import SshServer, ssh_server

_BLOCK = 1 << 20
_MARKS = Marks(host="bench", tags=("scope:bench",))


class Cost(NamedTuple):
    """Seconds of wall clock; CPU seconds of the worker, which carries, and of its SSH server."""

    wall: float
    worker: float
    sshd: float


def main() -> None:
    megabytes, rounds = (*map(int, sys.argv[1:]), *(1000, 3)[len(sys.argv) - 1 :])
    folder = Path(tempfile.mkdtemp(prefix="respaldo-bench-"))
    try:
        with ssh_server() as server:
            source = server.files / "data"
            source.mkdir()
            for number in range(4):
                _fill(source / f"{number}.bin", megabytes // 4)
            for kind, measure in (("local", _local), ("ssh", _over_ssh)):
                costs = [measure(server, source, folder / f"{kind}{round_}") for round_ in range(rounds)]
                walls, worker, sshd = zip(*costs, strict=True)
                wall = statistics.median(walls)
                sys.stdout.write(
                    f"{kind}: {wall:.2f} s ({min(walls):.2f}-{max(walls):.2f}), {megabytes / wall:.0f} MB/s, "
                    f"CPU s: worker {statistics.median(worker):.2f}, sshd {statistics.median(sshd):.2f}\n"
                )
    finally:
        shutil.rmtree(folder)


def _fill(path: Path, megabytes: int) -> None:
    with path.open("wb") as file:
        file.writelines(os.urandom(_BLOCK) for _ in range(megabytes))


def _repository(folder: Path) -> Repository:
    place = Place(str(folder), SecretStr("bench"), None)
    repository = Repository(name="bench", scope_id="bench", place=place, engine=find_engine())
    repository.create()
    return repository


def _local(_: SshServer, source: Path, folder: Path) -> Cost:
    repository = _repository(folder)
    began = time.monotonic()
    repository.save_paths("files", [str(source)], _MARKS)
    return Cost(time.monotonic() - began, 0.0, 0.0)


def _over_ssh(server: SshServer, source: Path, folder: Path) -> Cost:
    repository = _repository(folder)
    host = Host(
        name="bench",
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )
    limits = Limits(nice=None, idle_disk=False)
    with entered(host, limits=limits) as session:
        engine = provide(session, programs(repository.engine))
        with repository_on(session, repository, engine) as there:
            own, worker, sshd = psutil.Process(), _cpu([psutil.Process()]), _cpu(_sshd(server))
            began = time.monotonic()
            there.save_paths("files", [str(source)], _MARKS)
            wall = time.monotonic() - began
            return Cost(wall, _cpu([own]) - worker, _cpu(_sshd(server)) - sshd)


def _sshd(server: SshServer) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if one.name() == "sshd" and one.username() == server.user]


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in processes)


if __name__ == "__main__":
    main()
