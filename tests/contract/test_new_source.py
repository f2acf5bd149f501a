"""The kind of source that docs/new-source.md shows keeps the promises that the real ones keep."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Union

import pytest
from pydantic import Field, SecretStr, TypeAdapter, ValidationError

import new_source_kit
from new_source_kit import SUFFIX, Directory, entries
from respaldo.domain.errors import (
    DumpUnreadableError,
    NotInCopyError,
    RepositoryDamagedError,
    SourceCommandEmptyError,
    SourceCommandError,
)
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.verification import Verification
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.engine import find_engine
from respaldo.sources import SOURCES
from respaldo.sources.reach import Machine, Reach
from sshd_kit import SshServer, ssh_server

pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]

LINES = 40


@pytest.fixture(scope="module")
def documented(tmp_path_factory) -> ModuleType:
    return new_source_kit.imported(tmp_path_factory.mktemp("documented"))


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server("SetEnv PATH=/usr/bin:/bin:/usr/sbin\n") as server:
        yield server


@pytest.fixture
def directory(server, monkeypatch) -> Iterator[Directory]:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
    folder = server.folder / "directory"
    yield Directory(folder, str(folder))
    shutil.rmtree(folder)


def source(documented, directory, **settings):
    asked = {"kind": "directory", "suffix": SUFFIX, "settings": directory.settings} | settings
    known = Annotated[Union[(*SOURCES, documented.DirectorySource)], Field(discriminator="kind")]
    return TypeAdapter(known).validate_python(asked)


@pytest.fixture(params=["worker", "host"])
def reach(request, restic, server) -> Reach:
    if request.param == "worker":
        return Reach()
    host = Host(
        name="srv_ldap",
        address="127.0.0.1",
        port=server.port,
        user=server.user,
        password=SecretStr(server.password),
        host_key=server.host_key,
    )
    return Reach(None, Machine(host, HostSettings(), find_engine()))


def give(directory: Directory, server: SshServer) -> None:
    """Let the machine's user read it, as the one who makes copies there may."""
    subprocess.run(["chown", "-R", server.user, Path(directory.settings).parent], check=True)


def save(one, repository, marks, reach):
    (item,) = one.items(reach)
    return one.save(item, repository, marks, reach, lambda _: None).copy


def test_the_example_is_one_short_module():
    assert len(new_source_kit.example().splitlines()) <= LINES
    (made,) = [one for one in ast.parse(new_source_kit.example()).body if isinstance(one, ast.ClassDef)]
    assert made.name == "DirectorySource"


def test_what_yaml_says_of_it_is_known_and_a_mistake_is_refused(documented, directory):
    assert source(documented, directory, host="srv_ldap").host == "srv_ldap"
    assert source(documented, directory).describe() == f"LDAP {SUFFIX}"
    for wrong in ({"suffix": ""}, {"sufix": "x"}, {"kind": "directorio"}):
        with pytest.raises(ValidationError):
            source(documented, directory, **wrong)


def test_two_copies_of_data_that_changed_give_each_state_back(
    documented, directory, server, reach, repository, marks, tmp_path
):
    directory.begin()
    one, states, copies = source(documented, directory), [], []
    for names in (("ana", "luis"), ("inés",)):
        directory.add(*names)
        give(directory, server)
        states.append(directory.names())
        one.probe(reach)
        copies.append(save(one, repository, marks, reach))
    assert len(states[0]) < len(states[1])
    for number, (state, copy) in enumerate(zip(states, copies, strict=True)):
        scratch = tmp_path / f"scratch{number}"
        scratch.mkdir()
        recorded = one.verify(copy, repository, Verification(), reach, str(scratch))
        (part,) = one.find(Wanted(), (copy,), repository, recorded)
        assert part.sha256 == one.read(part, repository, str(scratch)).facts["sha256"]
        delivery = Delivery(
            destination=Destination(), key=f"r{number}", staging=str(tmp_path / f"staging{number}")
        )
        restored = one.restore(part, repository, delivery, reach, str(scratch), lambda _: None)
        assert entries(Path(restored.where[0]).read_text()) == state
        # And into an empty directory, where it is one again.
        folder = tmp_path / f"again{number}"
        again = Directory(folder, str(folder))
        subprocess.run(
            [again.slapadd, "-f", again.settings, "-l", restored.where[0]], check=True, capture_output=True
        )
        assert again.names() == state


def test_what_is_not_good_leaves_no_snapshot(documented, directory, server, reach, repository, marks):
    directory.begin()
    shutil.rmtree(Path(directory.settings).parent / "ldap")
    (Path(directory.settings).parent / "ldap").mkdir()
    give(directory, server)
    with pytest.raises((SourceCommandError, SourceCommandEmptyError)):
        save(source(documented, directory), repository, marks, reach)
    with pytest.raises(SourceCommandError):
        save(source(documented, directory, settings="/nowhere"), repository, marks, reach)
    assert repository.snapshots() == ()


def test_a_copy_that_is_not_what_was_saved_is_not_good(
    documented, directory, repository, marks, scratch, restic
):
    directory.begin()
    one = source(documented, directory)
    copy = save(one, repository, marks, Reach())
    other = copy.model_copy(update={"size_bytes": copy.size_bytes + 1})
    with pytest.raises(DumpUnreadableError):
        one.verify(other, repository, Verification(), Reach(), str(scratch))
    with pytest.raises(NotInCopyError):
        one.find(Wanted(paths=("/otro.ldif",)), (copy,), repository, ())
    packs = [path for path in Path(repository.place.location, "data").rglob("*") if path.is_file()]
    for pack in packs:
        pack.chmod(0o600)
        content = bytearray(pack.read_bytes())
        content[40] ^= 1
        pack.write_bytes(content)
    with pytest.raises(RepositoryDamagedError):
        one.verify(copy, repository, Verification(), Reach(), str(scratch))
