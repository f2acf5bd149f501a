"""`respaldo copies`, `find` and `restore`: with a real restic, real repositories and a real report."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr
from typer.testing import CliRunner

from airflow_kit import NOWHERE
from respaldo.actions.copy import copy as copied
from respaldo.actions.execute import execute
from respaldo.actions.job import Job
from respaldo.cli import app
from respaldo.config.configuration import load
from respaldo.config.home import Home
from respaldo.domain.values import Executed, Planned, Run
from respaldo.report.fm007 import RowUpdate
from respaldo.report.migrate import migrate
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.restic.engine import find_engine
from respaldo.restic.saved import Marks

SCOPE = "documentos"
SECRET = "secreto-que-nadie-debe-ver"
SECOND_SECRET = "otro-secreto-que-nadie-debe-ver"
START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
pytestmark = pytest.mark.one_restic


ORGANIZATION = {
    "name": "Prueba",
    "process": "TICS",
    "timezone": "America/Bogota",
    "form": {"version": "03", "date": "2022-02-03"},
    "roles": {"soporte": {"title": "Soporte", "users": ["soporte"]}},
}


def nobody_looks(progress):
    """Take progress events that no test is about."""


def scope_file(source):
    return {
        "name": "Documentos",
        "department": "Sistemas",
        "criticality": "media",
        "rpo": "26h",
        "rto": "4h",
        "responsible": "soporte",
        "source": source,
        "repository": "principal",
        "second_copy": "secundario",
        "retention": {"daily": "7d"},
    }


@dataclass
class Installation:
    """A configuration, its repositories and its report."""

    root: Path
    report: Report

    @property
    def live(self) -> Path:
        return self.root / "live"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def write_configuration(self) -> None:
        places = {
            name: {
                "location": str(self.root / name),
                "connection": f"secreto_{name}",
                "site": "Sede",
                "medium": "disco",
            }
            for name in ("principal", "secundario")
        }
        files = {
            "organization.yaml": ORGANIZATION,
            "repositories.yaml": places,
            f"scopes/{SCOPE}.yaml": scope_file({"kind": "files", "paths": [str(self.live)]}),
            "scopes/ventas.yaml": scope_file(
                {"kind": "postgresql", "connection": "ventas_db", "databases": ["ventas"]}
            ),
        }
        for name, content in files.items():
            path = self.root / "config" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content, allow_unicode=True))

    def job(self, day: int, scope: str = SCOPE) -> Job:
        return Job(
            run=Run(dag_id=f"backup__{scope}", run_id=f"scheduled__{day}", scope_id=scope),
            scope=load(self.root / "config").scopes[scope],
            configuration=load(self.root / "config"),
            home=Home(self.home),
            engine=find_engine(),
            master_secret=lambda name: SecretStr(SECRET if "principal" in name else SECOND_SECRET),
            endpoint_of=lambda name: pytest.fail(name),
        )

    def back_up(self, day: int) -> Executed:
        """Make both copies of what is live, and tell the report that they were made on that day."""
        job = self.job(day)
        done = execute(job, Planned(new_repositories=("principal",)), nobody_looks)
        second = copied(job, job.second, Planned(new_repositories=("secundario",)), done)
        self.report.write(
            RowUpdate.of(
                job.run,
                state="succeeded",
                started_at=START + timedelta(days=day),
                files=done.files,
                size_bytes=done.size_bytes,
                repository="principal",
                copies=done.copies,
                second_repository=second.repository,
                second_copies=second.copies,
                verification_result="good",
            )
        )
        return done

    def delete_snapshots(self, repository: str = "principal") -> None:
        for file in (self.root / repository / SCOPE / "snapshots").iterdir():
            file.unlink()

    def delete_data(self, repository: str = "principal") -> None:
        """Take away all blocks of data; the structure stays."""
        packs = (self.root / repository / SCOPE / "data").rglob("*")
        for pack in sorted(path for path in packs if path.is_file()):
            if pack.stat().st_size > 100_000:
                pack.unlink()

    @property
    def restored(self) -> list[Path]:
        return list((self.home / "restored").glob("*"))

    def request(self, done) -> dict:
        key = next(
            line.removeprefix("Requerimiento ")
            for line in done.stdout.splitlines()
            if line.startswith("Requerimiento ")
        )
        return self.report.request(key) | {"form": self.report.row(key)}


def first_two_backups(root, endpoint):
    """Make two backups: the second one has one file more, and another content of one."""
    made = Installation(root, Report(endpoint, Spool(root / "home" / "spool")))
    made.write_configuration()
    (made.live / "actas").mkdir(parents=True)
    (made.live / "actas" / "acta.txt").write_text("primera")
    (made.live / "plano.bin").write_bytes(os.urandom(300_000))
    made.back_up(1)
    (made.live / "actas" / "acta.txt").write_text("segunda")
    (made.live / "nuevo.txt").write_text("nuevo")
    made.back_up(2)
    return made


@pytest.fixture(scope="module")
def made_before():
    """One installation for each version of restic, to begin each test from: making it takes seconds."""
    return {}


@pytest.fixture
def installation(restic, airflow_home, made_before, postgres_server, tmp_path_factory, monkeypatch):
    version = find_engine().version
    if version not in made_before:
        endpoint = postgres_server.fresh()
        migrate(endpoint)
        folder = tmp_path_factory.mktemp("installation")
        made_before[version] = first_two_backups(folder / "used", endpoint)
        shutil.copytree(folder / "used", folder / "kept")
    found = made_before[version]
    # Snapshots hold whole paths: the folder keeps its name.
    shutil.rmtree(found.root)
    shutil.copytree(found.root.with_name("kept"), found.root)
    connection = {
        "conn_type": "postgres",
        "host": found.report.endpoint.host,
        "login": found.report.endpoint.user,
        "schema": found.report.endpoint.database,
    }
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", json.dumps(connection))
    for name, secret in (("principal", SECRET), ("secundario", SECOND_SECRET)):
        stored = json.dumps({"conn_type": "restic", "password": secret})
        monkeypatch.setenv(f"AIRFLOW_CONN_SECRETO_{name.upper()}", stored)
    monkeypatch.setenv("RESPALDO_HOME", str(found.home))
    monkeypatch.setenv("RESPALDO_CONFIG", str(found.root / "config"))
    monkeypatch.delenv("SUDO_USER", raising=False)
    return found


def respaldo(*arguments, typed=None):
    done = CliRunner().invoke(app, list(map(str, arguments)), input=typed)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert SECRET not in done.output
    assert SECOND_SECRET not in done.output
    assert done.exit_code in (0, 1)
    return done


# --- copies


def test_copies_shows_every_verified_copy_and_that_it_is_there(installation):
    done = respaldo("copies", SCOPE)
    assert done.exit_code == 0, done.output
    rows = [line for line in done.stdout.splitlines() if "Exitosa" in line]
    # 06:00 UTC is 01:00 in Bogotá.
    assert ["2026-03-03 01:00" in rows[0], "2026-03-02 01:00" in rows[1]] == [True, True]
    [newest, oldest] = installation.report.copies(SCOPE)
    for row, known in zip(rows, (newest, oldest), strict=True):
        assert known.copies[0].snapshot_id[:8] + " está" in row
        assert known.second_copies[0].snapshot_id[:8] + " está" in row
    assert "sin que el reporte" not in done.stdout


def test_a_day_alone_means_its_end_in_the_organizations_time(installation):
    assert "2026-03-02 01:00" in respaldo("copies", SCOPE, "--at", "2026-03-02").stdout
    assert "2026-03-03 01:00" not in respaldo("copies", SCOPE, "--at", "2026-03-02").stdout
    assert "2026-03-03 01:00" in respaldo("copies", SCOPE, "--at", "2026-03-03T01:00").stdout
    assert "2026-03-03 01:00" not in respaldo("copies", SCOPE, "--at", "2026-03-03T00:59").stdout
    assert "no conoce copias" in respaldo("copies", SCOPE, "--at", "2026-03-01").stdout


def test_a_limit_hides_older_copies_and_does_not_make_them_unknown(installation):
    done = respaldo("copies", SCOPE, "--limit", 1)
    assert done.stdout.count("Exitosa") == 1
    assert "sin que el reporte" not in done.stdout


def test_a_copy_whose_snapshot_is_gone_is_told_as_missing(installation):
    installation.delete_snapshots()
    done = respaldo("copies", SCOPE)
    assert done.exit_code == 1
    [newest, _] = installation.report.copies(SCOPE)
    assert newest.copies[0].snapshot_id[:8] + " FALTA" in done.stdout
    assert newest.second_copies[0].snapshot_id[:8] + " está" in done.stdout
    assert done.stderr.count("FALTA en «principal»") == 2
    assert "«secundario»" not in done.stderr


def test_only_the_named_repository_is_looked_into(installation):
    installation.delete_snapshots()
    done = respaldo("copies", SCOPE, "--repository", "secundario")
    assert done.exit_code == 0, done.output
    assert "principal" not in done.stdout


def test_a_repository_that_cannot_be_opened_is_a_line_and_no_crash(installation):
    shutil.rmtree(installation.root / "secundario")
    done = respaldo("copies", SCOPE)
    assert done.exit_code == 1
    assert "No se pudo mirar en «secundario»" in done.stderr
    assert done.stdout.count("no se pudo mirar") == 2
    assert done.stdout.count(" está") == 2


def test_snapshots_that_the_report_does_not_know_are_shown_at_the_end(installation):
    job = installation.job(3)
    done = execute(job, Planned(), nobody_looks)
    shown = respaldo("copies", SCOPE)
    assert shown.exit_code == 0
    known, unknown = shown.stdout.split("sin que el reporte")
    assert done.copies[0].snapshot_id[:8] in unknown
    assert job.run.key in unknown
    assert done.copies[0].snapshot_id[:8] not in known


def test_without_the_report_the_repositories_tell_what_they_hold(installation, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", NOWHERE)
    done = respaldo("copies", SCOPE)
    assert done.exit_code == 1
    assert "El reporte no responde" in done.stderr
    for known in installation.report.copies(SCOPE):
        assert known.copies[0].snapshot_id[:8] in done.stdout
        assert known.second_copies[0].snapshot_id[:8] in done.stdout


# --- find


def test_find_says_in_which_copies_something_is(installation):
    [newest, oldest] = installation.report.copies(SCOPE)
    both = respaldo("find", SCOPE, "acta.txt")
    assert both.exit_code == 0, both.output
    rows = [line for line in both.stdout.splitlines() if "acta.txt" in line]
    assert newest.copies[0].snapshot_id[:8] in rows[0]
    assert oldest.copies[0].snapshot_id[:8] in rows[1]
    assert str(installation.live / "actas" / "acta.txt") in rows[0]
    assert "7 B" in rows[0]
    one = respaldo("find", SCOPE, "nuevo*", "--repository", "secundario")
    assert newest.second_copies[0].snapshot_id[:8] in one.stdout
    assert oldest.second_copies[0].snapshot_id[:8] not in one.stdout


def test_find_ends_with_one_when_it_is_nowhere(installation):
    done = respaldo("find", SCOPE, "no-existe")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "«no-existe» no está en ninguna de las 2 copias de «principal»" in done.stderr
    before = respaldo("find", SCOPE, "acta.txt", "--at", "2020-01-01")
    assert before.exit_code == 1
    assert "no hay copias" in before.stderr


def test_find_in_a_scope_of_databases_shows_its_dumps_and_how_to_get_a_table(installation):
    repository = installation.job(1, "ventas").first
    repository.create()
    marks = Marks(host="ventas", tags=installation.job(1, "ventas").run.tags)
    saved = repository.save_output("ventas", ["echo", "dump"], "ventas.dump", marks, environment={})
    done = respaldo("find", "ventas", "factura")
    assert done.exit_code == 0, done.output
    assert saved.copy.snapshot_id[:8] in done.stdout
    assert "respaldo restore ventas --database" in done.stdout


# --- restore


def test_everything_of_the_newest_copy_is_restored_aside_and_recorded(installation):
    done = respaldo("restore", SCOPE, "--ticket", "SD-7", "--reason", "Se borró")
    assert done.exit_code == 0, done.output
    [folder] = installation.restored
    assert str(folder) in done.stdout
    assert folder.stat().st_mode & 0o077 == 0
    restored = Path(f"{folder}{installation.live}")
    for name in ("actas/acta.txt", "plano.bin", "nuevo.txt"):
        assert (restored / name).read_bytes() == (installation.live / name).read_bytes()
    row = installation.request(done)
    assert (row["state"], row["outcome"], row["ticket"]) == ("closed", "satisfied", "SD-7")
    assert row["what_happened"] == "Se borró"
    assert row["asked_by"] == row["decisions"]["accept"]["by"]
    assert "terminal" in row["decisions"]["accept"]["note"]
    form = row["form"]
    assert (form["state"], form["kind"], form["verification_result"]) == ("succeeded", "restore", "good")
    assert form["dag_id"] == "respaldo_restore"
    assert form["files"] == 3


def test_the_copy_of_a_moment_and_only_what_is_named_is_restored(installation):
    path = installation.live / "actas" / "acta.txt"
    target = installation.root / "aparte"
    done = respaldo("restore", SCOPE, "--path", path, "--at", "2026-03-02", "--to", target)
    assert done.exit_code == 0, done.output
    assert Path(f"{target}{path}").read_text() == "primera"
    assert not Path(f"{target}{installation.live}/plano.bin").exists()


def test_a_snapshot_of_the_second_repository_is_taken_from_there(installation):
    [_, oldest] = installation.report.copies(SCOPE)
    done = respaldo("restore", SCOPE, "--snapshot", oldest.second_copies[0].snapshot_id[:10])
    assert done.exit_code == 0, done.output
    assert "en «secundario»" in done.stdout
    [folder] = installation.restored
    assert Path(f"{folder}{installation.live}/actas/acta.txt").read_text() == "primera"


def test_live_data_stay_untouched_when_the_scopes_id_is_not_typed(installation):
    (installation.live / "actas" / "acta.txt").write_text("en uso")
    for typed in ("si\n", "\n", ""):
        done = respaldo("restore", SCOPE, "--to", "original", "--overwrite", "always", typed=typed)
        assert done.exit_code == 1
        assert str(installation.live) in done.stderr
        assert "no se tocó nada" in done.stderr
        row = installation.request(done)
        assert (row["outcome"], row["form"]["state"]) == ("not_authorized", "not_executed")
    assert (installation.live / "actas" / "acta.txt").read_text() == "en uso"


@pytest.mark.parametrize(("options", "typed"), [((), f"{SCOPE}\n"), (("--yes",), None)])
def test_live_data_are_replaced_when_somebody_says_so(installation, options, typed):
    (installation.live / "actas" / "acta.txt").write_text("en uso")
    done = respaldo("restore", SCOPE, "--to", "original", "--overwrite", "always", *options, typed=typed)
    assert done.exit_code == 0, done.output
    assert (installation.live / "actas" / "acta.txt").read_text() == "segunda"
    row = installation.request(done)
    assert row["outcome"] == "satisfied"
    assert row["decisions"]["authorize"]["option"] == "authorized"


def test_a_damaged_copy_is_told_and_the_second_one_is_used_when_asked_for(installation):
    installation.delete_data()
    bad = respaldo("restore", SCOPE)
    assert bad.exit_code == 1
    assert "--second" in bad.stderr
    row = installation.request(bad)
    assert (row["outcome"], row["form"]["state"]) == ("not_satisfied", "failed")
    assert row["findings"]["first"]["state"] == "bad"
    good = respaldo("restore", SCOPE, "--second")
    assert good.exit_code == 0, good.output
    folder = next(path for path in installation.restored if str(path) in good.stdout)
    for name in ("actas/acta.txt", "plano.bin"):
        assert (
            Path(f"{folder}{installation.live}/{name}").read_bytes()
            == (installation.live / name).read_bytes()
        )
    assert installation.request(good)["decisions"]["second_accept"]["option"] == "satisfies"


def test_a_copy_that_the_report_knows_and_the_repository_lacks_is_not_good(installation):
    installation.delete_snapshots()
    done = respaldo("restore", SCOPE)
    assert done.exit_code == 1
    assert "--second" in done.stderr
    assert respaldo("restore", SCOPE, "--repository", "secundario").exit_code == 0


def test_what_is_not_in_the_copy_is_told_with_names_that_are(installation):
    done = respaldo("restore", SCOPE, "--path", installation.live / "actas" / "acto.txt")
    assert done.exit_code == 1
    assert "acta.txt" in done.stderr
    assert "--second" not in done.stderr
    assert installation.request(done)["outcome"] == "not_in_copy"


def test_a_moment_before_every_copy_makes_no_copy_a_bad_one(installation):
    done = respaldo("restore", SCOPE, "--at", "2001-01-01")
    assert done.exit_code == 1
    row = installation.request(done)
    assert (row["outcome"], row["form"]["verification_result"]) == ("not_in_copy", "not_done")


def test_without_the_report_the_repository_is_asked_and_the_rows_wait(installation, monkeypatch):
    reachable = os.environ["AIRFLOW_CONN_RESPALDO_REPORT"]
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", NOWHERE)
    done = respaldo("restore", SCOPE)
    assert done.exit_code == 0, done.output
    assert "Se usa lo que hay en «principal»" in done.stderr
    assert "respaldo db flush" in done.stderr
    [folder] = installation.restored
    assert Path(f"{folder}{installation.live}/actas/acta.txt").read_text() == "segunda"
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", reachable)
    assert installation.request(done)["outcome"] == "satisfied"


def test_without_the_report_the_second_repository_serves_too(installation, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_REPORT", NOWHERE)
    shutil.rmtree(installation.root / "principal")
    assert respaldo("restore", SCOPE).exit_code == 1
    done = respaldo("restore", SCOPE, "--second")
    assert done.exit_code == 0, done.output


def test_a_snapshot_that_a_new_report_does_not_know_can_be_named(installation):
    job = installation.job(3)
    saved = execute(job, Planned(), nobody_looks)
    done = respaldo("restore", SCOPE, "--snapshot", saved.copies[0].snapshot_id[:8])
    assert done.exit_code == 0, done.output
    assert "no conoce la copia" in done.stderr
    nobody = respaldo("restore", SCOPE, "--snapshot", "0" * 8)
    assert nobody.exit_code == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_restoration_leaves_its_rows_closed(installation, number):
    command = ["restore", SCOPE, "--to", "original", "--overwrite", "always"]
    process = subprocess.Popen(
        # Who runs the tests in the background of a shell has told them to ignore Ctrl-C.
        [
            "env",
            "--default-signal=INT",
            sys.executable,
            "-c",
            "from respaldo.cli import app; app()",
            *command,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    asked = b""
    while b"escriba el id" not in asked:
        block = os.read(process.stderr.fileno(), 65536)
        assert block, asked
        asked += block
    process.send_signal(number)
    said, warned = process.communicate(timeout=60)
    assert process.returncode == 1, warned
    assert "Interrumpido" in warned.decode()
    key = said.decode().split("Requerimiento ")[1].split()[0]
    row = installation.report.request(key)
    assert (row["state"], row["outcome"], row["cause"]) == ("closed", "failed", "interrupted")
    assert installation.report.row(key)["state"] == "failed"
    assert (installation.live / "actas" / "acta.txt").read_text() == "segunda"
