"""MariaDB databases are saved as of one moment, and come back as they were: compared with data of before."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

import respaldo.sources.mariadb.restoring as restoring
from mariadb_kit import ROOT_PASSWORD
from respaldo.domain.database_errors import SourceNotConsistentError, ToolUnfitError
from respaldo.domain.errors import (
    ConnectionMissingError,
    DatabaseDeniedError,
    DatabaseMissingError,
    DatabaseUnreachableError,
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    RepositoryDamagedError,
    RestoreMismatchError,
    SnapshotMissingError,
    SourceCommandError,
    SourceEmptyError,
    TargetDeniedError,
    TargetOccupiedError,
    TargetRefusedError,
    ToolMissingError,
)
from respaldo.domain.restoring import Delivery, Destination, Part, Wanted
from respaldo.domain.values import Copy, Endpoint, Evidence
from respaldo.domain.verification import Verification
from respaldo.restic.repository import Repository
from respaldo.sources.databases.marks import mark_in
from respaldo.sources.mariadb import MariadbSource
from respaldo.sources.mariadb.contents import ContentsReader, Lines
from respaldo.sources.mariadb.server import MariadbServer
from respaldo.sources.mariadb.source import USERS
from respaldo.sources.reach import Reach

pytestmark = [pytest.mark.timeout(180), pytest.mark.one_restic]

KEY = "0f3a92c14d5e6f70"
LIVE = "municipio `y` más"
ITEM = "municipio %60y%60 m%C3%A1s.sql"
STAGED = f"{LIVE}_restore_0f3a92c1"
KEPT = f"{LIVE}_before_0f3a92c1"
QUOTED = "`municipio ``y`` más`"

MADE = r"""
CREATE TABLE cliente (id int PRIMARY KEY AUTO_INCREMENT, nombre varchar(200) NOT NULL);
CREATE TABLE factura (id bigint PRIMARY KEY, cliente int, total decimal(12,2), doble double,
  doblado decimal(12,2) GENERATED ALWAYS AS (total * 2), cuando timestamp DEFAULT '2026-03-08 02:30:00',
  KEY (total), CONSTRAINT de FOREIGN KEY (cliente) REFERENCES cliente (id));
CREATE TABLE `mi ``tabla`` (a)` (n int, palabras longtext, foto longblob) CHARACTER SET utf8mb4;
CREATE TABLE vacia (a int);
CREATE TABLE bitacora (a int) ENGINE=MyISAM;
CREATE SEQUENCE turno START WITH 5;
INSERT INTO cliente (nombre) SELECT CONCAT('cliente ', seq) FROM seq_1_to_100;
INSERT INTO factura (id, cliente, total, doble) SELECT seq, seq, seq * 10, seq / 3 FROM seq_1_to_100;
INSERT INTO `mi ``tabla`` (a)` VALUES (1, 'a\nINSERT INTO `x` VALUES\n(1);\n-- Dump completed\n', X'00FF'),
  (2, '\\''ñ"', ''), (3, NULL, NULL), (3, NULL, NULL);
INSERT INTO bitacora VALUES (1), (2);
CREATE VIEW resumen AS SELECT nombre, total FROM factura JOIN cliente ON cliente.id = cliente;
DELIMITER ;;
CREATE TRIGGER sello BEFORE INSERT ON factura FOR EACH ROW BEGIN
  SET NEW.doble = COALESCE(NEW.doble, 0);
END;;
CREATE PROCEDURE cerrar() BEGIN
INSERT INTO `cliente` (nombre) VALUES
('uno');
-- CREATE FUNCTION nada
END;;
CREATE FUNCTION doble(x int) RETURNS int DETERMINISTIC RETURN x * 2;;
CREATE EVENT cada_segundo ON SCHEDULE EVERY 1 SECOND ENABLE DO
  INSERT INTO vacia SELECT 1 FROM DUAL WHERE DATABASE() <> 'municipio `y` más';;
DELIMITER ;
"""
OBJECTS = {
    ("TABLE", "cliente"), ("TABLE", "factura"), ("TABLE", "mi `tabla` (a)"), ("TABLE", "vacia"),
    ("TABLE", "bitacora"), ("SEQUENCE", "turno"), ("VIEW", "resumen"), ("TRIGGER", "sello"),
    ("PROCEDURE", "cerrar"), ("FUNCTION", "doble"), ("EVENT", "cada_segundo"),
}  # fmt: skip
ROWS = {"cliente": 100, "factura": 100, "mi `tabla` (a)": 4, "vacia": 0, "bitacora": 2}

STAGING = Destination()
ORIGINAL = Destination(kind="original", overwrite="always")


def to(database: str, overwrite="never") -> Destination:
    return Destination(kind="database", target=database, overwrite=overwrite)


def mariadb(*names: str, users=False, **settings) -> MariadbSource:
    return MariadbSource(
        kind="mariadb", connection="erp_db", databases=names or "all", users=users, **settings
    )


@pytest.fixture
def server(mariadb_server):
    return mariadb_server


@pytest.fixture
def endpoint(server) -> Endpoint:
    return server.endpoint()


@pytest.fixture
def live(server) -> str:
    """A database with an object of every kind, whose character set changed after they were made."""
    server.sql(f"CREATE DATABASE {QUOTED} CHARACTER SET latin1 COMMENT = 'Lo de hoy; ''vivo'''")
    server.sql(MADE, LIVE)
    server.sql(f"ALTER DATABASE {QUOTED} CHARACTER SET utf8mb4 COLLATE utf8mb4_spanish_ci")
    return LIVE


@dataclass
class Held:
    """A database's copy, and what its verification recorded."""

    source: MariadbSource
    repository: Repository
    copy: Copy
    recorded: tuple[Evidence, ...]
    endpoint: Endpoint
    scratch: Path

    def find(self, **wanted) -> tuple[Part, ...]:
        return self.source.find(Wanted(**wanted), (self.copy,), self.repository, self.recorded)

    def restore(self, destination: Destination, part: Part | None = None, key=KEY):
        delivery = Delivery(destination=destination, key=key, staging="/nowhere")
        told = []
        restored = self.source.restore(
            part or self.find()[0],
            self.repository,
            delivery,
            Reach(self.endpoint),
            str(self.scratch),
            told.append,
        )
        assert told[-1].percent == 100
        return restored


def save(source: MariadbSource, item: str, repository: Repository, marks, endpoint) -> Copy:
    return source.save(item, repository, marks, Reach(endpoint), lambda _: None).copy


@pytest.fixture
def held(live, endpoint, repository, marks, scratch) -> Held:
    source = mariadb(live)
    copy = save(source, ITEM, repository, marks, endpoint)
    recorded = source.verify(copy, repository, Verification(), Reach(), str(scratch))
    return Held(source, repository, copy, recorded, endpoint, scratch)


def content(server, database: str) -> str:
    """Everything in a database, as MariaDB itself tells it."""
    options = ["--no-defaults", "--user=root", f"--socket={server.socket}", "--default-character-set=utf8mb4"]
    options += ["--routines", "--events", "--order-by-primary", "--skip-comments", "--hex-blob"]
    done = subprocess.run(
        ["mariadb-dump", *options, "--", database],
        env=os.environ | {"MYSQL_PWD": ROOT_PASSWORD},
        capture_output=True,
        text=True,
        check=True,
    )
    # Elsewhere an event does not run, and what is older than the database's character set has its own name.
    lines = (line for line in done.stdout.splitlines() if not line.startswith("ALTER DATABASE"))
    return "\n".join(lines).replace(" DISABLE DO ", " ENABLE DO ")


def properties(server, database: str) -> str:
    return server.sql("SELECT @@character_set_database, @@collation_database", database)


def comment(server, database: str) -> str:
    asked = "SELECT SCHEMA_COMMENT FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()"
    return server.sql(asked, database)


# --- what is saved


def test_all_databases_but_those_left_out_and_the_users_are_items(server, endpoint, live):
    server.sql("CREATE DATABASE otra")
    every = mariadb(users=True, exclude=("otra",))
    every.probe(Reach(endpoint))
    assert every.items(Reach(endpoint)) == (USERS, ITEM)
    assert mariadb().items(Reach(endpoint)) == (ITEM, "otra.sql")


def test_objects_and_rows_are_recorded(held):
    (evidence,) = held.recorded
    assert evidence.rows == ROWS
    assert evidence.facts.items() >= {"objects": len(OBJECTS), "tables": 5, "rows": 206}.items()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_dump_is_read_wherever_it_is_cut(held, size):
    text = bytearray()
    held.repository.stream(held.copy.snapshot_id, f"/{ITEM}", text.extend)
    reader, lines = ContentsReader(), Lines()
    for at in range(0, len(text), size):
        reader.take(lines.take(bytes(text[at : at + size])))
    contents = reader.finish()
    assert (contents.objects, contents.rows, contents.is_complete) == (OBJECTS, ROWS, True)


def test_users_come_back_with_passwords_rights_and_roles(server, endpoint, repository, marks, scratch):
    made = "CREATE USER ana@localhost IDENTIFIED BY 'x'; GRANT SELECT ON mysql.user TO ana@localhost;"
    server.sql(f"{made} CREATE ROLE lee; GRANT lee TO ana@localhost")
    try:
        source = mariadb(users=True)
        copy = save(source, USERS, repository, marks, endpoint)
        (evidence,) = source.verify(copy, repository, Verification(), Reach(), str(scratch))
        assert int(evidence.facts["users"]) > 1
        text = bytearray()
        repository.stream(copy.snapshot_id, f"/{USERS}", text.extend)
        before = server.sql("SHOW GRANTS FOR ana@localhost")
        server.sql("DROP USER ana@localhost; DROP ROLE lee")
        # Those that are there already are passed over.
        server.sql(text.decode(), force=True)
        assert server.sql("SHOW GRANTS FOR ana@localhost") == before
        MariadbServer(server.endpoint("ana", "x")).ask("SELECT 1")
    finally:
        server.sql("DROP USER ana@localhost; DROP ROLE lee")


def test_a_dump_is_of_one_moment(server, live, endpoint, repository, marks, scratch):
    # Rows are moved from one table to another all the time.
    server.sql("INSERT INTO vacia SELECT seq FROM seq_1_to_10", live)
    server.sql("CREATE TABLE zeta (a int)", live)
    done = threading.Event()

    def move() -> None:
        while not done.is_set():
            server.sql(
                "BEGIN; INSERT INTO zeta SELECT * FROM vacia; DELETE FROM vacia; COMMIT;"
                "BEGIN; INSERT INTO vacia SELECT * FROM zeta; DELETE FROM zeta; COMMIT;",
                live,
            )

    mover = threading.Thread(target=move)
    mover.start()
    try:
        source = mariadb(live)
        copies = [save(source, ITEM, repository, marks, endpoint) for _ in range(5)]
    finally:
        done.set()
        mover.join()
    for copy in copies:
        (evidence,) = source.verify(copy, repository, Verification(), Reach(), str(scratch))
        assert evidence.rows["vacia"] + evidence.rows["zeta"] == 10


def test_tables_without_transactions_are_told(live, endpoint, repository, marks):
    saved = mariadb(live).save(ITEM, repository, marks, Reach(endpoint), lambda _: None)
    assert (saved.notes, saved.warnings) == ((f"{live}.bitacora: ENGINE=MyISAM",), ())


def test_tables_without_transactions_are_told_of_what_an_earlier_attempt_saved(live, endpoint):
    assert mariadb(live).taken_over(ITEM, Reach(endpoint)) == (f"{live}.bitacora: ENGINE=MyISAM",)
    assert mariadb(live, users=True).taken_over(USERS, Reach(endpoint)) == ()


def test_tables_without_transactions_are_refused_where_the_scope_says_so(live, endpoint):
    with pytest.raises(SourceNotConsistentError) as caught:
        mariadb(live, not_transactional="refuse").probe(Reach(endpoint))
    assert caught.value.facts["tables"] == f"{live}.bitacora: ENGINE=MyISAM"


def test_a_server_is_reached_over_the_network_too(server, live, repository, marks):
    server.sql("CREATE USER red@'127.0.0.1' IDENTIFIED BY 'x'; GRANT ALL ON *.* TO red@'127.0.0.1'")
    try:
        there = Endpoint(name="test", host="localhost", port=server.port, user="red", password=SecretStr("x"))
        mariadb(live).probe(Reach(there))
        assert save(mariadb(live), ITEM, repository, marks, there).size_bytes > 1000
    finally:
        server.sql("DROP USER red@'127.0.0.1'")


def test_names_of_no_database_are_a_mistake():
    with pytest.raises(ValidationError):
        MariadbSource(kind="mariadb", connection="erp_db", databases=[])


# --- what goes wrong


def test_a_connection_must_be_given():
    with pytest.raises(ConnectionMissingError):
        mariadb("erp").probe(Reach())


def test_a_database_that_is_not_there_is_named(endpoint, live):
    with pytest.raises(DatabaseMissingError) as caught:
        mariadb(live, "nómina").probe(Reach(endpoint))
    assert caught.value.facts["database"] == "nómina"


def test_a_server_without_databases_is_empty(server, endpoint):
    with pytest.raises(SourceEmptyError):
        mariadb().probe(Reach(endpoint))


@pytest.mark.parametrize("change", [{"host": "/nowhere"}, {"host": "127.0.0.1", "port": 9}])
def test_a_server_that_is_down_may_come_back(endpoint, change):
    with pytest.raises(DatabaseUnreachableError) as caught:
        mariadb("erp").probe(Reach(endpoint.model_copy(update=change)))
    assert caught.value.transient


@pytest.mark.parametrize(
    "change",
    [{"password": SecretStr("otra")}, {"password": None}, {"user": "nadie"}],
    ids=["wrong password", "no password", "no such user"],
)
def test_a_refused_login_will_be_refused_again(endpoint, change):
    with pytest.raises(DatabaseDeniedError) as caught:
        mariadb("erp").probe(Reach(endpoint.model_copy(update=change)))
    assert not caught.value.transient
    assert "otra" not in str(caught.value)


RIGHTS = "SELECT, SHOW VIEW, TRIGGER, EVENT"


@pytest.mark.parametrize(
    ("granted", "names", "missing"),
    [
        (f"GRANT {RIGHTS} ON *.* TO copia@localhost", (), ""),
        (f"GRANT {RIGHTS} ON {QUOTED}.* TO copia@localhost; GRANT SELECT ON mysql.proc TO copia@localhost",
         (LIVE,), ""),
        (f"GRANT {RIGHTS} ON `munic%`.* TO copia@localhost; GRANT SELECT ON mysql.proc TO copia@localhost",
         (LIVE,), ""),
        (rf"GRANT {RIGHTS} ON `munic\%`.* TO copia@localhost; GRANT ALL ON {QUOTED}.* TO copia@localhost",
         (LIVE,), f"SHOW CREATE ROUTINE ON {QUOTED}.*"),
        (f"CREATE ROLE lee; GRANT {RIGHTS} ON *.* TO lee; GRANT lee TO copia@localhost;"
         " SET DEFAULT ROLE lee FOR copia@localhost", (LIVE,), ""),
        (f"GRANT {RIGHTS} ON {QUOTED}.* TO copia@localhost", (LIVE,), f"SHOW CREATE ROUTINE ON {QUOTED}.*"),
        ("GRANT SELECT, SHOW VIEW ON *.* TO copia@localhost", (LIVE,), f"TRIGGER, EVENT ON {QUOTED}.*"),
        (f"GRANT {RIGHTS} ON {QUOTED}.* TO copia@localhost", (), f"{RIGHTS}, SHOW CREATE ROUTINE ON *.*"),
    ],
    ids=["all", "one", "pattern", "another pattern", "role", "no routines", "no triggers", "not the others"],
)  # fmt: skip
def test_a_user_to_whom_something_would_be_hidden_is_refused(
    server, live, repository, marks, scratch, granted, names, missing
):
    server.sql(f"CREATE USER copia@localhost IDENTIFIED BY 'x'; {granted}")
    reader = server.endpoint("copia", "x")
    try:
        if missing:
            with pytest.raises(DatabaseDeniedError) as caught:
                mariadb(*names).probe(Reach(reader))
            assert caught.value.facts["said"] == f"GRANT {missing}"
        else:
            mariadb(*names).probe(Reach(reader))
            copy = save(mariadb(*names), ITEM, repository, marks, reader)
            (evidence,) = mariadb().verify(copy, repository, Verification(), Reach(), str(scratch))
            assert evidence.facts["objects"] == len(OBJECTS)
    finally:
        server.sql("DROP USER copia@localhost; DROP ROLE IF EXISTS lee")


@pytest.mark.parametrize("tool", ["mariadb", "mariadb-dump"])
def test_a_missing_tool_is_named(endpoint, tmp_path, monkeypatch, tool):
    for name in {"mariadb", "mariadb-dump"} - {tool}:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError) as caught:
        mariadb("erp").probe(Reach(endpoint))
    assert caught.value.facts["tool"] == tool


def instead_of(tool: str, script: str, folder: Path, monkeypatch) -> None:
    """Put a program of the same name first on PATH."""
    spy = folder / "instead" / tool
    spy.parent.mkdir(exist_ok=True)
    spy.write_text(f"#!/bin/sh\n{script}\n")
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    "version",
    [
        "mariadb-dump  Ver 10.19 Distrib 10.5.29-MariaDB, for debian-linux-gnu (x86_64)",
        "mysqldump  Ver 8.0.40 for Linux on x86_64 (MySQL Community Server - GPL)",
    ],
)
def test_a_dump_tool_that_is_older_than_the_server_is_refused(endpoint, live, tmp_path, monkeypatch, version):
    instead_of("mariadb-dump", f"echo '{version}'", tmp_path, monkeypatch)
    with pytest.raises(ToolUnfitError) as caught:
        mariadb(live).probe(Reach(endpoint))
    assert caught.value.facts["needed"].startswith("mariadb-client 1")


def test_a_dump_tool_that_is_newer_than_the_server_is_taken(endpoint, live, tmp_path, monkeypatch):
    said = "mariadb-dump from 12.1.2-MariaDB, client 15.2 for debian-linux-gnu (x86_64)"
    instead_of("mariadb-dump", f"echo '{said}'", tmp_path, monkeypatch)
    mariadb(live).probe(Reach(endpoint))


def test_a_database_that_went_away_since_the_probe_leaves_no_snapshot(endpoint, repository, marks):
    with pytest.raises(SourceCommandError):
        save(mariadb("none"), "none.sql", repository, marks, endpoint)
    assert repository.snapshots() == ()


def test_a_server_that_dies_in_the_middle_leaves_no_snapshot(server, endpoint, repository, marks):
    server.sql("CREATE DATABASE grande; CREATE TABLE grande.t (a longtext)")
    server.sql("INSERT INTO t SELECT REPEAT(MD5(seq), 10000) FROM seq_1_to_600", "grande")
    killed = threading.Event()

    def kill() -> None:
        deadline = time.monotonic() + 30
        while not killed.is_set() and time.monotonic() < deadline:
            if "SQL_NO_CACHE" in server.sql("SHOW FULL PROCESSLIST"):
                server.kill()
                killed.set()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(SourceCommandError):
            save(mariadb("grande"), "grande.sql", repository, marks, endpoint)
    finally:
        killer.join()
        server.start()
    assert killed.is_set()
    assert repository.snapshots() == ()


@pytest.mark.parametrize("lost", [1, 18, 5000])
def test_a_dump_that_was_stored_cut_short_is_not_good(held, marks, scratch, lost):
    text = bytearray()
    held.repository.stream(held.copy.snapshot_id, f"/{ITEM}", text.extend)
    cut = scratch / "cut"
    cut.write_bytes(text[:-lost])
    stored = held.repository.save_output(ITEM, ["cat", str(cut)], ITEM, marks, environment={})
    # Of the size that was saved: only the content tells.
    assert stored.copy.size_bytes == len(text) - lost
    with pytest.raises(DumpUnreadableError) as caught:
        held.source.verify(stored.copy, held.repository, Verification(), Reach(), str(scratch))
    assert caught.value.facts["reason"] == "no completion marker"


def test_users_that_were_stored_cut_short_are_not_good(repository, marks, scratch):
    stored = repository.save_output(USERS, ["echo", "CREATE USER x;"], USERS, marks, environment={})
    with pytest.raises(DumpUnreadableError):
        mariadb(users=True).verify(stored.copy, repository, Verification(), Reach(), str(scratch))


def test_a_password_reaches_no_argument_and_no_environment(
    endpoint, live, repository, marks, tmp_path, monkeypatch
):
    script = "tr '\\0' '\\n' </proc/$$/cmdline; env; tr '\\0' '\\n' </proc/$PPID/cmdline"
    instead_of("mariadb-dump", script, tmp_path, monkeypatch)
    copy = save(mariadb(live), ITEM, repository, marks, endpoint)
    seen = bytearray()
    repository.stream(copy.snapshot_id, f"/{ITEM}", seen.extend)
    assert b"--defaults-extra-file=/dev/fd/" in seen
    assert b"comillas" not in seen


def test_a_personal_option_file_changes_nothing(endpoint, live, tmp_path, monkeypatch):
    (tmp_path / ".my.cnf").write_text("[client]\npassword=otra\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    mariadb(live).probe(Reach(endpoint))


# --- finding


def test_a_database_is_one_part_with_its_rows(held):
    (part,) = held.find(databases=(LIVE,))
    assert part == held.find()[0]
    assert (part.size_bytes, part.rows, part.includes) == (held.copy.size_bytes, ROWS, ())


def test_the_users_are_no_part(held):
    shared = held.copy.model_copy(update={"item": USERS})
    parts = held.source.find(Wanted(), (shared, held.copy), held.repository, held.recorded)
    assert [part.item for part in parts] == [held.copy.item]


def test_what_the_copies_do_not_hold_is_told_with_the_nearest(held):
    with pytest.raises(NotInCopyError) as caught:
        held.find(databases=("municipio y mas",))
    assert caught.value.facts["nearest"] == LIVE


@pytest.mark.parametrize(
    ("wanted", "problem"), [({"paths": ("/srv",)}, "databases_only"), ({"tables": ("t",)}, "whole_databases")]
)
def test_what_cannot_be_asked_of_it_is_refused(held, wanted, problem):
    with pytest.raises(InvalidRequestError) as caught:
        held.find(**wanted)
    assert caught.value.facts["problem"] == problem


def test_a_snapshot_that_went_away_is_missing(held):
    held.repository.forget(held.copy.snapshot_id)
    with pytest.raises(SnapshotMissingError):
        held.find()


def test_what_would_be_touched_is_named(held, endpoint):
    parts = held.find()
    delivery = Delivery(destination=ORIGINAL, key=KEY, staging="/nowhere")
    assert held.source.touches(parts, delivery, Reach(endpoint)) == (LIVE,)
    harmless = Delivery(destination=STAGING, key=KEY, staging="/nowhere")
    assert held.source.touches(parts, harmless, Reach(endpoint)) == ()
    refused = Delivery(destination=to(LIVE), key=KEY, staging="/nowhere")
    with pytest.raises(TargetOccupiedError):
        held.source.touches(parts, refused, Reach(endpoint))


# --- restoring


def test_a_database_comes_back_beside(server, held):
    was, of_live = content(server, LIVE), properties(server, LIVE)
    restored = held.restore(STAGING)
    assert (restored.where, restored.kept) == ((f"test/{STAGED}",), ())
    assert content(server, STAGED) == was == content(server, LIVE)
    assert properties(server, STAGED) == of_live == properties(server, LIVE)
    (evidence,) = restored.evidence
    assert evidence.facts == {
        "objects": len(OBJECTS), "tables": 5, "rows": 206, "checksums": 5, "database": STAGED,
    }  # fmt: skip
    assert held.restore(STAGING) == restored


EVENTS = "SELECT STATUS, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"


def test_an_event_does_not_run_beside(server, held):
    held.restore(STAGING)
    assert server.sql(EVENTS, STAGED).split() == ["DISABLED", "root@localhost"]
    time.sleep(1.5)
    assert server.sql("SELECT COUNT(*) FROM vacia", STAGED) == "0\n"


@pytest.fixture
def event_of_another(server, live):
    """Whom an event is of may be gone for long."""
    server.sql("ALTER DEFINER = `maría`@`10.%` EVENT cada_segundo ENABLE", live)


def test_an_event_runs_again_once_what_was_restored_is_compared(event_of_another, held, server, monkeypatch):
    wake, seen = MariadbServer.wake, []

    def waking(self, database, events):
        seen.append(server.sql(EVENTS, "nueva").split())
        wake(self, database, events)

    monkeypatch.setattr(MariadbServer, "wake", waking)
    held.restore(to("nueva"))
    assert seen == [["DISABLED", "maría@10.%"]]
    assert server.sql(EVENTS, "nueva").split() == ["ENABLED", "maría@10.%"]


def test_a_database_is_made_by_the_name_that_is_asked_for(server, held):
    was = content(server, LIVE)
    assert held.restore(to("nueva")).where == ("test/nueva",)
    server.sql("ALTER EVENT cada_segundo DISABLE; DELETE FROM vacia", "nueva")
    assert content(server, "nueva") == was


def test_an_empty_database_is_filled_and_keeps_its_comment(server, held):
    server.sql("CREATE DATABASE restaurada COMMENT = 'para probar'")
    held.restore(to("restaurada"))
    assert comment(server, "restaurada").startswith("para probar\n")
    assert server.sql("SELECT COUNT(*) FROM factura", "restaurada") == "100\n"


@pytest.mark.parametrize("destination", [to(LIVE), Destination(kind="original")])
def test_a_database_with_data_is_refused_when_nobody_asked_for_it(server, held, destination):
    was = content(server, LIVE)
    with pytest.raises(TargetOccupiedError):
        held.restore(destination)
    assert content(server, LIVE) == was


def test_the_live_database_is_replaced_and_kept_under_another_name(server, held):
    was = content(server, LIVE)
    server.sql("DELETE FROM factura WHERE id > 7; DROP VIEW resumen; CREATE TABLE nueva (a int)", LIVE)
    changed = content(server, LIVE)
    before = server.databases()
    restored = held.restore(ORIGINAL)
    assert (restored.where, restored.kept) == ((f"test/{LIVE}",), (f"test/{KEPT}",))
    assert content(server, LIVE) == was
    assert content(server, KEPT) == changed
    assert server.databases() - before == {KEPT}
    assert comment(server, LIVE).startswith("Lo de hoy; 'vivo'\n")
    assert held.restore(ORIGINAL) == restored


def test_a_live_database_that_is_gone_is_made_again(server, held):
    was = content(server, LIVE)
    server.sql(f"DROP DATABASE {QUOTED}")
    restored = held.restore(Destination(kind="original"))
    assert (content(server, LIVE), restored.kept) == (was, ())


def test_a_database_that_somebody_writes_to_is_not_replaced(server, held, monkeypatch):
    read = restoring.contents_of

    def meanwhile(asked, database, receive=None):
        found = read(asked, database, receive)
        if database == LIVE and receive is not None:
            server.sql("INSERT INTO cliente (nombre) VALUES ('nuevo')", LIVE)
        return found

    monkeypatch.setattr(restoring, "contents_of", meanwhile)
    before = server.databases()
    with pytest.raises(TargetRefusedError):
        held.restore(ORIGINAL)
    assert server.databases() == before
    assert server.sql("SELECT COUNT(*) FROM cliente", LIVE) == "101\n"


@pytest.mark.parametrize("moment", ["keeping", "emptied"])
def test_a_killed_attempt_is_repeated(server, held, monkeypatch, moment):
    was = content(server, LIVE)
    server.sql("DELETE FROM factura WHERE id > 7", LIVE)
    changed = content(server, LIVE)
    original = restoring.load

    def die(stream, on, database, **settings):
        original(stream, on, database, **settings)
        if database == (KEPT if moment == "keeping" else LIVE):
            server.sql("DROP TABLE factura", database)
            raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "load", die)
    # Who is killed tidies nothing up.
    monkeypatch.setattr(restoring._Restoration, "_dropped_on_failure", lambda *_: contextlib.nullcontext())
    with pytest.raises(KeyboardInterrupt):
        held.restore(ORIGINAL)
    monkeypatch.undo()
    assert KEPT in server.databases()
    restored = held.restore(ORIGINAL)
    assert restored.kept == (f"test/{KEPT}",)
    assert (content(server, LIVE), content(server, KEPT)) == (was, changed)


def test_a_server_that_dies_while_it_is_restored_to_may_be_tried_again(server, held, monkeypatch):
    was, before = content(server, LIVE), server.databases()
    original = restoring.load

    def dying(stream, on, database, **settings):
        def cut(receive):
            def take(block):
                receive(block[:9000])
                server.kill()
                receive(block[9000:])

            stream(take)

        original(cut, on, database, **settings)

    monkeypatch.setattr(restoring, "load", dying)
    try:
        with pytest.raises(DatabaseUnreachableError) as caught:
            held.restore(STAGING)
    finally:
        server.start()
    assert caught.value.transient
    # Nobody was there to remove it.
    assert server.databases() - before == {STAGED}
    monkeypatch.undo()
    held.restore(STAGING)
    assert content(server, STAGED) == was


def test_somebody_elses_database_is_not_dropped(server, held):
    name = STAGED.replace("`", "``")
    server.sql(f"CREATE DATABASE `{name}`; CREATE TABLE `{name}`.t (a int)")
    with pytest.raises(TargetOccupiedError):
        held.restore(STAGING)
    assert server.sql("SHOW TABLES", STAGED) == "t\n"


def test_the_second_copy_replaces_what_the_first_one_left(server, held, marks):
    held.restore(ORIGINAL)
    server.sql("DELETE FROM factura", LIVE)
    again = save(held.source, ITEM, held.repository, marks, held.endpoint)
    second = Held(held.source, held.repository, again, (), held.endpoint, held.scratch)
    restored = second.restore(ORIGINAL)
    assert restored.kept == (f"test/{KEPT}",)
    assert server.sql("SELECT COUNT(*) FROM factura", LIVE) == "0\n"
    assert server.sql("SELECT COUNT(*) FROM factura", KEPT) == "100\n"
    assert mark_in(comment(server, LIVE)[:-1].replace("\\n", "\n")).snapshot_id == again.snapshot_id


@pytest.mark.parametrize("rows", [{"cliente": 99}, {"ausente": 1}])
def test_other_rows_than_were_recorded_are_found(server, held, rows):
    (part,) = held.find()
    before = server.databases()
    with pytest.raises(RestoreMismatchError):
        held.restore(STAGING, part.model_copy(update={"rows": rows}))
    assert server.databases() == before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE cliente SET nombre = 'otro' WHERE id = 3", "cliente"),
        ("DELETE FROM factura WHERE id = 3", "factura"),
        ("DROP PROCEDURE cerrar", "PROCEDURE cerrar"),
        ("CREATE TABLE demas (a int)", "TABLE demas"),
    ],
)
def test_what_is_not_as_it_was_is_found(server, held, monkeypatch, change, what):
    original = restoring.load

    def load(stream, on, database, **settings):
        original(stream, on, database, **settings)
        server.sql(change, database)

    monkeypatch.setattr(restoring, "load", load)
    before = server.databases()
    with pytest.raises(RestoreMismatchError) as caught:
        held.restore(STAGING)
    assert caught.value.facts["what"] == what
    assert server.databases() == before


def test_a_cut_dump_leaves_nothing_behind(server, held, marks):
    text = bytearray()
    held.repository.stream(held.copy.snapshot_id, f"/{ITEM}", text.extend)
    cut = held.scratch / "cut"
    cut.write_bytes(text[:-2000])
    stored = held.repository.save_output(ITEM, ["cat", str(cut)], ITEM, marks, environment={}).copy
    before = server.databases()
    with pytest.raises(DumpUnreadableError):
        Held(held.source, held.repository, stored, (), held.endpoint, held.scratch).restore(STAGING)
    assert server.databases() == before


@pytest.mark.parametrize("destination", [STAGING, ORIGINAL, to("nueva")], ids=["staging", "original", "new"])
def test_a_damaged_repository_leaves_nothing_behind(server, held, destination):
    (part,) = held.find()
    packs = [path for path in Path(held.repository.place.location, "data").rglob("*") if path.is_file()]
    pack = max(packs, key=lambda path: path.stat().st_size)
    pack.chmod(0o600)
    data = bytearray(pack.read_bytes())
    data[1000] ^= 1
    pack.write_bytes(data)
    was, before = content(server, LIVE), server.databases()
    with pytest.raises(RepositoryDamagedError):
        held.restore(destination, part)
    assert (content(server, LIVE), server.databases()) == (was, before)


def test_who_may_not_make_databases_is_told(server, held):
    server.sql("CREATE USER lector@localhost IDENTIFIED BY 'x'; GRANT SELECT ON *.* TO lector@localhost")
    try:
        reader = Held(
            held.source, held.repository, held.copy, (), server.endpoint("lector", "x"), held.scratch
        )
        with pytest.raises((DatabaseDeniedError, TargetDeniedError)):
            reader.restore(STAGING)
    finally:
        server.sql("DROP USER lector@localhost")
