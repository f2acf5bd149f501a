"""A machine in strange hands, whose restic lies: no older copy goes, and none passes for the new one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from conftest import ensured
from respaldo.domain.errors import SourceCommandEmptyError, SourceEmptyError, UnknownEngineError
from respaldo.domain.host_errors import HostForgeryError
from respaldo.domain.values import Run
from respaldo.hosts import worker
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.saved import Marks
from respaldo.sources.files import FilesSource
from respaldo.sources.reach import Machine, Reach
from respaldo.texts import causes
from sshd_kit import SshServer, nothing_left, ssh_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

LIAR = """#!/bin/sh
# Says that it is restic, and that it saved.
for word; do
    case $word in
    version) echo '{"message_type":"version","version":"0.18.0"}'; exit 0 ;;
    backup) cat >/dev/null; cat '%s'; exit 0 ;;
    esac
done
exit 1
"""

HALF_LIAR = """#!/bin/sh
# Is restic, but for the numbers that it tells in the end.
case " $* " in
*" backup "*) %s "$@" | sed 's/"total_\\([a-z]*\\)_processed":[0-9]*/"total_\\1_processed":%d/g' ;;
*) exec %s "$@" ;;
esac
"""

EARLIER = Run(dag_id="backup__erp", run_id="scheduled__2026-02-01", scope_id="erp")

MakeReach = Callable[[str], Reach]


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as server:
        server.files.chmod(0o755)
        subprocess.run(["chown", server.user, server.files], check=True)
        yield server


@pytest.fixture(autouse=True)
def _programs(monkeypatch):
    folder = Path(ensured("restic-rest-server")).parent
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{folder}")


@pytest.fixture
def data(server) -> Iterator[Path]:
    folder = server.files / "datos"
    folder.mkdir()
    (folder / "uno").write_bytes(b"uno")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def make_reach(server, engine, tmp_path) -> Iterator[MakeReach]:
    """Reach the machine, where restic is a script."""
    entered = []

    def make(script: str) -> Reach:
        program = tmp_path / "liar"
        program.write_text(script)
        program.chmod(0o755)
        host = Host(
            name="archivo",
            address="127.0.0.1",
            port=server.port,
            user=server.user,
            password=SecretStr(server.password),
            host_key=server.host_key,
        )
        entered.append(Machine(host, HostSettings(), replace(engine, binary=str(program))))
        return Reach(machine=entered[-1])

    yield make
    for one in entered:
        one.close()
    assert nothing_left(server)


@pytest.fixture
def forging(server, make_reach) -> Iterator[Callable[[object], Reach]]:
    """Reach a machine that names this snapshot in its summary."""
    said = server.files / "said"
    reach = make_reach(LIAR % said)

    def forge(snapshot_id: object, **more: object) -> Reach:
        summary = {"message_type": "summary", "snapshot_id": snapshot_id, **more}
        said.write_text(json.dumps(summary) + "\n")
        return reach

    yield forge
    said.unlink()


def save_files(path: Path, repository, marks: Marks, reach: Reach, **settings):
    source = FilesSource(kind="files", host="archivo", paths=(str(path),), **settings)
    return source.save("files", repository, marks, reach, lambda _: None)


def save_output(_: Path, repository, marks: Marks, reach: Reach):
    with reach.bridge(repository) as there:
        there.save_output("files", ("true",), "files", marks, environment={})


@pytest.fixture
def older(repository, tree) -> tuple[str, ...]:
    """What earlier runs saved: also a copy of the same item."""
    marks = Marks(host="test-host", tags=EARLIER.tags)
    return tuple(
        repository.save_paths(item, [str(tree)], marks).copy.snapshot_id for item in ("files", "otro")
    )


def test_a_machine_that_names_an_older_copy_as_its_own_is_told_and_nothing_goes(
    data, repository, marks, forging, older
):
    # Of the same run, but of another item.
    beside = repository.save_paths("otro", [str(data)], marks).copy.snapshot_id
    for save, named in (
        (save_files, older[0]),
        (save_output, older[0]),
        (save_files, beside),
        # It is not there at all.
        (save_files, "0" * 64),
    ):
        with pytest.raises(HostForgeryError) as error:
            save(data, repository, marks, forging(named))
        assert error.value.facts == {"host": "archivo", "snapshot": named}
        assert not error.value.transient
        assert named in causes.explain(error.value)
    assert [one.id for one in repository.snapshots()] == [*older, beside]


def test_what_is_no_id_of_a_snapshot_is_not_believed(data, repository, marks, forging, older):
    for named in (older[0][:8], older[0].upper(), "latest", "--keep-last=1", "--tag=,", "", None, [1], 7):
        with pytest.raises(UnknownEngineError) as error:
            save_files(data, repository, marks, forging(named))
        assert str(named) in error.value.facts["said"]
        # It names where the repository is, not what it is carried to.
        assert error.value.facts["location"] == repository.place.location
    with pytest.raises(UnknownEngineError):
        save_output(data, repository, marks, forging("--keep-last=1"))
    with pytest.raises(UnknownEngineError):
        save_files(data, repository, marks, forging(older[0], total_files_processed="todos"))
    assert [one.id for one in repository.snapshots()] == list(older)


@pytest.mark.parametrize("told", [0, 7_000_000])
def test_the_numbers_of_a_copy_are_those_of_the_repository(
    server, restic, data, repository, marks, make_reach, older, told
):
    real = server.files / "real"
    shutil.copy(restic, real)
    real.chmod(0o755)
    asked = []

    def run(command, **more):
        asked.append(next(word for word in ("list", "snapshots", "forget") if word in command.argv))
        return worker.run(command, **more)

    try:
        reach = make_reach(HALF_LIAR % (real, told, real))
        saved = save_files(data, replace(repository, run=run), marks, reach)
        # One call more than on this worker, beside that for the locks which a lost machine may have left.
        assert asked == ["list", "snapshots"]
        (made,) = repository.snapshots(marks.for_item("files"))
        assert saved.copy == made.as_copy()
        assert (saved.copy.files, saved.copy.size_bytes) == (1, 3)
        assert saved.console["total_files_processed"] == 1
        # What is really empty still goes, and only that.
        with pytest.raises(SourceEmptyError):
            save_files(data, repository, marks, reach, exclude=("uno",))
        with pytest.raises(SourceCommandEmptyError):
            save_output(data, repository, marks, reach)
        assert [one.id for one in repository.snapshots()] == [*older, saved.copy.snapshot_id]
    finally:
        real.unlink()
