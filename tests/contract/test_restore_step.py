"""Before a restoration writes, it looks again at the place, and keeps backups of the scope away from it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from respaldo.actions import mutex
from respaldo.actions.execute import execute
from respaldo.actions.identify import identify
from respaldo.actions.job import Job
from respaldo.actions.mutex import only_writer
from respaldo.actions.restore import restore
from respaldo.config.configuration import load
from respaldo.config.home import Home
from respaldo.domain.errors import (
    AlreadyRunningError,
    NotAuthorizedError,
    RepositoryDamagedError,
    RepositoryMissingError,
)
from respaldo.domain.restoring import Delivery, Destination, Identified, KnownCopy, Restored, Wanted
from respaldo.domain.values import Executed, Planned, Run
from respaldo.restic.engine import find_engine

pytestmark = [pytest.mark.one_restic, pytest.mark.timeout(120)]

ORGANIZATION = {
    "name": "Prueba",
    "process": "TICS",
    "timezone": "America/Bogota",
    "form": {"version": "03", "date": "2022-02-03"},
    "roles": {"soporte": {"title": "Soporte", "users": ["soporte"]}},
}


def nobody_looks(progress):
    """Take progress events that no test is about."""


@dataclass
class Case:
    """A scope of files with one copy, and one request of all of it."""

    root: Path
    live: Path
    job: Job
    made: Executed
    delivery: Delivery

    def identified(self) -> Identified:
        known = KnownCopy(
            run_key=self.job.run.key,
            run_id=self.job.run.run_id,
            number=1,
            taken_at=self.made.ended_at,
            state="succeeded",
            files=self.made.files,
            size_bytes=self.made.size_bytes,
            repository="principal",
            copies=self.made.copies,
        )
        return identify(self.job, known, "first", Wanted(), self.delivery)

    def restore(self, identified: Identified, *, authorized: bool) -> Restored:
        return restore(self.job, identified, self.delivery, nobody_looks, authorized=authorized)

    def delete_newest_data(self) -> None:
        """Take away the content of the large file; all else of the copy can still be restored."""
        packs = (path for path in (self.root / "principal").rglob("data/*/*") if path.is_file())
        max(packs, key=lambda path: path.stat().st_size).unlink()


@pytest.fixture
def job(restic, tmp_path, monkeypatch) -> Job:
    scope = {
        "name": "Documentos",
        "department": "Sistemas",
        "criticality": "media",
        "rpo": "26h",
        "rto": "4h",
        "responsible": "soporte",
        "source": {"kind": "files", "paths": [str(tmp_path / "live")]},
        "repository": "principal",
        "second_copy": None,
        "retention": {"daily": "7d"},
    }
    place = {
        "location": str(tmp_path / "principal"),
        "connection": "secreto",
        "site": "Sede",
        "medium": "disco",
    }
    written = {
        "organization.yaml": ORGANIZATION,
        "repositories.yaml": {"principal": place},
        "scopes/documentos.yaml": scope,
    }
    for name, content in written.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    configuration = load(tmp_path / "config")
    return Job(
        run=Run(dag_id="backup__documentos", run_id="first", scope_id="documentos"),
        scope=configuration.scopes["documentos"],
        configuration=configuration,
        home=Home(tmp_path / "home"),
        engine=find_engine(),
        master_secret=lambda _: SecretStr("clave"),
        endpoint_of=pytest.fail,
    )


@pytest.fixture
def case(job, tmp_path) -> Case:
    live = tmp_path / "live"
    live.mkdir()
    (live / "acta.txt").write_text("acta")
    execute(job, Planned(new_repositories=("principal",)), nobody_looks)
    # In a block of its own: what is saved together is lost together.
    (live / "plano.bin").write_bytes(os.urandom(300_000))
    made = execute(job, Planned(), nobody_looks)
    destination = Destination(kind="original", overwrite="always")
    delivery = Delivery(destination=destination, key="k", staging=str(job.home.restored / "k"))
    return Case(tmp_path, live, job, made, delivery)


@pytest.fixture
def lost(case) -> Identified:
    """What was identified when all that the scope saves was gone: there was nothing to overwrite."""
    for path in case.live.iterdir():
        path.unlink()
    identified = case.identified()
    assert identified.touches == ()
    return identified


def test_data_that_came_to_the_place_since_it_was_looked_at_need_an_authorization(case, lost):
    (case.live / "nuevo.txt").write_text("de alguien")
    with pytest.raises(NotAuthorizedError):
        case.restore(lost, authorized=False)
    assert [path.name for path in case.live.iterdir()] == ["nuevo.txt"]


def test_no_backup_runs_beside_a_restoration_over_data_that_came_since(case, lost, monkeypatch):
    monkeypatch.setattr(mutex, "_PATIENCE_SECONDS", 0)
    (case.live / "nuevo.txt").write_text("de alguien")
    with only_writer(case.job.home, "documentos"), pytest.raises(AlreadyRunningError):
        case.restore(lost, authorized=True)
    assert [path.name for path in case.live.iterdir()] == ["nuevo.txt"]


def test_a_restoration_that_failed_before_it_wrote_looks_again_when_it_is_repeated(case, lost):
    repository = case.root / "principal"
    repository.rename(case.root / "away")
    with pytest.raises(RepositoryMissingError):
        case.restore(lost, authorized=False)
    (case.root / "away").rename(repository)
    (case.live / "nuevo.txt").write_text("de alguien")
    with pytest.raises(NotAuthorizedError):
        case.restore(lost, authorized=False)


def test_what_a_failed_restoration_left_is_not_taken_for_somebodys_by_the_next(case, lost):
    case.delete_newest_data()
    for _ in range(2):
        with pytest.raises(RepositoryDamagedError):
            case.restore(lost, authorized=False)
        assert (case.live / "acta.txt").read_text() == "acta"
