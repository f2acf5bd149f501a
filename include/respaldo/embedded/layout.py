"""Where everything of an embedded installation lies: one folder, and what it finds in the project."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from respaldo.embedded.errors import SocketFolderError

_LONGEST_SOCKET_BYTES = 107
"""The kernel keeps 108 bytes for the path of a UNIX socket, the last one a zero (unix(7))."""

_LONGEST_NAME = "/supervisor.sock.4194304"


@dataclass(frozen=True)
class Layout:
    """The paths of one installation: ``project`` gives the DAGs, ``home`` takes all that is written."""

    project: Path
    home: Path
    config: Path

    @classmethod
    def of(cls, project: Path, environment: Mapping[str, str] = os.environ) -> Layout:
        """Give the layout of a project, moved by RESPALDO_HOME and RESPALDO_CONFIG where they are set."""
        root = project.resolve()
        return cls(
            project=root,
            home=Path(environment.get("RESPALDO_HOME") or root / "var").resolve(),
            config=Path(environment.get("RESPALDO_CONFIG") or root / "include" / "config").resolve(),
        )

    @property
    def airflow(self) -> Path:
        return self.home / "airflow"

    @property
    def airflow_cfg(self) -> Path:
        return self.airflow / "airflow.cfg"

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.postgres / "data"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.run / "logs"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def passwords(self) -> Path:
        """The users' passwords, as Airflow's simple auth manager wants them: JSON, in the clear."""
        return self.secrets / "passwords.json"

    @property
    def env_file(self) -> Path:
        return self.home / "env"

    @property
    def sockets(self) -> Path:
        """The folder of all sockets: in ``run``, or in /tmp where its path would be too long for a socket."""
        inside = self.run / "sockets"
        if len(os.fsencode(inside) + _LONGEST_NAME.encode()) <= _LONGEST_SOCKET_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        # Not XDG_RUNTIME_DIR: it comes and goes with the login, and `down` must find what `up` made.
        return Path("/tmp") / f"respaldo-{os.getuid()}-{digest}"  # noqa: S108  (checked in make_own)

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def server_sockets(self) -> Path:
        """The folder of PostgreSQL's socket: its own, because it can belong to another user."""
        return self.sockets / "pg"

    @property
    def search_path(self) -> tuple[Path, ...]:
        """The folders that go first on PATH: our restic, and the environment's programs."""
        return (self.project / "var" / "bin", Path(sys.executable).parent)

    def make_folders(self) -> None:
        """Make the folders. Two can be passed through by others, who cannot see what is in them:
        PostgreSQL may have to run as another user (``server_user``).

        :raises SocketFolderError: somebody else has made the folder of the sockets before us.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.run, self.sockets):
            make_own(folder, 0o711)
        for folder in (self.airflow, self.logs, self.secrets):
            make_own(folder, 0o700)
        for folder in (self.postgres, self.server_sockets):
            folder.mkdir(mode=0o700, exist_ok=True)


def make_own(folder: Path, mode: int) -> None:
    """Make a folder and see that it is ours: /tmp lets anybody be there first.

    :raises SocketFolderError: it is a link, or another user's.
    """
    folder.mkdir(mode=mode, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise SocketFolderError(folder=folder)
    folder.chmod(mode)
