"""The way to a Windows machine and back: a real SSH server and restic, and a stand-in for PowerShell."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

import powershell_program
from conftest import ensured
from respaldo.actions.examine_host import examine_host
from respaldo.domain.errors import (
    ContentMismatchError,
    InvalidRequestError,
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
    TimedOutError,
)
from respaldo.domain.host_errors import (
    HostEngineError,
    HostFailedError,
    HostToolsError,
    HostUnreachableError,
)
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.verification import Verification
from respaldo.hosts import windows
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.hosts.worker import Command
from respaldo.sources.files import FilesSource, on_windows
from respaldo.sources.reach import Machine, Reach
from sshd_kit import SshServer, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

DRIVE = Path("/Q")
MOMENT = 1_577_934_245_123_456_700
"""Windows counts hundreds of nanoseconds."""

SCRIPTS = {
    "first": windows.FIRST,
    "keeper": windows._KEEPER,
    "kept": windows._KEPT,
    "end": windows._END,
    "free": windows._FREE,
    "look": windows._LOOK,
    "sum_of": windows._SUM,
    "user": windows._USER,
    "clock": windows._CLOCK,
    "lacking": windows._LACKING,
    "lacking_for_some": windows._LACKING_FOR_SOME,
    "paths_look": on_windows._LOOK,
    "paths_match": on_windows._MATCHES,
    "paths_hold": on_windows._HOLDS,
    "paths_sum": on_windows._SUM,
}


@dataclass
class There:
    """A machine with a drive Q:, as far as it can be seen over SSH."""

    server: SshServer
    programs: Path

    @property
    def host(self) -> Host:
        return Host(
            name="contabilidad",
            address="127.0.0.1",
            port=self.server.port,
            user=self.server.user,
            password=SecretStr(self.server.password),
            host_key=self.server.host_key,
        )

    @property
    def settings(self) -> HostSettings:
        return HostSettings(platform="windows", folder=str(self.server.files))


@pytest.fixture(scope="module")
def there(tmp_path_factory) -> Iterator[There]:
    programs = Path("/tmp") / f"respaldo-powershell-{os.getpid()}"
    if os.geteuid() != 0 or DRIVE.exists():
        pytest.skip("only root can make a drive, and only where there is none")
    programs.mkdir(mode=0o755)
    DRIVE.mkdir(mode=0o755)
    try:
        shutil.copy(powershell_program.__file__, programs / "powershell")
        (programs / "powershell").chmod(0o755)
        (programs / "scripts.json").write_text(json.dumps(SCRIPTS))
        with ssh_server(f"SetEnv PATH={programs}:/usr/bin:/bin\n") as server:
            subprocess.run(["chown", server.user, server.files], check=True)
            yield There(server, programs)
    finally:
        shutil.rmtree(DRIVE)
        shutil.rmtree(programs)


@pytest.fixture
def brought(engine, restic, tmp_path, monkeypatch):
    """The worker has a restic for Windows."""
    (tmp_path / "restic-windows-amd64").symlink_to(restic)
    folder = Path(ensured("restic-rest-server")).parent
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}:{folder}")
    return replace(engine, binary=restic)


@pytest.fixture
def reach(there, brought) -> Iterator[Reach]:
    machine = Machine(there.host, there.settings, brought)
    try:
        yield Reach(machine=machine)
    finally:
        machine.close()
    assert not list(there.server.files.iterdir())


@pytest.fixture
def data() -> Iterator[Path]:
    folder = DRIVE / "Datos"
    (folder / "año 1").mkdir(parents=True)
    (folder / "año 1" / "x.mdb").write_bytes(os.urandom(200_000))
    (folder / "dos.tmp").write_text("dos")
    for file in (folder / "año 1" / "x.mdb", folder / "dos.tmp"):
        os.utime(file, ns=(MOMENT, MOMENT))
    yield folder
    shutil.rmtree(folder)


def files(*paths: str, **more) -> FilesSource:
    return FilesSource(kind="files", host="contabilidad", paths=paths, **more)


def test_files_there_are_saved_and_compared_and_nothing_is_left(
    there, reach, repository, marks, data, scratch
):
    source = files("/Q/Datos", exclude=["*.tmp"])
    source.probe(reach)
    saved = source.save("files", repository, marks, reach, lambda _: None)
    assert not saved.warnings
    assert (Path(reach.machine.session.folder) / "priority").read_text() == "BelowNormal"
    received = bytearray()
    repository.stream(saved.copy.snapshot_id, "/Q/Datos/año 1/x.mdb", received.extend)
    assert received == (data / "año 1" / "x.mdb").read_bytes()
    _, sample = source.verify(saved.copy, repository, Verification(), reach, str(scratch))
    assert sample.facts == {"restored": 1, "equal": 1, "changed_since": 0}


@pytest.mark.slow
def test_a_file_that_is_another_than_in_the_copy_is_told(reach, repository, marks, data, scratch):
    source, changed = files("/Q/Datos"), data / "dos.tmp"
    saved = source.save("files", repository, marks, reach, lambda _: None)
    before = changed.stat()
    changed.write_text("tre")
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ContentMismatchError):
        source.verify(saved.copy, repository, Verification(), reach, str(scratch))


@pytest.mark.slow
def test_what_is_not_there_or_cannot_be_saved_is_told_before(reach, data, tmp_path):
    (data / "nada").mkdir()
    (data / "liga").symlink_to(data)
    for paths, cause in (
        (["/Q/otros"], SourceMissingError),
        (["/Q/Datos", "/Q/otros"], SourcePartlyMissingError),
        (["/Q/Datos/nada"], SourceEmptyError),
        (["/Q/Datos/liga"], SourceUnreadableError),
    ):
        with pytest.raises(cause):
            files(*paths).probe(reach)
    (tmp_path / "lista").write_text("/Q/Da*/a*\n")
    listing = files(paths_from=str(tmp_path / "lista"))
    assert listing.all_paths(reach) == ("/Q/Datos/año 1",)


@pytest.mark.slow
def test_what_is_restored_goes_to_this_worker_and_not_there(reach, repository, marks, data, tmp_path):
    source = files("/Q/Datos")
    saved = source.save("files", repository, marks, reach, lambda _: None)
    [part] = source.find(Wanted(paths=("/Q/Datos/dos.tmp",)), [saved.copy], repository, ())
    staging = Delivery(destination=Destination(), key="k", staging=str(tmp_path / "entrega"))
    source.restore(part, repository, staging, reach, str(tmp_path), lambda _: None)
    assert (tmp_path / "entrega/Q/Datos/dos.tmp").read_text() == "dos"
    for destination in (Destination(kind="original"), Destination(kind="path", target="/Q/otra")):
        there = staging.model_copy(update={"destination": destination})
        with pytest.raises(InvalidRequestError) as error:
            source.touches([part], there, reach)
        assert error.value.facts["problem"] == "files_to_windows"


@pytest.mark.slow
def test_a_command_there_is_run_as_it_would_be_here_and_can_be_ended(reach):
    session, said = reach.machine.session, []
    odd = ("a b", "$(id)", "'", '"', "ñ\n", "*", "")
    command = Command(("printf", "%s|", *odd), {"A": "b c"})
    assert session.run(command, on_output=said.append, on_error=said.append, by_line=False) == 0
    assert b"".join(said).decode() == "".join(f"{one}|" for one in odd)
    told = []
    reads = Command(("sh", "-c", 'cat; echo "$A"; exit 9'), {"A": "b c"})
    code = session.run(reads, on_output=told.append, on_error=told.append, stdin=SecretStr("clave"))
    assert (code, told) == (9, [b"clave\n", b"b c\n"])
    assert session.output("nohay").exit_code != 0
    began = time.monotonic()
    with pytest.raises(TimedOutError):
        session.run(Command(("sleep", "300")), on_output=said.append, on_error=said.append, timeout_seconds=1)
    assert time.monotonic() - began < 60


@pytest.mark.slow
def test_a_powershell_that_fails_is_told(there, reach, data):
    session = reach.machine.session
    known = (there.programs / "scripts.json").read_text()
    (there.programs / "scripts.json").write_text(json.dumps({"first": windows.FIRST}))
    try:
        with pytest.raises(HostFailedError):
            files("/Q/Datos").probe(reach)
        with pytest.raises(HostFailedError):
            files("/Q/Datos").probe(Reach(machine=Machine(there.host, there.settings, reach.machine._here)))
    finally:
        (there.programs / "scripts.json").write_text(known)
    assert session.ask(session.dialect.clock()).exit_code == 0


@pytest.mark.slow
def test_a_worker_without_a_restic_for_windows_is_told(there, reach, engine, monkeypatch, restic):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(HostEngineError) as error, reach.bridge(None):
        pytest.fail("it was brought")
    assert "restic-windows-amd64" in error.value.facts["said"]


@pytest.mark.slow
def test_a_windows_machine_is_examined(there, brought):
    found = list(examine_host(there.host, there.settings, brought))
    assert [one.problem for one in found if one.problem] == []
    shown = {one.look: one.found for one in found}
    assert shown["login"] == rf"EQUIPO\{there.server.user}"
    assert shown["tools"] == "PowerShell 5, Administrators"
    assert shown["forwarding"].startswith("127.0.0.1:")
    assert next(one.note for one in found if one.look == "restic") == "brought"


@pytest.mark.slow
def test_a_user_that_may_make_no_snapshot_of_a_volume_is_told(there, brought):
    with ssh_server(f"SetEnv PATH={there.programs}:/usr/bin:/bin LACKING=Administrators\n") as other:
        subprocess.run(["chown", other.user, other.files], check=True)
        limited = There(other, there.programs)
        found = list(examine_host(limited.host, limited.settings, brought))
    [problem] = [one.problem for one in found if one.problem]
    assert isinstance(problem, HostToolsError)
    assert problem.facts["missing"] == "Administrators"


@pytest.mark.slow
def test_a_machine_that_is_cut_off_ends_what_runs_there(there, reach):
    session = reach.machine.session
    folder = Path(session.folder)

    def run() -> None:
        with contextlib.suppress(HostUnreachableError):
            session.run(Command(("sleep", "300")), on_output=print, on_error=print)

    running = threading.Thread(target=run, daemon=True)
    running.start()
    while not list(folder.glob("run.*")):
        time.sleep(0.05)
    reach.machine.close()
    running.join(30)
    assert not running.is_alive()
    assert not folder.exists()
