"""A real PostgreSQL server whose WAL goes to a real Barman, thrown away after its tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from debian_kit import program

SERVER = "erp"

_SETTINGS = """
listen_addresses = ''
fsync = off
wal_level = replica
archive_mode = on
max_wal_senders = 5
autovacuum = off
"""

_CONFIGURATION = """\
[barman]
barman_user = {user}
barman_home = {folder}/barman
barman_lock_directory = {folder}/locks
log_file = {folder}/barman.log

[{server}]
description = ERP
conninfo = host={folder}/run port={port} user=postgres dbname=postgres password=secreto
streaming_conninfo = host={folder}/run port={port} user=postgres password=secreto
backup_method = postgres
archiver = on
immediate_checkpoint = true
"""


@dataclass
class Cluster:
    """A folder of PostgreSQL's, and the server that runs on it."""

    folder: Path
    data: Path
    bin: Path
    as_server: list[str]
    port: int
    process: subprocess.Popen | None = None

    @property
    def sockets(self) -> Path:
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.folder / f"log-{self.port}"

    def start(self) -> None:
        import psycopg

        # pdeathsig: the server does not outlive a test run that is killed.
        command = ["setpriv", "--pdeathsig", "INT", *self.as_server, str(self.bin / "postgres")]
        command += ["-D", str(self.data), "-k", str(self.sockets), "-p", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        deadline = time.monotonic() + 60
        while True:
            try:
                # In recovery it takes no writes yet.
                if self.rows("SELECT pg_is_in_recovery()") == [(False,)]:
                    return
            except psycopg.OperationalError:
                if self.process.poll() is not None:
                    pytest.fail(self.log.read_text(errors="replace"))
            if time.monotonic() > deadline:
                pytest.fail(self.log.read_text(errors="replace"))
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            # At once: otherwise it waits until its last WAL is archived.
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(60)

    def rows(self, statement: str) -> list[tuple]:
        import psycopg

        with psycopg.connect(
            host=str(self.sockets), port=self.port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@dataclass
class Kept(Cluster):
    """A server that Barman keeps: its WAL goes into Barman's folder by ``archive_command``."""

    others: list[Cluster] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "barman.conf"

    @property
    def home(self) -> Path:
        return self.folder / "barman" / SERVER

    def barman(self, *words: str) -> str:
        done = subprocess.run(
            ["barman", "-c", self.config, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def archive_by(self, command: str) -> None:
        """Have the server hand over its WAL in another way."""
        self.rows(f"ALTER SYSTEM SET archive_command = '{command}'")
        self.rows("SELECT pg_reload_conf()")

    def archive(self) -> None:
        """Have the server hand over its WAL to Barman as it should."""
        incoming = self.home / "incoming"
        # A file that is half there is none: it gets its name when it is whole.
        self.archive_by(f"cp %p {incoming}/.%f && mv {incoming}/.%f {incoming}/%f")

    def now(self) -> datetime:
        """Give a moment that no transaction shares."""
        time.sleep(0.05)
        moment = datetime.now(UTC)
        time.sleep(0.05)
        return moment

    def restored(self, folder: Path) -> Cluster:
        """Give a server on a folder that was restored, as an administrator starts it."""
        for path in (folder, folder.parent):
            path.chmod(0o755)
        if self.as_server:
            owner = self.data.stat()
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        other = Cluster(self.folder, folder / "data", self.bin, self.as_server, free_port())
        self.others.append(other)
        return other


@contextlib.contextmanager
def running(user: str | None = None) -> Iterator[Kept]:
    """Make a server and its Barman, and start both; they go with all that they hold.

    :param user: whom Barman works as, where it is not who runs the test.
    """
    program("barman", "barman")
    program("pg_createcluster", "postgresql")
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        pytest.skip("no PostgreSQL server of Debian's")
    # Not pytest's own folder: that one is closed to other users. The socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="respaldo-barman-", dir="/tmp"))
    as_server: list[str] = []
    for name in ("run", "barman", "locks"):
        (folder / name).mkdir()
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        nobody = pwd.getpwnam("nobody")
        as_server = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        folder.chmod(0o755)
        for path in (folder, folder / "run"):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    kept = Kept(folder, folder / "data", binaries[-1].parent, as_server, free_port())
    try:
        initdb = [kept.bin / "initdb", "-D", kept.data, "-U", "postgres", "--no-sync", "--auth=trust"]
        launcher = ["setpriv", *(as_server or ["--no-new-privs"])]
        subprocess.run([*launcher, *initdb], check=True, capture_output=True, cwd="/")
        with (kept.data / "postgresql.conf").open("a") as written:
            written.write(_SETTINGS)
        settings = {"user": user or pwd.getpwuid(os.geteuid()).pw_name, "folder": folder}
        kept.config.write_text(_CONFIGURATION.format(**settings, server=SERVER, port=kept.port))
        kept.start()
        (kept.home / "incoming").mkdir(parents=True)
        for path in (folder / "barman", kept.home, folder / "locks") if user else ():
            shutil.chown(path, user)
        if as_server:
            owner = kept.data.stat()
            os.chown(kept.home / "incoming", owner.st_uid, owner.st_gid)
        kept.archive()
        kept.barman("switch-wal", "--force", "--archive", SERVER)
        yield kept
    finally:
        for cluster in (kept, *kept.others):
            cluster.stop()
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
