"""A real SSH server on this machine, with a user of its own, for some time."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from debian_kit import program

_CONFIGURATION = """\
ListenAddress {address}:{port}
HostKey {folder}/host_key
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication yes
AuthorizedKeysFile {folder}/user_key.pub
AllowUsers {user}
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class SshServer:
    """Where it listens, who may enter, and where that user has files."""

    folder: Path
    port: int
    user: str
    password: str
    address: str = "127.0.0.1"

    @property
    def host_key(self) -> str:
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    @property
    def other_key(self) -> str:
        """A key that the server does not have."""
        return " ".join((self.folder / "user_key.pub").read_text().split()[:2])

    @property
    def private_key(self) -> str:
        return (self.folder / "user_key").read_text()

    @property
    def files(self) -> Path:
        return self.folder / "files"


@contextlib.contextmanager
def ssh_server(
    more: str = "", address: str = "127.0.0.1", launcher: Sequence[str] = ()
) -> Iterator[SshServer]:
    """Run a server. Only root can: the passwords of users are its own.

    :param more: lines of its configuration.
    :param launcher: what its command begins with, as what leads into another network.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can run an SSH server that takes passwords")
    sshd = program("sshd", "openssh-server")
    folder = Path(tempfile.mkdtemp(prefix="respaldo-sshd-", dir="/tmp"))
    folder.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
    user, password = f"respaldo{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    server = SshServer(folder, port, user, password, address)
    try:
        _make_user(server)
        for name in ("host_key", "user_key"):
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name]
            subprocess.run(keygen, check=True)
        configuration = _CONFIGURATION.format(folder=folder, address=address, port=port, user=user) + more
        (folder / "config").write_text(configuration)
        Path("/run/sshd").mkdir(exist_ok=True)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*launcher, sshd, "-D", "-e", "-f", folder / "config"], stderr=log)
        try:
            _wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(10)
    finally:
        subprocess.run(["userdel", "--force", server.user], check=False, capture_output=True)
        shutil.rmtree(folder)


def _make_user(server: SshServer) -> None:
    server.files.mkdir()
    # A number of its own: what a user left running who is gone would be taken for the next one's.
    number = str(20_000 + secrets.randbelow(40_000))
    useradd = ["useradd", "--no-create-home", "--home-dir", server.files, "--shell", "/bin/sh"]
    subprocess.run([*useradd, "--uid", number, server.user], check=True)
    said = f"{server.user}:{server.password}\n"
    subprocess.run(["chpasswd"], input=said, text=True, check=True)


def _wait_for(server: SshServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((server.address, server.port), 1):
            return
        time.sleep(0.05)
    pytest.fail((server.folder / "log").read_text(errors="replace"))


def processes(server: SshServer) -> list[str]:
    """Name what runs as the user of the machine, but for the SSH server's own."""
    found = []
    for one in psutil.process_iter(["username", "cmdline", "name"]):
        if one.info["username"] == server.user and one.info["name"] != "sshd":
            found.append(" ".join(one.info["cmdline"] or ())[:200])
    return found


def folders(server: SshServer) -> list[Path]:
    # Others' may be of users who are gone, and go while they are looked at.
    number, found = pwd.getpwnam(server.user).pw_uid, list[Path]()
    for path in Path("/tmp").glob("respaldo.??????????"):
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_uid == number:
                found.append(path)
    return found


def nothing_left(server: SshServer, seconds: float = 60) -> bool:
    """Wait until nothing of ours is on the machine any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not folders(server) and not processes(server):
            return True
        time.sleep(0.1)
    pytest.fail(f"left: {folders(server)} {processes(server)}")
