"""Where restic stays on a machine, and what is told when it may not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.domain.host_errors import HostFailedError, HostFullError
from respaldo.hosts.session import Session, entered
from respaldo.hosts.ssh import Host
from respaldo.restic.on_host import KEPT, provide
from sshd_kit import SshServer, nothing_left, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as server:
        server.files.chmod(0o755)
        subprocess.run(["chown", server.user, server.files], check=True)
        yield server


@pytest.fixture
def session(server) -> Iterator[Session]:
    host = Host(
        name="archivo",
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )
    with entered(host) as session:
        yield session
    assert nothing_left(server)


@pytest.fixture
def kept(server) -> Iterator[Path]:
    """The folder where restic stays, which is not there yet."""
    folder = server.files / KEPT
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_only_what_is_ours_goes_when_restic_may_not_stay_any_more(session, kept, restic):
    provide(session, lambda _: Path(restic), keep=True)
    (kept / ".restic.4711").touch()
    (kept / "notas.txt").write_text("de otro")
    provide(session, lambda _: Path(restic), keep=False)
    assert [path.name for path in kept.iterdir()] == ["notas.txt"]
    (kept / "notas.txt").unlink()
    provide(session, lambda _: Path(restic), keep=False)
    assert not kept.exists()


@pytest.mark.slow
def test_a_folder_that_may_not_be_written_is_not_told_as_full(session, kept, restic):
    kept.mkdir(mode=0o755)
    with pytest.raises(HostFailedError) as error:
        provide(session, lambda _: Path(restic), keep=True)
    assert "Permission denied" in error.value.facts["said"]


@pytest.mark.slow
def test_a_full_home_is_told_as_full(session, kept, restic):
    kept.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=1777", "tmpfs", kept], check=True)
    try:
        with pytest.raises(HostFullError) as error:
            provide(session, lambda _: Path(restic), keep=True)
        assert error.value.facts["folder"] == str(kept)
    finally:
        subprocess.run(["umount", kept], check=True)


@pytest.mark.slow
def test_a_machine_that_does_not_say_what_it_is_is_told(session, restic, monkeypatch):
    for words in (("false",), ("echo", "x86_64"), ("sh", "-c", "echo nada >&2")):
        monkeypatch.setattr(session.dialect, "look", lambda words=words: session.dialect.words(words))
        with pytest.raises(HostFailedError):
            provide(session, lambda _: Path(restic))
