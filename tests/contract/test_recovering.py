"""An installation comes back from its repositories: with a real restic, its servers, and a real PostgreSQL.

What Airflow's database holds is a table of ours here; with the whole stack `tests/e2e/test_disaster.py` does
the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import PostgresServer as Server
from conftest import ensured, throw_away_server
from respaldo.domain.errors import TargetFullError
from respaldo.domain.values import Run
from respaldo.production import databases, initialize, mounted, recovery_marks
from respaldo.production.__main__ import app
from respaldo.production.recovering import (
    CONFIGURATION_SCOPE,
    DATABASES_SCOPE,
    DUMPS,
    FILES,
    MARKER,
    NAMES,
    RESTORED,
    Recovery,
)
from respaldo.production.recovering_errors import (
    DatabaseUsedError,
    EnvelopeForeignError,
    NoCopyHereError,
    NoGoodCopyError,
    NotBegunError,
    RecoveryError,
    RecoveryUnfinishedError,
)
from respaldo.production.reviving import mend
from respaldo.production.saved import Stores, settings_in
from respaldo.production.template import TEMPLATE
from respaldo.report.migrate import migrate
from respaldo.restic.engine import find_engine
from respaldo.restic.saved import Marks
from respaldo.sources.postgresql import PostgresqlSource
from respaldo.sources.postgresql.server import PostgresServer
from respaldo.sources.reach import Reach
from respaldo.texts import recovering as texts
from rest_kit import PASSWORD, RestServer, rest_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

PROJECT = Path(__file__).parents[2]
REPOSITORIES = ("principal", "secundario")
SECRETS = {f"{name}_password": PASSWORD for name in REPOSITORIES} | {
    "master_principal": "el secreto maestro del principal",
    "master_secundario": "el del secundario",
    "admin_password": "la nueva",
}
FIRST, SECOND = "la primera", "la segunda"
"""What the databases and the configuration say in each of the two runs."""


AIRFLOW = """
CREATE TABLE connection (conn_id text, host text);
INSERT INTO connection
VALUES ('respaldo_report', 'postgres'), ('respaldo_bases', 'postgres'), ('suya', 'otro');
CREATE TABLE ab_user (username text, password text);
INSERT INTO ab_user VALUES ('admin', 'de antes'), ('ana', 'suya');
CREATE TABLE job (state text);
INSERT INTO job VALUES ('running');
CREATE TABLE dag_run (dag_id text, run_id text, state text);
INSERT INTO dag_run VALUES ('backup__a', 'uno', 'running'), ('backup__b', 'dos', 'success');
CREATE TABLE task_instance (
    state text, queued_by_job_id int, external_executor_id text, queued_dttm timestamptz,
    last_heartbeat_at timestamptz
);
INSERT INTO task_instance VALUES
    ('running', 1, 'x', now(), now()), ('success', 1, 'y', now(), now()), ('queued', 1, 'z', now(), now());
"""
"""What there is to mend in Airflow's database, and no more of it."""


class KilledError(BaseException):
    """The end of a process, as near as one of these tests comes to it."""


@dataclass
class Place:
    """A new server, and the repositories of the one that is gone."""

    project: Path
    scratch: Path
    server: Server
    servers: dict[str, RestServer]
    said: list[str] = field(default_factory=list)

    def stores(self) -> Stores:
        elsewhere = {name: server.location for name, server in self.servers.items()}
        settings = settings_in(PROJECT / TEMPLATE, elsewhere)
        return Stores(settings, find_engine(), self.scratch, self.said.append)

    def recovery(self, say: Callable[[str], None] | None = None) -> Recovery:
        return Recovery(
            self.project, self.stores(), PostgresServer(self.server.endpoint()), say or self.said.append
        )

    def recover(self) -> None:
        self.recovery().restore(lambda _: None)

    def rows(self, database: str) -> list[str]:
        with self.server.connect(self.server.endpoint(database)) as connection:
            return [row[0] for row in connection.execute("SELECT dicho FROM public.fila ORDER BY 1")]

    def see_it_is_back(self, what: str) -> None:
        for name in NAMES:
            assert self.rows(name) == [what] * 100
        assert (self.project / "config" / "organization.yaml").read_text() == f"name: {what}\n"
        assert (self.project / MARKER).read_text() == RESTORED

    def see_nothing_changed(self) -> None:
        assert (self.project / "config" / "organization.yaml").read_text() == "name: de partida\n"
        assert (self.project / MARKER).read_text() == "begun\n"
        assert self.names() == set()

    def names(self) -> set[str]:
        with self.server.connect(self.server.endpoint()) as connection:
            there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        return there & set(NAMES)

    def lose(self, repository: str) -> None:
        shutil.rmtree(self.servers[repository].data)
        self.servers[repository].data.mkdir()

    def damage_newest(self, repository: str, scope: str) -> None:
        """Flip bytes in the pieces that came with the last run."""
        packs = (self.servers[repository].data / scope / "data").glob("*/*")
        newest = max(packs, key=lambda path: path.stat().st_mtime_ns)
        newest.chmod(0o600)
        content = bytearray(newest.read_bytes())
        # In the first piece of it: in the middle of a small one is its table of contents, which nobody reads.
        at = 20
        content[at : at + 4] = bytes(byte ^ 0xFF for byte in content[at : at + 4])
        newest.write_bytes(content)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server of its own: its roles are those of a stack."""
    with throw_away_server() as server:
        yield server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RestServer]]:
    program = ensured("restic-rest-server")
    folders = {name: tmp_path_factory.mktemp(name) for name in REPOSITORIES}
    with (
        rest_server(program, folders["principal"], "--append-only") as first,
        rest_server(program, folders["secundario"], "--append-only") as second,
    ):
        yield {"principal": first, "secundario": second}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the repositories hold after two runs, made once."""
    return {}


@pytest.fixture
def place(
    restic, postgres, running, kept, tmp_path, tmp_path_factory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setenv("PATH", f"{postgres.bin}:{os.environ['PATH']}")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    passwords = {account.secret: f"de {account.name}" for account in databases.ACCOUNTS}
    for name, secret in (SECRETS | passwords).items():
        (secrets / name).write_text(secret)
    monkeypatch.setattr(mounted, "FOLDER", secrets)
    monkeypatch.setattr(
        databases, "connect", lambda database="postgres": postgres.connect(postgres.endpoint(database))
    )
    living = tmp_path_factory.getbasetemp() / "living" / "config"
    monkeypatch.setenv("RESPALDO_CONFIG", str(living))
    project, scratch = tmp_path / "project", tmp_path / "scratch"
    for folder in (project / "config", scratch):
        folder.mkdir(parents=True)
    (project / "config" / "organization.yaml").write_text("name: de partida\n")
    (project / MARKER).write_text("begun\n")
    made = Place(project, scratch, postgres, running)
    if not kept:
        _live(made, living, kept, tmp_path_factory)
    for name, server in running.items():
        shutil.rmtree(server.data)
        shutil.copytree(kept[name], server.data)
    yield made
    _forget(postgres)


def _live(
    place: Place, living: Path, kept: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Be an installation that saves itself twice, and end."""
    server, stores = place.server, place.stores()
    databases.ensure()
    migrate(server.endpoint("respaldo", user="respaldo"))
    (living / "scopes").mkdir(parents=True)
    for name in NAMES:
        server.run_sql("CREATE TABLE public.fila (dicho text)", name)
    for scope in (DATABASES_SCOPE, CONFIGURATION_SCOPE):
        first, second = (stores._repository(name, scope) for name in REPOSITORIES)
        first.create()
        second.create(like=first)
    for number, what in enumerate((FIRST, SECOND)):
        (living / "organization.yaml").write_text(f"name: {what}\n")
        (living / "organization.yaml").chmod(0o600)
        for name in NAMES:
            server.run_sql("TRUNCATE public.fila", name)
            with server.connect(server.endpoint(name)) as connection:
                connection.execute("INSERT INTO public.fila SELECT %s FROM generate_series(1, 100)", (what,))
        _save(place, stores, living, f"manual__{number}")
    for name, each in place.servers.items():
        kept[name] = tmp_path_factory.mktemp("kept") / name
        shutil.copytree(each.data, kept[name])
    _forget(server)


def _save(place: Place, stores: Stores, living: Path, run_id: str) -> None:
    source = PostgresqlSource(kind="postgresql", connection="x", databases=NAMES, globals=False)
    reach = Reach(place.server.endpoint())
    for scope, items in ((DATABASES_SCOPE, DUMPS), (CONFIGURATION_SCOPE, (FILES,))):
        first, second = (stores._repository(name, scope) for name in REPOSITORIES)
        run = Run(dag_id=f"backup__{scope}", run_id=run_id, scope_id=scope)
        marks = Marks(host=scope, tags=run.tags)
        for item in items:
            if item == FILES:
                saved = first.save_paths(FILES, [str(living)], marks)
            else:
                saved = source.save(item, first, marks, reach, lambda _: None)
            first.copy_to(second, [saved.copy.snapshot_id])


def _forget(server: Server) -> None:
    """Let nothing of an installation be left on the server."""
    for name in NAMES:
        server.run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    server.run_sql("REVOKE pg_read_all_data FROM copia") if _has_role(server, "copia") else None
    for role in ("analista", *(account.name for account in databases.ACCOUNTS)):
        server.run_sql(f"DROP ROLE IF EXISTS {role}")


def _has_role(server: Server, role: str) -> bool:
    with server.connect(server.endpoint()) as connection:
        return connection.execute("SELECT to_regrole(%s)", (role,)).fetchone() != (None,)


def test_what_was_last_saved_is_back_and_is_whose_it_was(place):
    place.recovery().look()
    place.recover()
    place.see_it_is_back(SECOND)
    with place.server.connect(place.server.endpoint("respaldo")) as connection:
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'respaldo'"
        ).fetchall()
        assert owners == [("respaldo",)]
        asked = "SELECT has_table_privilege('analista', 'reportes.tic_fm007', 'SELECT')"
        assert connection.execute(asked).fetchone() == (True,)
    # Another user's program reads it, as it was not before.
    assert (place.project / "config" / "organization.yaml").stat().st_mode & 0o444 == 0o444
    assert any("«principal»" in line for line in place.said)
    # An installation of this version goes on with it.
    assert migrate(place.server.endpoint("respaldo", user="respaldo")) == []


def test_a_recovery_that_came_to_its_end_is_not_done_again_over_what_lives(place):
    place.recover()
    place.server.run_sql("INSERT INTO public.fila VALUES ('vive')", "respaldo")
    place.recover()
    assert "vive" in place.rows("respaldo")
    # Nor when another one is begun.
    (place.project / MARKER).write_text("begun\n")
    with pytest.raises(DatabaseUsedError):
        place.recover()
    assert "vive" in place.rows("respaldo")


def test_a_database_with_data_stays_as_it_is_and_so_does_the_configuration(place):
    databases.ensure()
    place.server.run_sql("CREATE TABLE public.fila AS SELECT 'ajena' AS dicho", "airflow")
    with pytest.raises(DatabaseUsedError) as refused:
        place.recover()
    assert refused.value.facts["database"] == "airflow"
    assert place.rows("airflow") == ["ajena"]
    assert (place.project / "config" / "organization.yaml").read_text() == "name: de partida\n"


def test_nothing_is_done_where_nobody_began(place):
    (place.project / MARKER).unlink()
    for act in (place.recovery().look, place.recover):
        with pytest.raises(NotBegunError):
            act()
    assert place.names() == set()


def test_secrets_of_another_installation_open_nothing_and_change_nothing(place):
    for name in REPOSITORIES:
        (mounted.FOLDER / f"master_{name}").write_text("otro")
    for act in (place.recovery().look, place.recover):
        with pytest.raises(EnvelopeForeignError):
            act()
    place.see_nothing_changed()


def test_without_the_first_repository_the_second_one_is_taken_and_told(place):
    place.lose("principal")
    place.recover()
    place.see_it_is_back(SECOND)
    assert any(line.startswith("No se puede usar el repositorio «principal»") for line in place.said)
    assert any("se lee entera" in line and "«secundario»" in line for line in place.said)


def test_without_both_it_is_told_where_to_look(place):
    for name in REPOSITORIES:
        place.lose(name)
    with pytest.raises(NoCopyHereError) as refused:
        place.recovery().look()
    assert refused.value.facts["hint"] == texts.HINTS["empty"]
    place.see_nothing_changed()


@pytest.mark.parametrize("scope", [DATABASES_SCOPE, CONFIGURATION_SCOPE])
def test_a_flipped_bit_is_told_and_the_same_run_s_second_copy_is_taken(place, scope):
    place.damage_newest("principal", scope)
    place.recover()
    place.see_it_is_back(SECOND)
    [told] = [line for line in place.said if line.startswith("No sirve")]
    assert "«principal»" in told


def test_when_the_newest_is_damaged_everywhere_an_older_one_is_taken(place):
    for name in REPOSITORIES:
        place.damage_newest(name, DATABASES_SCOPE)
    place.recover()
    for name in NAMES:
        assert place.rows(name) == [FIRST] * 100
    assert len([line for line in place.said if line.startswith("No sirve")]) == 2


def test_when_none_is_whole_nothing_is_restored(place):
    for name in REPOSITORIES:
        for pack in (place.servers[name].data / DATABASES_SCOPE / "data").glob("*/*"):
            pack.chmod(0o600)
            pack.write_bytes(b"nada")
    with pytest.raises(NoGoodCopyError):
        place.recover()
    place.see_nothing_changed()


DAILY = (("respaldo", False), ("config", True))
"""What `make test` plays of where one is killed, and whether its repository is lost then."""


@pytest.mark.parametrize(
    ("moment", "lost"),
    [
        pytest.param(moment, lost, marks=[] if (moment, lost) in DAILY else pytest.mark.slow)
        for moment, lost in product(("airflow", "respaldo", "config"), (False, True))
    ],
)
def test_one_that_was_killed_midway_is_gone_on_with(place, moment, lost):
    def say(text: str) -> None:
        if text.startswith((f"Base de datos {moment}:", f"Configuración restaurada en {moment}")):
            raise KilledError

    with pytest.raises(KilledError):
        place.recovery(say).restore(lambda _: None)
    assert (place.project / MARKER).read_text() == "begun\n"
    if lost:
        # The other repository's copies have other names.
        place.lose("principal")
    place.recover()
    place.see_it_is_back(SECOND)


def test_no_mark_is_left_by_which_a_living_database_could_be_taken_for_a_half_restored_one(place):
    place.recover()
    server = PostgresServer(place.server.endpoint())
    assert [server.comment(name) for name in NAMES] == ["", ""]


def test_one_that_was_killed_before_it_handed_the_databases_over_has_only_that_left_to_do(place, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(recovery_marks, "forget", _die)
        with pytest.raises(KilledError):
            place.recover()
    place.see_it_is_back(SECOND)
    assert recovery_marks.marked() == NAMES
    for name in NAMES:
        comment = PostgresServer(place.server.endpoint()).comment(name)
        place.server.run_sql(f"COMMENT ON DATABASE {name} IS $$De Sistemas\n{comment}$$")
    # It reads no copy: there is none any more.
    for name in REPOSITORIES:
        place.lose(name)
    place.recover()
    assert recovery_marks.marked() == ()
    place.see_it_is_back(SECOND)
    server = PostgresServer(place.server.endpoint())
    assert [server.comment(name) for name in NAMES] == ["De Sistemas"] * 2


def _die() -> None:
    raise KilledError


def test_nothing_starts_on_databases_that_a_recovery_has_not_handed_over(place, monkeypatch):
    def say(text: str) -> None:
        if text.startswith("Base de datos airflow:"):
            raise KilledError

    with pytest.raises(KilledError):
        place.recovery(say).restore(lambda _: None)
    monkeypatch.setenv("RESPALDO_CONFIG", str(PROJECT / TEMPLATE))
    with pytest.raises(RecoveryUnfinishedError) as refused:
        initialize.initialize(place.said.append)
    assert refused.value.facts["databases"] == "airflow"
    ended = CliRunner().invoke(app, ["init"])
    assert ended.exit_code == 1
    assert "Hay una recuperación sin terminar" in ended.output
    assert "scripts/recover" in ended.output
    assert not PostgresServer(place.server.endpoint()).holds_data("respaldo")


def test_what_ran_is_given_out_again_by_the_new_scheduler_at_once_and_what_was_queued_too(place):
    databases.ensure()
    place.server.run_sql(AIRFLOW, "airflow")
    assert [tuple(run) for run in mend()] == [("backup__a", "uno")]
    with place.server.connect(place.server.endpoint("airflow")) as connection:
        asked = "SELECT state, queued_by_job_id, last_heartbeat_at < '2000-01-01' FROM task_instance"
        assert connection.execute(f"{asked} ORDER BY 1").fetchall() == [
            ("running", 1, True),
            ("success", 1, False),
            (None, None, False),
        ]
        assert connection.execute("SELECT state FROM job").fetchall() == [("failed",)]
        assert connection.execute("SELECT conn_id FROM connection ORDER BY 1").fetchall() == [("suya",)]
        [(password,)] = connection.execute("SELECT password FROM ab_user WHERE username = 'admin'").fetchall()
        assert password.startswith("scrypt:")


def test_a_full_disk_is_told_and_the_same_order_goes_on_when_there_is_room(place):
    disk = place.project
    kept = {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=1777", "tmpfs", disk], check=True)
    try:
        (disk / "config").mkdir()
        for path, content in kept.items():
            path.write_bytes(content)
        filler = disk / "filler"
        room = shutil.disk_usage(disk).free
        filler.write_bytes(b"x" * room)
        with pytest.raises((TargetFullError, RecoveryError)):
            place.recover()
        assert (disk / "config" / "organization.yaml").read_text() == "name: de partida\n"
        filler.unlink()
        place.recover()
        place.see_it_is_back(SECOND)
    finally:
        subprocess.run(["umount", disk], check=True)
