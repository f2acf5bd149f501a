"""A repository does what it says with a real restic, and says what is wrong when it cannot."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from respaldo.domain.errors import (
    EngineKilledError,
    KeyFilesMissingError,
    RepositoryDamagedError,
    RepositoryFullError,
    RepositoryLockedError,
    RepositoryMissingError,
    RepositoryReadOnlyError,
    RepositoryUnreachableError,
    RespaldoError,
    SnapshotMissingError,
    SourceCommandEmptyError,
    SourceCommandError,
    SourceMissingError,
    TemporarySpaceError,
    ToolMissingError,
    UnknownEngineError,
    WrongPasswordError,
)
from respaldo.restic import call
from respaldo.restic.engine import find_engine
from respaldo.restic.events import Progress
from respaldo.restic.snapshots import Node

pytestmark = pytest.mark.timeout(120)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def streamed(repository, snapshot_id: str, path: str) -> bytes:
    received = bytearray()
    repository.stream(snapshot_id, path, received.extend)
    return bytes(received)


def nodes_of(repository, snapshot_id: str) -> list[Node]:
    nodes: list[Node] = []
    repository.walk(snapshot_id, nodes.append)
    return nodes


# --- what it does


def test_what_was_saved_is_restored_the_same(filled, saved, tree, scratch):
    heard: list[Progress] = []
    filled.restore(saved.copy.snapshot_id, scratch, on_progress=heard.append)
    assert contents(Path(f"{scratch}{tree}")) == contents(tree)
    assert all(progress.percent <= 100 for progress in heard)


def test_a_save_says_what_it_did(saved, tree):
    files = contents(tree)
    assert saved.copy.item == "files"
    assert (saved.copy.files, saved.copy.size_bytes) == (len(files), sum(map(len, files.values())))
    assert saved.copy.stored_bytes > 0
    assert saved.warnings == ()
    assert saved.console["snapshot_id"] == saved.copy.snapshot_id


def test_a_walk_names_each_file_as_it_is_on_disk(filled, saved, tree):
    walked = {
        (node.path, node.size_bytes, node.mtime_ns) for node in nodes_of(filled, saved.copy.snapshot_id)
    }
    assert walked == {
        (str(tree / name), len(content), (tree / name).stat().st_mtime_ns)
        for name, content in contents(tree).items()
    }


def test_a_snapshot_is_found_by_its_run_and_describes_its_copy(filled, saved, marks):
    (found,) = filled.snapshots(marks.tags)
    assert found.as_copy() == saved.copy
    assert found.item == "files"
    assert found.original is None
    assert filled.snapshots(("scope:erp", "run:another")) == ()


def test_snapshots_are_listed_oldest_first_with_items_of_any_name(filled, saved, tree, marks):
    item = "with,comma a=b/c 100% ñ:x"
    filled.save_paths(item, [str(tree)], marks)
    assert [snapshot.item for snapshot in filled.snapshots(marks.tags)] == ["files", item]


def test_an_exclusion_is_left_out(repository, tree, marks):
    copy = repository.save_paths("files", [str(tree)], marks, exclude=["er"]).copy
    assert {node.path for node in nodes_of(repository, copy.snapshot_id)} == {
        str(tree / name) for name in ("a", "empty", "twin")
    }


def test_the_output_of_a_command_is_streamed_back_the_same(repository, tree, marks):
    copy = repository.save_output("a.dump", ["cat", str(tree / "a")], "a.dump", marks, environment={}).copy
    assert (copy.files, copy.size_bytes) == (1, 200_000)
    assert streamed(repository, copy.snapshot_id, "/a.dump") == (tree / "a").read_bytes()


def test_a_command_gets_its_environment_and_not_the_password(repository, marks):
    copy = repository.save_output("env", ["env"], "env", marks, environment={"PGHOST": "h"}).copy
    seen = streamed(repository, copy.snapshot_id, "/env").decode()
    assert "PGHOST=h" in seen.splitlines()
    assert "clave" not in seen
    assert "PASSWORD" not in seen


def test_a_restore_takes_only_what_is_named_literally(repository, tmp_path, marks, scratch):
    tree = tmp_path / "names"
    tree.mkdir()
    wanted = ["g[*]?\\x", "!x", "**", " y ", "two\nlines", "$HOME"]
    for name in [*wanted, "gax", "other"]:
        (tree / name).write_text(name)
    copy = repository.save_paths("files", [str(tree)], marks).copy
    repository.restore(copy.snapshot_id, scratch, [str(tree / name) for name in wanted])
    assert set(contents(Path(f"{scratch}{tree}"))) == set(wanted)


def test_a_copy_in_a_second_repository_is_the_same_and_names_its_origin(
    filled, make_repository, saved, tree, scratch
):
    second = make_repository("secundario", password="otra")
    second.create(like=filled)
    for _ in range(2):
        filled.copy_to(second, [saved.copy.snapshot_id])
    (copied,) = second.snapshots()
    assert copied.original == saved.copy.snapshot_id
    assert chunker(second) == chunker(filled)
    second.restore(copied.id, scratch)
    assert contents(Path(f"{scratch}{tree}")) == contents(tree)


def chunker(repository) -> str:
    """Ask plain restic how a repository cuts files."""
    said = subprocess.run(
        [repository.engine.binary, "-r", repository.place.location, "--no-cache", "cat", "config"],
        env=os.environ | {"RESTIC_PASSWORD": repository.place.password.get_secret_value()},
        check=True,
        capture_output=True,
    ).stdout
    return json.loads(said)["chunker_polynomial"]


def test_a_forgotten_snapshot_is_listed_no_more(filled, saved):
    filled.forget(saved.copy.snapshot_id)
    assert filled.snapshots() == ()


def test_all_data_of_a_good_repository_reads_well(filled):
    filled.read_data(100)


def test_what_could_not_be_read_is_a_warning_and_the_rest_is_saved(repository, tree, marks):
    # The kernel refuses to read this one to root too.
    saved = repository.save_paths("files", [str(tree / "a"), "/proc/self/mem"], marks)
    assert len(saved.warnings) == 1
    assert saved.warnings[0].startswith("/proc/self/mem: ")
    assert [node.path for node in nodes_of(repository, saved.copy.snapshot_id)] == [str(tree / "a")]


def test_one_missing_path_of_two_is_a_warning(repository, tree, marks):
    # restic 0.18 says so in a plain line only, and ends with 0.
    saved = repository.save_paths("files", [str(tree / "a"), str(tree / "none")], marks)
    assert len(saved.warnings) == 1
    assert str(tree / "none") in saved.warnings[0]


# --- what keeps it from opening


def test_another_password_is_wrong(repository, make_repository):
    with pytest.raises(WrongPasswordError) as caught:
        make_repository(password="otra").open()
    assert caught.value.facts["repository"] == "principal"
    assert "otra" not in str(caught.value)


def test_lost_key_files_are_not_called_a_wrong_password(repository, tmp_path):
    for key in (tmp_path / "principal" / "keys").iterdir():
        key.unlink()
    with pytest.raises(KeyFilesMissingError):
        repository.open()


def test_a_repository_that_is_not_there_is_missing(make_repository, tree, marks):
    with pytest.raises(RepositoryMissingError):
        make_repository().open()
    with pytest.raises(RepositoryMissingError):
        make_repository().save_paths("files", [str(tree)], marks)


def test_a_repository_is_never_made_twice(filled, saved):
    with pytest.raises(RespaldoError):
        filled.create()
    assert [snapshot.id for snapshot in filled.snapshots()] == [saved.copy.snapshot_id]


@pytest.fixture
def lock(filled, tmp_path) -> Iterator[Path]:
    """An exclusive lock of a process that lives."""
    first, second = tmp_path / "waiting", tmp_path / "go"
    os.mkfifo(second)
    holder = subprocess.Popen(
        [filled.engine.binary, "-r", filled.place.location, "--no-cache", "--password-command",
         "echo clave", "backup", "--stdin-from-command", "--", "sh", "-c",
         f"touch {first}; read line <{second}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(first.exists)
        yield Path(filled.place.location, "locks")
    finally:
        second.write_text("\n")
        holder.wait(20)


def until(condition, seconds=20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_maintenance_beside_a_backup_finds_the_repository_locked(filled, saved, lock):
    with pytest.raises(RepositoryLockedError):
        filled.waiting("1s").read_data(1)
    assert len(list(lock.iterdir())) == 1
    assert [snapshot.id for snapshot in filled.snapshots()] == [saved.copy.snapshot_id]


def test_unlock_leaves_the_locks_of_the_living(filled, lock):
    assert filled.unlock() == 0
    assert len(list(lock.iterdir())) == 1


# --- what is damaged


def flip_a_bit(location: str) -> None:
    """Damage the largest pack: the one with the files' data."""
    pack = max(
        Path(location, "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0
    )
    pack.chmod(0o600)
    with pack.open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)[0]
        file.seek(1000)
        file.write(bytes([byte ^ 1]))


@pytest.fixture
def damaged(filled):
    flip_a_bit(filled.place.location)
    return filled


def test_a_flipped_bit_fails_a_restore(damaged, saved, scratch):
    with pytest.raises(RepositoryDamagedError):
        damaged.restore(saved.copy.snapshot_id, scratch)


def test_a_flipped_bit_fails_a_stream(damaged, saved, tree):
    with pytest.raises(RepositoryDamagedError):
        streamed(damaged, saved.copy.snapshot_id, str(tree / "a"))


def test_a_flipped_bit_fails_the_reading_of_all_data(damaged):
    with pytest.raises(RepositoryDamagedError):
        damaged.read_data(100)


def test_a_flipped_bit_is_not_copied(damaged, saved, make_repository):
    second = make_repository("secundario")
    second.create(like=damaged)
    with pytest.raises(RepositoryDamagedError):
        damaged.copy_to(second, [saved.copy.snapshot_id])
    assert second.snapshots() == ()


def test_lost_packs_fail_a_restore(filled, saved, scratch):
    shutil.rmtree(Path(filled.place.location, "data"))
    with pytest.raises(RepositoryDamagedError):
        filled.restore(saved.copy.snapshot_id, scratch)


@pytest.mark.parametrize("wanted", ["0" * 64, "abcdef12"])
def test_a_snapshot_that_is_not_there_is_missing(filled, saved, scratch, wanted):
    with pytest.raises(SnapshotMissingError):
        filled.walk(wanted, lambda _: None)
    with pytest.raises(SnapshotMissingError):
        filled.restore(wanted, scratch)


# --- where there is no room, or no way


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this machine does not mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@needs_root
def test_a_full_disk_fails_the_save_and_keeps_what_was_saved(make_repository, tree, marks, tmp_path, scratch):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=2m", "tmpfs") as small:
        repository = make_repository(location=str(small / "r"))
        repository.create()
        good = repository.save_paths("files", [str(tree)], marks).copy
        (tmp_path / "large").write_bytes(os.urandom(4 << 20))
        with pytest.raises(RepositoryFullError):
            repository.save_paths("files", [str(tmp_path / "large")], marks)
        assert [snapshot.id for snapshot in repository.snapshots()] == [good.snapshot_id]
        repository.restore(good.snapshot_id, scratch)
        assert contents(Path(f"{scratch}{tree}")) == contents(tree)


@needs_root
def test_a_full_target_is_the_workers_own_trouble(filled, saved, tmp_path):
    with (
        mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=64k", "tmpfs") as small,
        pytest.raises(TemporarySpaceError) as caught,
    ):
        filled.restore(saved.copy.snapshot_id, small)
    assert caught.value.facts["target"] == str(tmp_path / "small")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(call, "BACKEND_PATIENCE_SECONDS", 1.0)


def test_a_repository_below_a_file_is_told_soon(make_repository, tmp_path, impatient):
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryMissingError):
        make_repository(location=str(tmp_path / "file" / "below")).snapshots()


@needs_root
def test_a_repository_that_is_read_only_is_told_soon(filled, saved, tree, marks, impatient):
    location = Path(filled.place.location)
    with mounted(location, "-o", "bind,ro", str(location)):
        subprocess.run(["mount", "-o", "remount,bind,ro", location], check=True)
        with pytest.raises(RepositoryReadOnlyError):
            filled.save_paths("files", [str(tree)], marks)
        assert len(nodes_of(filled, saved.copy.snapshot_id)) == saved.copy.files


def test_a_server_that_is_down_is_told_soon(make_repository, impatient):
    with pytest.raises(RepositoryUnreachableError):
        make_repository(location="rest:http://127.0.0.1:1/erp/").open()


# --- a command whose output is saved


def test_a_command_that_fails_leaves_no_snapshot(repository, marks):
    with pytest.raises(SourceCommandError) as caught:
        repository.save_output(
            "x", ["sh", "-c", "echo half; echo lost it >&2; exit 3"], "x", marks, environment={}
        )
    assert caught.value.facts["scope"] == "erp"
    assert repository.snapshots() == ()


def test_a_command_that_prints_nothing_leaves_no_snapshot(repository, marks):
    with pytest.raises(SourceCommandEmptyError):
        repository.save_output("x", ["true"], "x", marks, environment={})
    assert repository.snapshots() == ()


def test_a_command_that_is_not_there_leaves_no_snapshot(repository, marks):
    with pytest.raises(ToolMissingError):
        repository.save_output("x", ["no-such-program"], "x", marks, environment={})
    assert repository.snapshots() == ()


def test_paths_that_are_all_missing_leave_no_snapshot(repository, marks, tmp_path):
    with pytest.raises(SourceMissingError):
        repository.save_paths("files", [str(tmp_path / "none")], marks)
    assert repository.snapshots() == ()


# --- a restic that dies


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_restic_that_is_killed_leaves_nothing_that_a_retry_trips_over(
    repository, tree, marks, tmp_path, scratch, number
):
    pids = tmp_path / "pids"

    def kill_both() -> None:
        until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        os.kill(int(pids.read_text().split()[0]), number)

    killer = threading.Thread(target=kill_both)
    killer.start()
    # Here $PPID is restic.
    command = ["sh", "-c", f"echo data; echo $PPID $$ >{pids}; exec sleep 60"]
    with pytest.raises(EngineKilledError):
        repository.save_output("x", command, "x", marks, environment={})
    killer.join()
    dump = int(pids.read_text().split()[1])
    until(lambda: not Path(f"/proc/{dump}").exists())
    repository.unlock()
    assert not list(Path(repository.place.location, "locks").iterdir())
    copy = repository.save_paths("files", [str(tree)], marks).copy
    assert [snapshot.id for snapshot in repository.snapshots()] == [copy.snapshot_id]
    repository.restore(copy.snapshot_id, scratch)
    assert contents(Path(f"{scratch}{tree}")) == contents(tree)


# --- a restic that lies


@pytest.fixture
def lying(tmp_path, monkeypatch, make_repository):
    """Give a repository whose restic does what a script says."""

    def make(script: str):
        program = tmp_path / "liar" / "restic"
        program.parent.mkdir()
        version = '{"message_type":"version","version":"0.19.1"}'
        program.write_text(f"#!/bin/sh\n[ \"$1\" = version ] && echo '{version}' && exit\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        assert find_engine().binary == str(program)
        return replace(make_repository(), engine=find_engine())

    return make


SUMMARY = '{"message_type":"summary","total_files_processed":1}'
GOOD = '{"message_type":"summary","snapshot_id":"ab"}'
FATAL = '{"message_type":"exit_error","code":1,"message":"Fatal: the moon is full"}'

LIES = {
    "says nothing": "exit 0",
    "says that it failed": f"echo '{FATAL}' >&2",
    "prints words": "echo all is well",
    "prints another document": "echo 1",
    "ends with an unknown code": f"echo '{GOOD}'; exit 77",
}


def test_a_restic_that_does_not_end_over_a_full_disk_is_ended(lying, tree, marks, impatient):
    said = "Save(<data/13a1caf4cc>) failed: write /r/data/13/13a1-tmp-35: no space left on device"
    with pytest.raises(RepositoryFullError):
        lying(f"echo '{said}' >&2; exec sleep 60").save_paths("files", [str(tree)], marks)


@pytest.mark.parametrize("script", LIES.values(), ids=LIES)
def test_a_success_without_its_proof_is_a_failure(lying, tree, marks, script):
    repository = lying(script)
    with pytest.raises(UnknownEngineError):
        repository.save_paths("files", [str(tree)], marks)
    with pytest.raises(UnknownEngineError):
        repository.save_output("x", ["true"], "x", marks, environment={})
    with pytest.raises(UnknownEngineError):
        repository.open()
    with pytest.raises(UnknownEngineError):
        repository.snapshots()
    with pytest.raises((SnapshotMissingError, UnknownEngineError)):
        repository.walk("ab", lambda _: None)


def test_a_summary_without_a_snapshot_is_a_failure(lying, tree, marks):
    with pytest.raises(UnknownEngineError):
        lying(f"echo '{SUMMARY}'").save_paths("files", [str(tree)], marks)
