"""A server comes back as it was at any moment between two copies, of which Barman's own disk may be gone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr, ValidationError

import barman_kit
from barman_kit import SERVER
from job_kit import job_of, known, nobody_looks
from respaldo.actions.execute import execute
from respaldo.actions.identify import identify
from respaldo.actions.restore import restore
from respaldo.actions.verify import verify
from respaldo.domain.database_errors import (
    BarmanBusyError,
    BarmanCheckFailedError,
    BarmanServerUnknownError,
    BarmanUnusableError,
    BaseBackupDamagedError,
    BaseBackupFailedError,
    WalArchiveStoppedError,
)
from respaldo.domain.errors import (
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    RepositoryDamagedError,
    RestoreMismatchError,
    TargetFullError,
    TargetOccupiedError,
    ToolMissingError,
)
from respaldo.domain.restoring import Delivery, Destination, Part, Restored, Wanted
from respaldo.domain.values import Copy, Planned, Run
from respaldo.domain.verification import Verification
from respaldo.flows.requests.form import filled_in
from respaldo.restic.argv import Place
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources.barman import BarmanSource, restoring
from respaldo.sources.reach import Reach

pytestmark = [pytest.mark.timeout(240), pytest.mark.one_restic]

KEY = "0f3a92c14d5e6f70"


def marks_of(number: int) -> Marks:
    run = Run(dag_id="backup__erp", run_id=f"scheduled__{number}", scope_id="erp")
    return Marks(host="erp", tags=run.tags)


def source_of(kept: barman_kit.Kept, **settings) -> BarmanSource:
    return BarmanSource(kind="barman", server=SERVER, config=str(kept.config), **settings)


def save(source: BarmanSource, repository: Repository, number: int) -> Saved:
    return source.save(SERVER, repository, marks_of(number), Reach(), lambda _: None)


def bases(kept: barman_kit.Kept) -> list[str]:
    return sorted(path.name for path in (kept.home / "base").iterdir())


@pytest.fixture
def kept():
    """A server of the test's own, with its Barman."""
    with barman_kit.running() as kept:
        yield kept


# --- what comes back


@dataclass
class Story:
    """A server that was saved twice, and whose Barman is gone."""

    kept: barman_kit.Kept
    source: BarmanSource
    repository: Repository
    saved: tuple[Saved, Saved]
    between: datetime
    """After the second row and before the third."""
    quiet: datetime
    """After the third row and before the second copy's end: nothing happened then."""

    @property
    def copy(self) -> Copy:
        return self.saved[1].copy

    def find(self, copy: Copy | None = None, **wanted) -> Part:
        (part,) = self.source.find(Wanted(**wanted), (copy or self.copy,), self.repository, ())
        return part

    def restore(self, part: Part, folder: Path, scratch: Path) -> Restored:
        scratch.mkdir(exist_ok=True)
        delivery = Delivery(destination=Destination(), key=KEY, staging=str(folder))
        assert self.source.touches([part], delivery, Reach()) == ()
        return self.source.restore(part, self.repository, delivery, Reach(), str(scratch), lambda _: None)


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """Where the one story is kept that all tests look at."""
    with barman_kit.running() as kept:
        yield {"kept": kept, "folder": tmp_path_factory.mktemp("story")}


@pytest.fixture
def story(stories, engine) -> Story:
    if "story" not in stories:
        place = Place(
            str(stories["folder"] / "repository"),
            SecretStr("clave"),
            str(stories["folder"] / "cache"),
            scratch=str(stories["folder"]),
        )
        repository = Repository(name="principal", scope_id="erp", place=place, engine=engine)
        repository.create()
        stories["story"] = lived(stories["kept"], repository)
    return stories["story"]


def lived(kept: barman_kit.Kept, repository: Repository) -> Story:
    """Give a server rows of four moments, the last of which no copy has, and take its Barman away."""
    source = source_of(kept)
    aside = kept.folder / "run" / "aparte"
    aside.mkdir()
    owner = kept.data.stat()
    os.chown(aside, owner.st_uid, owner.st_gid)
    kept.rows(f"CREATE TABLESPACE aparte LOCATION '{aside}'")
    kept.rows("CREATE TABLE factura (numero int)")
    kept.rows("CREATE TABLE detalle (numero int) TABLESPACE aparte")
    kept.rows("INSERT INTO factura VALUES (1)")
    kept.rows("INSERT INTO detalle SELECT generate_series(1, 1000)")
    source.probe(Reach())
    first = save(source, repository, 1)
    kept.rows("INSERT INTO factura VALUES (2)")
    between = kept.now()
    kept.rows("INSERT INTO factura VALUES (3)")
    quiet = kept.now()
    second = save(source, repository, 2)
    kept.rows("INSERT INTO factura VALUES (4)")
    kept.rows("SELECT pg_switch_wal()")
    kept.home.rename(kept.folder / "gone")
    return Story(kept, source, repository, (first, second), between, quiet)


def numbers(cluster: barman_kit.Cluster) -> list[int]:
    return [number for (number,) in cluster.rows("SELECT numero FROM factura ORDER BY 1")]


def test_a_server_comes_back_as_it_was_at_a_moment_between_two_copies(story, tmp_path, tmp_path_factory):
    folder = story.kept.folder / "middle"
    part = story.find(moment=story.between)

    restored = story.restore(part, folder, tmp_path / "scratch")

    assert restored.where == (str(folder),)
    assert restored.files > 900
    cluster = story.kept.restored(folder)
    cluster.start()
    assert numbers(cluster) == [1, 2]
    assert cluster.rows("SELECT count(*) FROM detalle") == [(1000,)]
    # It has a life of its own: its tablespace is its own, and its WAL goes nowhere.
    assert cluster.rows("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'aparte'") == [
        (str(folder / "tablespaces" / "aparte"),)
    ]
    assert cluster.rows("SHOW archive_command") == [("false",)]
    cluster.rows("INSERT INTO factura VALUES (5)")
    assert numbers(story.kept) == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.parametrize(("which", "expected"), [(0, [1]), (1, [1, 2, 3])])
def test_without_a_moment_a_server_comes_back_as_it_was_at_the_copys_end(story, tmp_path, which, expected):
    folder = story.kept.folder / f"end-{which}"
    copy = story.saved[which].copy

    story.restore(story.find(copy), folder, tmp_path / "scratch")

    cluster = story.kept.restored(folder)
    cluster.start()
    assert numbers(cluster) == expected


@pytest.mark.slow
def test_a_moment_after_which_nothing_was_committed_is_the_copys_end(story, tmp_path):
    """PostgreSQL would not start: it looks for a transaction after the moment, to stop before it."""
    folder = story.kept.folder / "quiet"

    restored = story.restore(story.find(moment=story.quiet), folder, tmp_path / "scratch")

    assert restored.evidence[0].facts["target"] == "end"
    cluster = story.kept.restored(folder)
    cluster.start()
    assert numbers(cluster) == [1, 2, 3]


@pytest.mark.slow
def test_a_moment_that_a_copy_does_not_reach_is_told_with_those_that_it_does(story):
    for moment in (story.between - timedelta(hours=1), story.quiet + timedelta(hours=1)):
        with pytest.raises(NotInCopyError) as told:
            story.find(moment=moment)
        assert told.value.facts["missing"] == moment.isoformat()
        first, last = map(datetime.fromisoformat, told.value.facts["nearest"].split(" - "))
        assert first < story.between < story.quiet < last
    with pytest.raises(NotInCopyError):
        # The first copy ends where it was made: what came then is in the next one.
        story.find(story.saved[0].copy, moment=story.between)


@pytest.mark.slow
def test_a_copy_shows_its_base_backup_its_wal_and_its_moments(story, scratch):
    looked = story.source.verify(story.copy, story.repository, Verification(), Reach(), str(scratch))

    assert [one.method for one in looked] == ["structure", "sample", "archive"]
    facts = looked[-1].facts
    assert facts["base_backups"] == 2
    assert facts["begin_wal"] <= facts["end_wal"] <= facts["last_wal"]
    assert facts["wal_files"] * (16 << 20) == facts["wal_bytes"]
    console = story.saved[1].console["barman"]
    assert console["base_backup"] == facts["base_backup"]
    assert console["manifest"] == "good"
    assert console["wal_age_seconds"] < 60
    assert "secreto" not in str(story.saved)


@pytest.mark.slow
def test_a_server_is_asked_for_whole_and_goes_only_where_nothing_is(story, tmp_path):
    for wanted in ({"paths": ("/x",)}, {"databases": ("erp",)}, {"tables": ("factura",)}):
        with pytest.raises(InvalidRequestError, match="server_whole"):
            story.find(**wanted)
    part = story.find()
    for kind, target in (("original", None), ("database", "erp")):
        destination = Destination(kind=kind, target=target)
        delivery = Delivery(destination=destination, key=KEY, staging=str(tmp_path / "staging"))
        with pytest.raises(InvalidRequestError, match="server_to_folder"):
            story.source.touches([part], delivery, Reach())
    # Also where somebody says that all there may be replaced: it could be the live server.
    destination = Destination(kind="path", target=str(story.kept.data), overwrite="always")
    delivery = Delivery(destination=destination, key=KEY, staging=str(tmp_path / "staging"))
    with pytest.raises(TargetOccupiedError):
        story.source.touches([part], delivery, Reach())
    with pytest.raises(TargetOccupiedError):
        story.source.restore(part, story.repository, delivery, Reach(), str(tmp_path), lambda _: None)
    assert numbers(story.kept) == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_restoration_that_was_killed_begins_anew_and_one_that_is_done_is_given_again(story, tmp_path):
    folder = tmp_path / "again"
    (folder / "data" / "base").mkdir(parents=True)
    (folder / "data" / "base" / "half").write_text("of a killed attempt")
    begun = folder / f".respaldo-{KEY}.begun"
    begun.touch()
    part = story.find(moment=story.between)
    delivery = Delivery(destination=Destination(), key=KEY, staging=str(folder))

    def restore() -> Restored:
        scratch = tmp_path / f"scratch-{time.monotonic_ns()}"
        scratch.mkdir()
        return story.source.restore(part, story.repository, delivery, Reach(), str(scratch), lambda _: None)

    restored = restore()

    assert not begun.exists()
    assert not (folder / "data" / "base" / "half").exists()
    (folder / "data" / "postmaster.pid").write_text("somebody uses it already")
    assert restore() == restored
    assert (folder / "data" / "postmaster.pid").exists()


@pytest.mark.slow
def test_what_is_not_as_in_the_copy_is_told_and_leaves_nothing(story, tmp_path, monkeypatch):
    folder = tmp_path / "bad"
    part = story.find()
    recover = restoring.Barman.recover

    def spoilt(self, backup_id, target, options):
        done = recover(self, backup_id, target, options)
        (target / "PG_VERSION").write_text("16\n")
        return done

    monkeypatch.setattr(restoring.Barman, "recover", spoilt)
    with pytest.raises(RestoreMismatchError, match="PG_VERSION"):
        story.restore(part, folder, tmp_path / "scratch")
    assert not list(folder.iterdir())


@pytest.mark.slow
def test_a_disk_without_room_is_told_before_anything_is_written(story, tmp_path, monkeypatch):
    monkeypatch.setattr(restoring, "free_bytes", lambda _: 1 << 20)
    with pytest.raises(TargetFullError):
        story.restore(story.find(), tmp_path / "full", tmp_path / "scratch")
    assert not list((tmp_path / "full").iterdir())


@pytest.mark.slow
def test_every_block_that_a_restoration_needs_is_read(story, scratch):
    part = story.find(moment=story.between)

    read = story.source.read(part, story.repository, str(scratch))

    assert int(read.facts["streamed_bytes"]) > part.size_bytes


@pytest.mark.slow
def test_a_damaged_copy_is_told(story, tmp_path):
    location = Path(story.repository.place.location)
    damaged = tmp_path / "damaged"
    shutil.copytree(location, damaged)
    packs = sorted((path for path in (damaged / "data").rglob("*") if path.is_file()), key=os.path.getsize)
    packs[-1].chmod(0o600)
    packs[-1].write_bytes(os.urandom(packs[-1].stat().st_size))
    place = replace(story.repository.place, location=str(damaged), cache=None)
    there = replace(story, repository=replace(story.repository, place=place))
    with pytest.raises(RepositoryDamagedError):
        there.restore(story.find(), tmp_path / "folder", tmp_path / "scratch")
    assert not list((tmp_path / "folder").iterdir())


# --- what is saved


@pytest.mark.slow
def test_a_run_that_is_tried_again_has_one_base_backup(kept, repository, monkeypatch):
    source = source_of(kept)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "save_paths", killed)
        with pytest.raises(KeyboardInterrupt):
            save(source, repository, 1)
    (made,) = bases(kept)

    saved = save(source, repository, 1)

    assert bases(kept) == [made]
    assert saved.console["barman"]["base_backup"] == made
    assert saved.warnings == saved.notes == ()
    save(source, repository, 2)
    assert len(bases(kept)) == 2


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have Barman be another user")
def test_a_worker_that_is_root_has_barman_work_as_its_own_user(repository):
    # The server's user too: Barman reads the WAL that it writes.
    with barman_kit.running("nobody") as kept:
        source = source_of(kept)
        source.probe(Reach())
        saved = save(source, repository, 1)
        (made,) = bases(kept)
        assert (kept.home / "base" / made).owner() == "nobody"
        assert saved.console["barman"]["manifest"] == "good"
        assert save(source, repository, 1).console["barman"]["base_backup"] == made


@pytest.mark.slow
def test_a_backup_that_is_killed_is_told_and_its_remains_go_when_the_next_is_made(kept, repository):
    source = source_of(kept)
    slowly(kept)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            save(source, repository, 1)
        except BaseException as error:  # noqa: BLE001  (a thread's)
            failed.append(error)

    attempt = threading.Thread(target=run)
    attempt.start()
    wait_for(lambda: list(kept.home.glob("base/*/.respaldo-*")))
    (begun,) = bases(kept)
    for process in psutil.Process().children(recursive=True):
        if {"barman", "backup"} <= {Path(word).name for word in process.cmdline()}:
            process.kill()
    attempt.join(60)

    assert isinstance(failed[0], BaseBackupFailedError)
    assert failed[0].transient
    quickly(kept)
    saved = save(source, repository, 1)
    (made,) = bases(kept)
    assert made != begun
    assert saved.console["barman"]["base_backup"] == made


@pytest.mark.slow
def test_while_barman_makes_another_backup_a_run_waits_for_its_turn(kept, repository):
    slowly(kept)
    other = subprocess.Popen(["barman", "-c", kept.config, "backup", SERVER], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: list(kept.home.glob("base/*/backup.info")))
        with pytest.raises(BarmanBusyError) as told:
            save(source_of(kept), repository, 1)
        assert told.value.transient
    finally:
        other.send_signal(signal.SIGINT)
        other.wait(60)
    # What another left half done stays: nobody knows what for.
    quickly(kept)
    saved = save(source_of(kept), repository, 1)
    assert len(bases(kept)) == 2
    assert saved.console["barman"]["base_backups"] == 1


@pytest.mark.slow
def test_wal_that_is_no_longer_archived_keeps_a_scope_from_being_saved(kept, repository):
    source = source_of(kept)
    kept.archive_by("false")
    kept.rows("CREATE TABLE t (n int)")
    kept.rows("SELECT pg_switch_wal()")
    wait_for(lambda: kept.rows("SELECT 1 FROM pg_stat_archiver WHERE failed_count > 0"))

    for attempt in (lambda: source.probe(Reach()), lambda: save(source, repository, 1)):
        with pytest.raises(BarmanCheckFailedError) as told:
            attempt()
        assert "continuous_archiving" in told.value.facts["checks"]
    assert bases(kept) == []
    kept.archive()
    kept.barman("switch-wal", "--force", "--archive", SERVER)
    source.probe(Reach())


@pytest.mark.slow
def test_wal_that_is_archived_nowhere_is_told_and_its_backup_is_in_no_copy(kept, repository):
    source = source_of(kept, wal_wait="3s")
    # The server believes that its WAL is safe.
    kept.archive_by("true")
    with pytest.raises(WalArchiveStoppedError) as told:
        save(source, repository, 1)
    (made,) = bases(kept)
    assert (told.value.facts["reason"], told.value.facts["backup"]) == ("missing", made)
    with pytest.raises(WalArchiveStoppedError) as told:
        source_of(kept, max_wal_age="1h").probe(Reach())
    assert told.value.facts["reason"] == "none"

    kept.archive()
    saved = save(source, repository, 2)

    paths: list[str] = []
    repository.walk(saved.copy.snapshot_id, lambda node: paths.append(node.path))
    assert not any(made in path for path in paths)
    assert saved.console["barman"]["base_backups"] == 1


@pytest.mark.slow
def test_wal_that_came_too_long_ago_is_told(kept):
    source_of(kept, max_wal_age="1h").probe(Reach())
    listed = kept.home / "wals" / "xlog.db"
    name, size, archived_at, rest = listed.read_text().splitlines()[-1].split("\t")
    listed.write_text(f"{name}\t{size}\t{float(archived_at) - 7200}\t{rest}\n")
    with pytest.raises(WalArchiveStoppedError) as told:
        source_of(kept, max_wal_age="1h").probe(Reach())
    assert (told.value.facts["reason"], told.value.facts["wal"]) == ("old", name)
    assert 7200 <= int(told.value.facts["age_seconds"]) < 7300
    source_of(kept).probe(Reach())


@pytest.mark.slow
def test_a_base_backup_that_is_not_what_it_was_is_not_saved(kept, repository):
    source = source_of(kept)
    save(source, repository, 1)
    (made,) = bases(kept)
    (kept.home / "base" / made / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(BaseBackupDamagedError) as told:
        save(source, repository, 1)
    assert "PG_VERSION" in told.value.facts["said"]


@pytest.mark.slow
def test_wal_that_is_lost_between_two_base_backups_is_told_and_breaks_the_moments(kept, repository):
    source = source_of(kept)
    save(source, repository, 1)
    kept.rows("CREATE TABLE t (n int)")
    lost = kept.rows("SELECT pg_walfile_name(pg_current_wal_lsn())")[0][0]
    lost_at = kept.now()
    kept.barman("switch-wal", "--archive", SERVER)
    (kept.home / "wals" / lost[:16] / lost).unlink()

    saved = save(source, repository, 2)

    assert saved.notes == (f"{SERVER}: WAL {lost}..{lost} -",)
    with pytest.raises(NotInCopyError) as told:
        source.find(Wanted(moment=lost_at), (saved.copy,), repository, ())
    # The end of the copy is all that is left.
    assert datetime.fromisoformat(told.value.facts["nearest"]) > lost_at
    assert source.find(Wanted(), (saved.copy,), repository, ())


@pytest.mark.slow
def test_a_copy_without_the_wal_of_its_base_backup_is_none(kept, repository, scratch):
    source = source_of(kept)
    save(source, repository, 1)
    (needed,) = (line for line in info_of(kept) if line.startswith("end_wal="))
    name = needed.partition("=")[2]
    (kept.home / "wals" / name[:16] / name).unlink()
    paths = [str(kept.home / part) for part in ("base", "wals")]
    copy = repository.save_paths(SERVER, paths, marks_of(2)).copy
    with pytest.raises(DumpUnreadableError, match=name):
        source.verify(copy, repository, Verification(), Reach(), str(scratch))
    info = kept.home / "base" / bases(kept)[0] / "backup.info"
    info.write_text(info.read_text().replace("status=DONE", "status=FAILED"))
    copy = repository.save_paths(SERVER, paths, marks_of(3)).copy
    with pytest.raises(DumpUnreadableError, match="DONE"):
        source.find(Wanted(), (copy,), repository, ())


# --- the steps of a run


@pytest.mark.slow
def test_a_scope_goes_the_whole_way_from_its_copies_to_a_moment(kept, restic, tmp_path):
    asked = {"kind": "barman", "server": SERVER, "config": str(kept.config)}
    kept.rows("CREATE TABLE factura (numero int)")
    planned = Planned(new_repositories=("principal",))
    moments: list[datetime] = []
    for number in (1, 2):
        kept.rows("INSERT INTO factura SELECT count(*) + 1 FROM factura")
        moments.append(kept.now())
        job = job_of(asked, tmp_path, run_id=f"run-{number}")
        job.settings.source.probe(Reach())
        made = execute(job, planned, nobody_looks)
        verified = verify(job, planned, made, accept_shrink=False)
    request = {"scope": "borde", "requester": "Ana", "what_happened": "x", "moment": moments[1].isoformat()}
    wanted = filled_in(request, {"borde": job.scope}).wanted
    delivery = Delivery(destination=Destination(), key="k", staging=str(kept.folder / "k"))
    found = identify(job, known(job, made, verified), "first", wanted, delivery)
    assert found.touches == ()

    done = restore(job, found, delivery, nobody_looks, authorized=False)

    cluster = kept.restored(kept.folder / "k")
    cluster.start()
    assert numbers(cluster) == [1, 2]
    assert done.where == (str(kept.folder / "k"),)
    assert (made.warnings, made.missed) == ((), 0)
    assert list(job.home.scratch.iterdir()) == []


@pytest.mark.slow
def test_a_dollar_in_a_folder_of_barmans_is_no_variable(kept, repository, scratch):
    bases = f"{kept.home}/base$uno"
    kept.config.write_text(kept.config.read_text() + f"basebackups_directory = {bases}\n")
    kept.barman("check", SERVER)
    source = source_of(kept)
    copy = save(source, repository, 1).copy
    assert bases in repository.saved_paths(copy.snapshot_id)
    verified = source.verify(copy, repository, Verification(), Reach(), str(scratch))
    assert [one.method for one in verified] == ["structure", "sample", "archive"]


# --- what keeps it from beginning


def test_a_worker_without_barman_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="barman"):
        BarmanSource(kind="barman", server=SERVER).probe(Reach())


@pytest.mark.slow
def test_a_server_that_barman_does_not_know_is_told(kept):
    source = BarmanSource(kind="barman", server="otro", config=str(kept.config))
    with pytest.raises(BarmanServerUnknownError) as told:
        source.probe(Reach())
    assert told.value.facts == {"server": "otro", "config": str(kept.config)}


@pytest.mark.slow
def test_a_barman_that_cannot_work_is_told_in_its_words(kept, tmp_path):
    other = tmp_path / "barman.conf"
    for content, said in (
        (None, "does not exist"),
        ("garbage\n", "no section headers"),
        (kept.config.read_text().replace("barman_user = ", "barman_user = x"), "x"),
    ):
        if content is not None:
            other.write_text(content)
        with pytest.raises(BarmanUnusableError) as told:
            BarmanSource(kind="barman", server=SERVER, config=str(other)).probe(Reach())
        assert said in told.value.facts["said"]


@pytest.mark.parametrize("settings", [{"server": "-x"}, {"server": "a b"}, {"server": "erp", "host": "bd"}])
def test_a_scope_that_makes_no_sense_is_refused(settings):
    with pytest.raises(ValidationError):
        BarmanSource(kind="barman", **settings)


# --- inner


def info_of(kept: barman_kit.Kept) -> list[str]:
    return (kept.home / "base" / bases(kept)[0] / "backup.info").read_text().splitlines()


def slowly(kept: barman_kit.Kept) -> None:
    kept.config.write_text(kept.config.read_text() + "bandwidth_limit = 2000\n")


def quickly(kept: barman_kit.Kept) -> None:
    kept.config.write_text(kept.config.read_text().replace("bandwidth_limit = 2000\n", ""))


def wait_for(is_so) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
