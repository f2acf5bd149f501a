"""A real MariaDB server on this machine, thrown away after its tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from debian_kit import program
from respaldo.domain.values import Endpoint

ROOT_PASSWORD = r'con "comillas", \barra # y ñ'


@dataclass
class MariadbServer:
    """It listens on a socket and on a port of this machine; its root's password is asked for."""

    folder: Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def socket(self) -> str:
        return str(self.folder / "socket")

    def endpoint(self, user="root", password: str | None = ROOT_PASSWORD) -> Endpoint:
        secret = None if password is None else SecretStr(password)
        return Endpoint(name="test", host=self.socket, user=user, password=secret)

    def sql(self, statements: str, database: str = "", *, ask_password=True, force=False) -> str:
        """Execute statements; ``DELIMITER`` is understood.

        :param force: go on after one that is refused.
        """
        options = ["--no-defaults", "--user=root", f"--socket={self.socket}", "--batch", "--raw"]
        options += ["--skip-column-names", "--default-character-set=utf8mb4", f"--database={database}"]
        options += ["--force"] if force else []
        password = {"MYSQL_PWD": ROOT_PASSWORD} if ask_password else {}
        done = subprocess.run(
            ["mariadb", *options],
            input=statements,
            env=os.environ | password,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def databases(self) -> set[str]:
        return set(self.sql("SHOW DATABASES").splitlines())

    def start(self) -> None:
        # pdeathsig: the server does not outlive a test run that is killed.
        command = ["setpriv", "--pdeathsig", "TERM", program("mariadbd", "mariadb-server"), "--no-defaults"]
        command += [f"--datadir={self.folder / 'data'}", f"--socket={self.socket}", f"--port={self.port}"]
        command += ["--bind-address=127.0.0.1", f"--pid-file={self.folder / 'pid'}", "--event-scheduler=ON"]
        command += ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"]
        command += ["--user=root"] if os.geteuid() == 0 else []
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not Path(self.socket).exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                pytest.fail((self.folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)
        Path(self.socket).unlink(missing_ok=True)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@contextlib.contextmanager
def running() -> Iterator[MariadbServer]:
    """Make a server and start it; it goes with all that it holds."""
    install = [program("mariadb-install-db", "mariadb-server"), "--no-defaults", "--skip-test-db"]
    # Not pytest's own folder: a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="respaldo-mariadb-", dir="/tmp"))
    server = MariadbServer(folder, _free_port())
    try:
        install += [f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal"]
        install += ["--user=root"] if os.geteuid() == 0 else []
        subprocess.run(install, check=True, capture_output=True)
        server.start()
        escaped = ROOT_PASSWORD.replace("\\", "\\\\")
        server.sql(f"SET PASSWORD FOR root@localhost = PASSWORD('{escaped}')", ask_password=False)
        yield server
    finally:
        if server.process and server.process.poll() is None:
            server.stop()
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
