"""Every kind of repository is one: first and second, with real servers, and says what is wrong with it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from pydantic import SecretStr

from conftest import ensured
from respaldo.actions.examine import examine
from respaldo.actions.heal import Healer
from respaldo.domain.errors import (
    RepositoryDamagedError,
    RepositoryDeniedError,
    RepositoryFullError,
    RepositoryMissingError,
    RepositoryReadOnlyError,
    RepositoryUnreachableError,
    SourceCommandEmptyError,
)
from respaldo.domain.repository_errors import RepositoryUntrustedError
from respaldo.restic.access import Access, Login
from respaldo.restic.argv import Place
from respaldo.restic.repository import Repository
from rest_kit import PASSWORD, USER, rest_server
from s3_kit import BUCKETS
from sshd_kit import SshServer

pytestmark = [pytest.mark.one_restic, pytest.mark.timeout(180)]

KINDS = ("local", "rest", "append_only", "sftp", "s3", "s3_append_only")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


# --- what each does


@pytest.mark.parametrize("kind", KINDS)
def test_an_examination_tells_what_a_repository_is_and_leaves_nothing_there(of_kind, kind, request):
    repository = of_kind(kind)
    assert examine(repository).exists is False
    repository.create()
    found = examine(repository)
    assert (found.exists, found.format, found.is_writable, found.problem) == (True, 2, True, None)
    removable = {"rest": True, "append_only": False, "s3": True, "s3_append_only": False}
    assert found.is_removable == removable.get(kind)
    assert found.is_good
    assert (found.free_bytes is not None) is (kind == "local")
    assert repository.listed("locks") == frozenset()


def test_an_examination_finds_out_a_server_that_is_not_append_only_as_it_was_said(of_kind):
    repository = replace(of_kind("rest"), append_only=True)
    repository.create()
    found = examine(repository)
    assert found.breaks_promise
    assert not found.is_good


def test_an_examination_tells_what_keeps_a_repository_from_being_used(of_kind):
    found = examine(of_kind("rest", login=Login(user=USER, secret=SecretStr("otra"))))
    assert isinstance(found.problem, RepositoryDeniedError)
    assert found.is_removable is None
    assert not found.is_good


DAILY = (("local", "rest"), ("append_only", "append_only"), ("sftp", "s3"))
"""The pairs that `make test` plays."""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(*pair, marks=[] if pair in DAILY else pytest.mark.slow)
        for pair in product(KINDS[:-1], repeat=2)
        # Two stores of objects: test_s3_beside.
        if pair != ("s3", "s3")
    ],
)
def test_a_copy_goes_from_each_kind_to_each_and_both_give_it_back(
    of_kind, tree, marks, tmp_path, first, second
):
    principal, secundario = of_kind(first), of_kind(second, "secundario")
    principal.create()
    saved = principal.save_paths("files", [str(tree)], marks)
    secundario.create(like=principal)
    principal.copy_to(secundario, [saved.copy.snapshot_id])
    (copied,) = secundario.snapshots(marks.tags)
    assert copied.original == saved.copy.snapshot_id
    for repository, snapshot_id in ((principal, saved.copy.snapshot_id), (secundario, copied.id)):
        target = tmp_path / f"restored {repository.name}"
        repository.restore(snapshot_id, target)
        assert contents(Path(f"{target}{tree}")) == contents(tree)


def test_a_copy_goes_between_two_of_a_kind_whose_options_differ(of_kind, tree, marks):
    principal, secundario = (
        replace(one, place=replace(one.place, access=replace(one.place.entered, options=options)))
        for one, options in (
            (of_kind("sftp"), ("sftp.connections=3",)),
            (of_kind("sftp", "secundario"), ("sftp.connections=5",)),
        )
    )
    principal.create()
    saved = principal.save_paths("files", [str(tree)], marks)
    secundario.create(like=principal)
    principal.copy_to(secundario, [saved.copy.snapshot_id])
    assert [one.original for one in secundario.snapshots(marks.tags)] == [saved.copy.snapshot_id]


@pytest.mark.parametrize("kind", KINDS)
def test_what_runs_for_a_save_sees_no_secret_of_its_repository(of_kind, marks, kind):
    repository = of_kind(kind)
    repository.create()
    look = (
        "env; tr '\\0' '\\n' </proc/$PPID/environ; tr '\\0' ' ' </proc/$PPID/cmdline; "
        "for file in /proc/self/fd/*; do n=${file##*/}; "
        '[ "$n" -gt 2 ] && timeout 1 cat <"$file"; done; true'
    )
    copy = repository.save_output("look", ["sh", "-c", look], "look", marks, environment={}).copy
    seen = bytearray()
    repository.stream(copy.snapshot_id, "/look", seen.extend)
    # It did see what is there to see.
    assert b"--stdin-from-command" in seen
    keys = [one.secret.get_secret_value() for one in BUCKETS.values()]
    for secret in (PASSWORD, PASSWORD.replace("@", "%40").split("/")[0], "clave de", "PRIVATE KEY", *keys):
        assert secret.encode() not in seen


# --- append-only


def test_an_append_only_repository_keeps_what_somebody_wants_forgotten(of_kind, tree, marks, append_only):
    repository = of_kind("append_only")
    repository.create()
    saved = repository.save_paths("files", [str(tree)], marks)
    before = contents(append_only.data)
    with pytest.raises(RepositoryDeniedError):
        repository.forget(saved.copy.snapshot_id)
    assert contents(append_only.data) == before
    assert [one.id for one in repository.snapshots()] == [saved.copy.snapshot_id]


def test_an_output_without_a_byte_is_no_copy_where_nothing_can_be_removed(of_kind, marks):
    repository = of_kind("append_only")
    repository.create()
    with pytest.raises(SourceCommandEmptyError):
        repository.save_output("empty", ["true"], "empty", marks, environment={})


def test_damage_of_an_append_only_repository_is_told_and_nothing_is_tried(
    of_kind, tree, marks, append_only, scratch
):
    repository = of_kind("append_only")
    repository.create()
    repository.save_paths("files", [str(tree)], marks)
    packs = append_only.data / repository.place.location.rpartition("/")[2] / "data"
    pack = max((path for path in packs.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-1000] + bytes(1000))
    before = contents(packs)
    healer = Healer(repository, scratch, "execute", [])
    with pytest.raises(RepositoryDamagedError):
        healer.repair()

    def fail(_: Repository) -> None:
        raise RepositoryDamagedError(**repository.facts)

    with pytest.raises(RepositoryDamagedError):
        healer.doing(fail)
    assert (contents(packs), healer.applied) == (before, [])


# --- what keeps each from opening


@pytest.mark.parametrize("kind", KINDS)
def test_a_repository_of_each_kind_that_is_not_there_is_missing(of_kind, tree, marks, kind):
    with pytest.raises(RepositoryMissingError):
        of_kind(kind).open()
    with pytest.raises(RepositoryMissingError):
        of_kind(kind).save_paths("files", [str(tree)], marks)


def _other_key(sshd: SshServer) -> str:
    return (sshd.folder / "host_key").read_text()


REFUSED: dict[str, tuple[str, Callable[[pytest.FixtureRequest], Login]]] = {
    "wrong password": ("rest", lambda _: Login(user=USER, secret=SecretStr("otra"))),
    "no login": ("rest", lambda _: Login()),
    "wrong key": (
        "sftp",
        lambda request: Login(
            private_key=SecretStr(_other_key(request.getfixturevalue("sshd"))),
            host_key=request.getfixturevalue("sshd").host_key,
        ),
    ),
    "no key": ("sftp", lambda request: Login(host_key=request.getfixturevalue("sshd").host_key)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_may_not_enter_is_told_so_at_once(request, of_kind, case):
    kind, login = REFUSED[case]
    began = time.monotonic()
    with pytest.raises(RepositoryDeniedError):
        of_kind(kind, login=login(request)).open()
    assert time.monotonic() - began < 20


def test_another_host_key_is_not_trusted(of_kind, sshd):
    login = Login(private_key=SecretStr(sshd.private_key), host_key=sshd.other_key)
    with pytest.raises(RepositoryUntrustedError):
        of_kind("sftp", login=login).open()


def test_a_host_key_that_nobody_knows_is_not_trusted(of_kind, sshd):
    with pytest.raises(RepositoryUntrustedError):
        of_kind("sftp", login=Login(private_key=SecretStr(sshd.private_key))).open()


def test_a_certificate_of_an_unknown_authority_is_not_trusted(of_kind):
    repository = of_kind("rest")
    access = replace(repository.place.access, authority=None)
    with pytest.raises(RepositoryUntrustedError):
        replace(repository, place=replace(repository.place, access=access)).open()


def test_a_jump_leads_to_a_server_and_its_own_host_key_is_looked_at(of_kind, sshd, tree, marks):
    good = Login(
        private_key=SecretStr(sshd.private_key),
        host_key=sshd.host_key,
        jump=f"{sshd.user}@127.0.0.1:{sshd.port}",
        jump_host_key=sshd.host_key,
    )
    repository = of_kind("sftp", login=good)
    repository.create()
    repository.save_paths("files", [str(tree)], marks)
    with pytest.raises(RepositoryUntrustedError):
        of_kind("sftp", login=good.model_copy(update={"jump_host_key": sshd.other_key})).open()


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("scheme", ["rest:http://127.0.0.1:{port}/", "sftp://u@127.0.0.1:{port}//srv"])
def test_a_server_that_does_not_answer_is_unreachable_at_once(make_repository, scheme, tree, marks):
    with closed_port() as port:
        location = scheme.format(port=port)
        access = Access.to(location, Login(), name="principal")
        repository = make_repository(location=location)
        repository = replace(repository, place=replace(repository.place, access=access))
        began = time.monotonic()
        with pytest.raises(RepositoryUnreachableError) as caught:
            repository.save_paths("files", [str(tree)], marks)
        assert time.monotonic() - began < 5
        assert str(port) in caught.value.facts["said"]


def test_a_server_that_drops_what_it_gets_is_unreachable_within_seconds(make_repository, monkeypatch):
    # A queue that is full: the kernel answers nobody any more, as a firewall does.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        port = full.getsockname()[1]
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003
            waiting.connect_ex(("127.0.0.1", port))
        location = f"rest:http://127.0.0.1:{port}/"
        repository = make_repository(location=location)
        access = Access.to(location, Login(), name="principal")
        repository = replace(repository, place=replace(repository.place, access=access))
        began = time.monotonic()
        with pytest.raises(RepositoryUnreachableError):
            repository.open()
        assert time.monotonic() - began < 10


def test_a_copy_to_a_server_that_is_away_names_that_one(of_kind, make_repository, tree, marks):
    first = of_kind("local")
    first.create()
    saved = first.save_paths("files", [str(tree)], marks)
    with closed_port() as port:
        location = f"rest:http://127.0.0.1:{port}/"
        second = make_repository("secundario", location=location)
        access = Access.to(location, Login(), name="secundario")
        second = replace(second, place=replace(second.place, access=access))
        with pytest.raises(RepositoryUnreachableError) as caught:
            first.copy_to(second, [saved.copy.snapshot_id])
        assert caught.value.facts["repository"] == "secundario"
        with pytest.raises(RepositoryUnreachableError) as caught:
            second.copy_to(first, ["a" * 64])
        assert caught.value.facts["repository"] == "secundario"


# --- where a server has no room, or its disk takes nothing


def test_a_server_whose_quota_is_used_up_is_full(engine, tmp_path, tree, marks, monkeypatch):
    monkeypatch.setattr("respaldo.restic.call.BACKEND_PATIENCE_SECONDS", 5.0)
    with rest_server(ensured("restic-rest-server"), tmp_path / "s", "--max-size", "100000") as server:
        location = f"{server.location}/erp"
        access = Access.to(location, Login(user=USER, secret=SecretStr(PASSWORD)), name="principal")
        place = Place(location, SecretStr("clave"), str(tmp_path / "cache"), access=access)
        repository = Repository("principal", "erp", place, engine)
        repository.create()
        with pytest.raises(RepositoryFullError):
            repository.save_paths("files", [str(tree)], marks)


def test_a_folder_over_sftp_that_takes_nothing_is_denied(of_kind, sshd, tree, marks, monkeypatch):
    monkeypatch.setattr("respaldo.restic.call.BACKEND_PATIENCE_SECONDS", 5.0)
    repository = of_kind("sftp")
    repository.create()
    folder = sshd.files / repository.place.location.rpartition("/")[2]
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o500)
    with pytest.raises((RepositoryDeniedError, RepositoryReadOnlyError)):
        repository.save_paths("files", [str(tree)], marks)
