"""Scopes whose copies are one file each go the whole way: copied, verified, found and given back."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from job_kit import job_of, known, nobody_looks
from respaldo.actions.execute import execute
from respaldo.actions.identify import identify
from respaldo.actions.job import Job
from respaldo.actions.restore import restore
from respaldo.actions.verify import verify
from respaldo.domain.errors import NotAuthorizedError
from respaldo.domain.host_errors import HostPlatformError
from respaldo.domain.restoring import Delivery, Destination, Wanted
from respaldo.domain.values import Planned
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from sshd_kit import ssh_server

pytestmark = [pytest.mark.one_restic, pytest.mark.timeout(120)]


@pytest.fixture
def make_job(restic, tmp_path):
    def make(source: dict, attempt: int = 1) -> Job:
        return job_of(source, tmp_path, attempt)

    return make


def test_a_database_in_use_is_only_replaced_when_that_was_allowed(make_job, tmp_path):
    live = tmp_path / "srv" / "app.db"
    live.parent.mkdir()
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (a)")
        database.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(500)))
    job = make_job({"kind": "sqlite", "paths": [str(live)]})
    planned = Planned(new_repositories=("principal",))
    made = execute(job, planned, nobody_looks)
    verified = verify(job, planned, made, accept_shrink=False)
    with contextlib.closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("DELETE FROM t")
    destination = Destination(kind="original", overwrite="always")
    delivery = Delivery(destination=destination, key="k", staging=str(job.home.restored / "k"))
    found = identify(job, known(job, made, verified), "first", Wanted(), delivery)
    assert found.touches == (str(live),)
    assert found.parts[0].sha256 == verified.evidence[-1].facts["sha256"]
    with pytest.raises(NotAuthorizedError):
        restore(job, found, delivery, nobody_looks, authorized=False)
    done = restore(job, found, delivery, nobody_looks, authorized=True)
    with contextlib.closing(sqlite3.connect(live)) as database:
        assert database.execute("SELECT count(*) FROM t").fetchone() == (500,)
    assert done.kept == (f"{live}.before-k",)
    assert list(job.home.scratch.iterdir()) == []


def test_an_attempt_after_a_kill_leaves_one_copy_of_what_a_command_printed(make_job):
    source = {
        "kind": "command",
        "command": ["sh", "-c", "read given; echo hostname borde-1; date +%N; echo end"],
        "name": "borde-1.cfg",
        "must_contain": ["hostname ", {"regex": "^end$"}],
        "must_end_with": "end",
        "secret": "borde_1",
    }
    planned = Planned(new_repositories=("principal",))
    killed = execute(make_job(source), planned, nobody_looks)
    job = make_job(source, attempt=2)
    made = execute(job, planned, nobody_looks)
    # A repository in which nothing can be removed would keep a second one for good.
    assert (made.copies, made.superseded) == (killed.copies, ())
    verified = verify(job, planned, made, accept_shrink=False)
    assert [one.id for one in job.first.snapshots()] == [made.copies[0].snapshot_id]
    delivery = Delivery(destination=Destination(), key="k", staging=str(job.home.restored / "k"))
    found = identify(job, known(job, made, verified), "first", Wanted(), delivery)
    assert found.touches == ()
    done = restore(job, found, delivery, nobody_looks, authorized=False)
    assert Path(done.where[0]).read_text().startswith("hostname borde-1\n")
    assert list(job.home.scratch.iterdir()) == []


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "sqlite", "paths": ["/srv/app.db"]},
        {"kind": "tar", "paths": ["/srv"]},
        {"kind": "command", "command": ["true"], "name": "nada"},
    ],
)
def test_a_kind_that_needs_a_shell_is_refused_on_a_windows_machine_before_it_is_entered(make_job, source):
    there = HostSettings(platform="windows")
    job = replace(make_job(source | {"host": "contable"}), host_settings_of=lambda _: there)
    with pytest.raises(HostPlatformError) as caught:
        execute(job, Planned(new_repositories=("principal",)), nobody_looks)
    assert caught.value.facts == {"host": "contable", "kind": source["kind"]}


def test_files_that_only_tar_may_read_go_the_whole_way(restic, tmp_path):
    with ssh_server() as server:
        data = server.folder / "datos"
        (data / "actas").mkdir(parents=True)
        (data / "actas" / "una ñ.txt").write_text("uno\n")
        (data / "otra").write_text("dos\n")
        entry = Host(
            name="nas",
            address="127.0.0.1",
            port=server.port,
            user=server.user,
            password=SecretStr(server.password),
            host_key=server.host_key,
        )
        source = {"kind": "tar", "host": "nas", "paths": [str(data)]}
        job = replace(
            job_of(source, tmp_path), host_of=lambda _: entry, host_settings_of=lambda _: HostSettings()
        )
        planned = Planned(new_repositories=("principal",))
        made = execute(job, planned, nobody_looks)
        verified = verify(job, planned, made, accept_shrink=False)
    # The machine is gone from here on: what is wanted is given back all the same.
    given = tmp_path / "given"
    destination = Destination(kind="path", target=str(given))
    delivery = Delivery(destination=destination, key="k", staging=str(job.home.restored / "k"))
    wanted = Wanted(paths=(f"{data}/actas",))
    found = identify(job, known(job, made, verified), "first", wanted, delivery)
    assert (found.touches, found.files, found.size_bytes) == ((), 1, 4)
    done = restore(job, found, delivery, nobody_looks, authorized=False)
    assert done.where == (str(given),)
    assert [path.read_text() for path in given.rglob("*") if path.is_file()] == ["uno\n"]
    assert list(job.home.scratch.iterdir()) == []
