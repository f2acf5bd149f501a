"""Two stores of objects are used in one call of restic, each entered with its own keys."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.domain.errors import RepositoryDeniedError
from respaldo.hosts.session import Limits, entered
from respaldo.hosts.ssh import Host
from respaldo.restic.access import Login
from respaldo.restic.on_host import provide, repository_on
from s3_kit import BUCKETS
from sshd_kit import ssh_server

pytestmark = pytest.mark.timeout(180)

GOOD = BUCKETS["uno"]


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bucket", "options"), [("dos", None), ("uno", None), ("uno", {"s3.connections": "2"})]
)
def test_a_copy_from_one_store_to_another_enters_each_with_its_own_keys(
    in_bucket, tree, marks, tmp_path, bucket, options
):
    first, second = in_bucket(), in_bucket(bucket, "secundario", options=options)
    first.create()
    saved = first.save_paths("files", [str(tree)], marks).copy.snapshot_id
    second.create(like=first)
    assert second.config()["chunker_polynomial"] == first.config()["chunker_polynomial"]
    first.copy_to(second, [saved])
    (copied,) = second.snapshots(marks.tags)
    second.restore(copied.id, tmp_path / "restored")
    assert _contents(Path(f"{tmp_path / 'restored'}{tree}")) == _contents(tree)
    assert first.listed("locks") == frozenset()


@pytest.mark.slow
def test_a_copy_that_one_of_two_stores_refuses_names_that_one(in_bucket, tree, marks):
    first, second = in_bucket(), in_bucket("dos", "secundario")
    first.create()
    saved = first.save_paths("files", [str(tree)], marks).copy.snapshot_id
    second.create(like=first)
    wrong = Login(user=GOOD.key_id, secret=SecretStr("otra"))
    for one, other, name in (
        (in_bucket(login=wrong), second, "principal"),
        (first, in_bucket("dos", "secundario", login=wrong), "secundario"),
    ):
        with pytest.raises(RepositoryDeniedError) as caught:
            one.copy_to(other, [saved])
        assert caught.value.facts["repository"] == name
        assert GOOD.secret.get_secret_value() not in str(caught.value.facts)


# --- from a machine


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_machine_over_ssh_adds_to_a_store_without_its_keys_and_can_take_nothing_away(
    in_bucket, marks, restic, tmp_path
):
    repository = in_bucket()
    repository.create()
    with ssh_server() as machine:
        data = machine.files / "data"
        data.mkdir()
        (data / "uno").write_bytes(os.urandom(3_000_000))
        subprocess.run(["chown", "-R", machine.user, machine.files], check=True)
        host = Host(
            name="archivo",
            address=machine.address,
            port=machine.port,
            user=machine.user,
            password=SecretStr(machine.password),
            host_key=machine.host_key,
        )
        with entered(host, limits=Limits()) as session:
            program = provide(session, lambda _: Path(restic))
            with repository_on(session, repository, program) as there:
                saved = there.save_paths("files", [str(data)], marks).copy.snapshot_id
                with pytest.raises(RepositoryDeniedError):
                    there.forget(saved)
                seen = there.save_output("env", ["env"], "env", marks, environment={}).copy.snapshot_id
        repository.restore(saved, tmp_path / "restored")
        assert _contents(Path(f"{tmp_path / 'restored'}{data}")) == _contents(data)
    said = bytearray()
    repository.stream(seen, "/env", said.extend)
    assert b"AWS_" not in said
    assert repository.check().is_good
    assert repository.listed("locks") == frozenset()
