"""Scopes whose data are on a machine go the whole way: copied, verified, found and given back to it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import far_kit
import network_kit
from job_kit import job_of, known, nobody_looks
from network_kit import DATA
from respaldo.actions.execute import execute
from respaldo.actions.identify import identify
from respaldo.actions.job import Job
from respaldo.actions.restore import restore
from respaldo.actions.verify import verify
from respaldo.domain.errors import NotAuthorizedError
from respaldo.domain.host_errors import HostUnreachableError
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.values import Planned
from respaldo.hosts.settings import HostSettings

pytestmark = [pytest.mark.one_restic, pytest.mark.timeout(180)]

PLANNED = Planned(new_repositories=("principal",))


@pytest.fixture(scope="module")
def machine() -> Iterator[network_kit.Machine]:
    with far_kit.programs_found(), network_kit.machine() as machine:
        yield machine


@pytest.fixture
def make_job(machine, restic, tmp_path) -> Iterator[Callable[..., Job]]:
    far_kit.empty(machine)
    settings = HostSettings(folder=network_kit.TEMPORARY)

    def make(source: dict, attempt: int = 1) -> Job:
        job = job_of({"host": "archivo"} | source, tmp_path, attempt)
        return replace(
            job,
            engine=replace(job.engine, binary=restic),
            host_of=lambda _: far_kit.host_of(machine),
            host_settings_of=lambda _: settings,
        )

    yield make
    assert far_kit.nothing_left(machine)


def asked(job: Job, **settings: object) -> Delivery:
    destination = Destination.model_validate(settings)
    return Delivery(destination=destination, key="k", staging=str(job.home.restored / "k"))


def lost_when(machine: network_kit.Machine, is_begun: Callable[[], bool]) -> threading.Thread:
    """Lose the machine once something has begun."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if is_begun():
                far_kit.cut(machine)
                return
            time.sleep(0.002)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_files_of_a_machine_that_is_lost_twice_are_saved_once_and_given_back_whole(
    make_job, machine, tmp_path
):
    for number in range(6):
        (machine.data / f"file {number}").write_bytes(os.urandom(16 << 20))
    far_kit.give(machine, machine.data)
    source = {"kind": "files", "paths": [DATA]}
    repository = tmp_path / "principal"
    loser = lost_when(machine, lambda: any(one.is_file() for one in repository.rglob("data/*/*")))
    with pytest.raises(HostUnreachableError):
        execute(make_job(source), PLANNED, nobody_looks)
    loser.join()
    job = make_job(source, attempt=2)
    made = execute(job, PLANNED, nobody_looks)
    assert (made.superseded, made.warnings) == ((), ())
    assert [one.id for one in job.first.snapshots()] == [made.copies[0].snapshot_id]
    verified = verify(job, PLANNED, made, accept_shrink=False)
    assert verified.evidence[-1].facts["equal"] == 6

    before = {path.name: path.read_bytes() for path in machine.data.iterdir()}
    (machine.data / "file 0").unlink()
    (machine.data / "file 1").write_text("theirs")
    delivery = asked(job, kind="original")
    found = identify(job, known(job, made, verified), "first", Wanted(), delivery)
    assert found.touches == (DATA,)
    with pytest.raises(NotAuthorizedError):
        restore(job, found, delivery, nobody_looks, authorized=False)
    loser = lost_when(machine, lambda: (machine.data / "file 0").exists())
    with pytest.raises(HostUnreachableError):
        restore(job, found, delivery, nobody_looks, authorized=True)
    loser.join()
    done = restore(job, found, delivery, nobody_looks, authorized=True)
    after = {path.name: path.read_bytes() for path in machine.data.iterdir()}
    assert after == before | {"file 1": b"theirs"}
    assert done.where == (f"archivo:{DATA}",)
    assert not list(job.home.restored.rglob("*begun*"))
    assert not Path(DATA).exists()


@pytest.mark.slow
def test_a_database_of_a_machine_is_only_replaced_when_that_was_allowed(make_job, machine):
    live = machine.data / "app.db"
    with sqlite3.connect(live) as database:
        database.execute("CREATE TABLE t (a)")
        database.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(500)))
    database.close()
    far_kit.give(machine, machine.data)
    job = make_job({"kind": "sqlite", "paths": [f"{DATA}/app.db"]})
    made = execute(job, PLANNED, nobody_looks)
    verified = verify(job, PLANNED, made, accept_shrink=False)
    with sqlite3.connect(live) as database:
        database.execute("DELETE FROM t")
    database.close()
    far_kit.give(machine, machine.data)
    delivery = asked(job, kind="original", overwrite="always")
    found = identify(job, known(job, made, verified), "first", Wanted(), delivery)
    assert found.touches == (f"{DATA}/app.db",)
    with pytest.raises(NotAuthorizedError):
        restore(job, found, delivery, nobody_looks, authorized=False)
    done = restore(job, found, delivery, nobody_looks, authorized=True)
    with sqlite3.connect(live) as database:
        assert database.execute("SELECT count(*) FROM t").fetchone() == (500,)
    database.close()
    assert done.kept == (f"archivo:{DATA}/app.db.before-k",)
    assert list(job.home.scratch.iterdir()) == []
