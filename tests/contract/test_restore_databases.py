"""Databases come back as they were: what is restored is always compared with data of before."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.domain.errors import (
    DumpUnreadableError,
    InvalidRequestError,
    NotInCopyError,
    RepositoryDamagedError,
    RestoreMismatchError,
    SnapshotMissingError,
    TargetOccupiedError,
    TargetRefusedError,
)
from respaldo.domain.restoring import Delivery, Destination, Part, Wanted
from respaldo.domain.values import Copy, Endpoint, Evidence
from respaldo.domain.verification import Verification
from respaldo.restic.repository import Repository
from respaldo.sources.databases.marks import mark_in, name_with
from respaldo.sources.postgresql import PostgresqlSource
from respaldo.sources.postgresql.comparison import compare
from respaldo.sources.postgresql.rows import LARGE_OBJECTS, RowCounter
from respaldo.sources.postgresql.server import PostgresServer
from respaldo.sources.reach import Reach

# What is tested here is PostgreSQL: restic only hands the dumps on.
pytestmark = [pytest.mark.timeout(120), pytest.mark.one_restic]

KEY = "0f3a92c14d5e6f70"
LIVE = "municipio y más"
STAGED = f"{LIVE}_restore_0f3a92c1"
KEPT = f"{LIVE}_before_0f3a92c1"
PASSWORD = r"restaura:con\clave"

MADE = """
CREATE SCHEMA ventas;
CREATE TYPE ventas.estado AS ENUM ('abierta', 'pagada');
CREATE TABLE public.cliente (id serial PRIMARY KEY, nombre text NOT NULL);
CREATE TABLE ventas.factura (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cliente int REFERENCES public.cliente,
    estado ventas.estado DEFAULT 'abierta',
    total numeric CHECK (total >= 0));
CREATE INDEX por_total ON ventas.factura (total);
CREATE TABLE public."Mi ""Tabla"" (a)
b" ("la, col) umna" int, b text);
CREATE TABLE public.vacia (a int);
CREATE TABLE public.sin_columnas ();
CREATE FUNCTION public.sellar() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
-- COPY public.cliente (id) FROM stdin;
RETURN NEW; END$$;
CREATE TRIGGER sello BEFORE INSERT ON ventas.factura FOR EACH ROW EXECUTE FUNCTION public.sellar();
CREATE VIEW ventas.resumen AS
    SELECT cliente.nombre, factura.total FROM ventas.factura JOIN public.cliente ON cliente.id = cliente;
CREATE MATERIALIZED VIEW ventas.totales AS SELECT sum(total) AS suma FROM ventas.factura;
CREATE TABLE public.medicion (dia date, valor int, PRIMARY KEY (dia, valor)) PARTITION BY RANGE (dia);
CREATE TABLE public.medicion_2024 PARTITION OF public.medicion
    FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX por_valor ON public.medicion (valor);
CREATE TABLE public.padre (a int);
CREATE TABLE public.hija (b int) INHERITS (public.padre);
INSERT INTO public.cliente (nombre) SELECT 'cliente ' || n FROM generate_series(1, 100) AS n;
INSERT INTO ventas.factura (cliente, total) SELECT n, n * 10 FROM generate_series(1, 100) AS n;
INSERT INTO public."Mi ""Tabla"" (a)
b" VALUES (1, E'a\\nCOPY x FROM stdin;\\n\\\\.\\n'), (2, '\\.'), (3, NULL);
INSERT INTO public.sin_columnas DEFAULT VALUES;
INSERT INTO public.medicion SELECT '2024-03-01'::date + n, n FROM generate_series(1, 30) AS n;
INSERT INTO public.padre VALUES (1);
INSERT INTO public.hija VALUES (2, 3), (4, 5);
REFRESH MATERIALIZED VIEW ventas.totales;
SELECT lo_from_bytea(700001, 'una foto'), lo_from_bytea(700002, '');
GRANT SELECT ON public.cliente TO pg_monitor;
COMMENT ON TABLE public.cliente IS 'Los clientes';
"""
ODD = 'public.Mi "Tabla" (a)\nb'
ROWS = {
    "public.cliente": 100,
    "ventas.factura": 100,
    ODD: 3,
    "public.vacia": 0,
    "public.sin_columnas": 1,
    "public.medicion_2024": 30,
    "public.padre": 1,
    "public.hija": 2,
    LARGE_OBJECTS: 2,
}


@pytest.fixture(scope="session")
def server(postgres_server):
    """The server, with its programs on PATH and a role whose password is asked for."""
    postgres_server.run_sql("SET password_encryption = 'scram-sha-256'")
    postgres_server.run_sql(f"CREATE ROLE restaura SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    postgres_server.run_sql("CREATE ROLE aplicacion LOGIN")
    rules = postgres_server.folder / "data" / "pg_hba.conf"
    rules.write_text("local all restaura scram-sha-256\n" + rules.read_text())
    postgres_server.run_sql("SELECT pg_reload_conf()")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{postgres_server.bin}:{os.environ['PATH']}")
        yield postgres_server


@pytest.fixture
def endpoint(server) -> Endpoint:
    entering = server.endpoint(user="restaura", database=LIVE)
    return entering.model_copy(update={"password": SecretStr(PASSWORD)})


@pytest.fixture
def live(server) -> Iterator[str]:
    """A database with an object of every kind, and properties of its own."""
    before = databases(server)
    server.run_sql(f'CREATE DATABASE "{LIVE}"')
    server.run_sql(f'ALTER DATABASE "{LIVE}" OWNER TO aplicacion')
    server.run_sql(f"ALTER DATABASE \"{LIVE}\" SET search_path TO 'ventas', 'public'")
    server.run_sql(f'REVOKE CONNECT ON DATABASE "{LIVE}" FROM PUBLIC')
    server.run_sql(f"COMMENT ON DATABASE \"{LIVE}\" IS 'Dos; líneas\ny una ''comilla'''")
    server.run_sql(MADE, LIVE)
    yield LIVE
    for name in databases(server) - before:
        server.run_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass
class Saved:
    """A database's copy, and what its verification recorded."""

    source: PostgresqlSource
    repository: Repository
    copy: Copy
    recorded: tuple[Evidence, ...]
    endpoint: Endpoint
    scratch: Path

    def find(self, **wanted) -> tuple[Part, ...]:
        return self.source.find(Wanted(**wanted), (self.copy,), self.repository, self.recorded)

    def restore(self, destination: Destination, part: Part | None = None, key=KEY, **wanted):
        part = part or self.find(**wanted)[0]
        delivery = Delivery(destination=destination, key=key, staging="/nowhere")
        told = []
        self.scratch.mkdir(exist_ok=True)
        restored = self.source.restore(
            part, self.repository, delivery, Reach(self.endpoint), str(self.scratch), told.append
        )
        assert told[-1].percent == 100
        return restored


@pytest.fixture(scope="session")
def copies() -> dict[str, tuple[Path, Copy, tuple[Evidence, ...]]]:
    """One repository with the live database in it for each version of restic: saving takes seconds."""
    return {}


@pytest.fixture
def saved(live, endpoint, repository, marks, scratch, copies, tmp_path_factory) -> Saved:
    source = PostgresqlSource(kind="postgresql", connection="erp_db", databases=(live,), globals=False)
    version = repository.engine.version
    if version not in copies:
        (item,) = source.items(Reach(endpoint))
        copy = source.save(item, repository, marks, Reach(endpoint), lambda _: None).copy
        recorded = source.verify(copy, repository, Verification(), Reach(), str(scratch))
        copies[version] = (tmp_path_factory.mktemp("copies") / "repository", copy, recorded)
        shutil.copytree(repository.place.location, copies[version][0])
    template, copy, recorded = copies[version]
    shutil.rmtree(repository.place.location)
    shutil.copytree(template, repository.place.location)
    return Saved(source, repository, copy, recorded, endpoint, scratch)


STAGING = Destination()
ORIGINAL = Destination(kind="original", overwrite="always")


def to(database: str, overwrite="never") -> Destination:
    return Destination(kind="database", target=database, overwrite=overwrite)


def databases(server) -> set[str]:
    with server.connect(server.endpoint()) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def rows_of(server, database: str, query: str, *values):
    with server.connect(server.endpoint(database)) as connection:
        return connection.execute(query, values or None).fetchall()


def content(server, database: str, *tables: str) -> str:
    """Everything in a database, or in some tables of it, as one hash."""
    found = []
    with server.connect(server.endpoint(database)) as connection:
        every = connection.execute(
            "SELECT format('%I.%I', nspname, relname) FROM pg_class"
            " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            " WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND nspname IN ('public', 'ventas') ORDER BY 1"
        ).fetchall()
        for name in tables or [name for (name,) in every]:
            # How many numbers a sequence has written ahead is not its value.
            columns = "last_value, is_called" if name.endswith("_seq") else "*"
            rows = connection.execute(f"SELECT {columns} FROM {name}").fetchall()  # noqa: S608
            found.append((name, sorted(map(repr, rows))))
        if not tables:
            objects = "SELECT oid, lo_get(oid) FROM pg_largeobject_metadata ORDER BY oid"
            found.append(connection.execute(objects).fetchall())
            found.append(
                connection.execute(
                    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                    " WHERE connamespace > 16000 OR connamespace = 2200 ORDER BY 1, 2"
                ).fetchall()
            )
    return hashlib.sha256(repr(found).encode()).hexdigest()


def properties(server, database: str):
    (row,) = rows_of(
        server,
        "postgres",
        "SELECT pg_get_userbyid(datdba), (SELECT array_agg(granted::text ORDER BY granted::text)"
        " FROM unnest(datacl) AS granted), setconfig, pg_encoding_to_char(encoding), datcollate"
        " FROM pg_database LEFT JOIN pg_db_role_setting ON setdatabase = pg_database.oid"
        " WHERE datname = %s",
        database,
    )
    return row


def comment(server, database: str) -> str:
    ((said,),) = rows_of(
        server,
        "postgres",
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
        database,
    )
    return said


# --- what is recorded when the copy is made


def test_the_rows_of_every_table_are_recorded(saved):
    (evidence,) = saved.recorded
    assert evidence.rows == ROWS
    assert (evidence.facts["tables"], evidence.facts["rows"]) == (8, 237)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_rows_are_counted_wherever_the_text_is_cut(size):
    text = (
        b"SET client_encoding = 'LATIN1';\n\n"
        b'COPY public."a\xf1o ""x""\ny" ("c) FROM stdin;\n", b) FROM stdin;\n1\t\\N\nCOPY x\n\\\\.\n\\.\n\n\n'
        b"COPY public.vacia (a) FROM stdin;\n\\.\n\nCOPY is not a table\n"
        b"SELECT pg_catalog.lo_open('5', 131072);\nSELECT pg_catalog.lowrite(0, '\\x00');\n"
        b"SELECT pg_catalog.lo_open('6', 131072);\nCOPY a.b  FROM stdin;\n\n\n\\.\n"
    )
    # So that what is no header is given up within the test.
    text += b"\n" * (1 << 20)
    counter = RowCounter()
    cut = 200 * size if size < 1000 else 1000
    blocks = [text[:600][at : at + size] for at in range(0, 600, size)] if size < 1000 else []
    rest = text[600:] if blocks else text
    for block in blocks + [rest[at : at + max(cut, 65536)] for at in range(0, len(rest), max(cut, 65536))]:
        counter.take(block)
    assert counter.rows == {'public.año "x"\ny': 3, "public.vacia": 0, LARGE_OBJECTS: 2, "a.b": 2}


# --- finding


def test_a_database_is_one_part_with_its_rows(saved):
    (part,) = saved.find(databases=(LIVE,))
    assert part == saved.find()[0]
    assert (part.size_bytes, part.rows, part.includes) == (saved.copy.size_bytes, ROWS, ())


def test_the_globals_are_no_part(saved):
    shared = saved.copy.model_copy(update={"item": "globals.sql"})
    parts = saved.source.find(Wanted(), (shared, saved.copy), saved.repository, saved.recorded)
    assert [part.item for part in parts] == [saved.copy.item]


def test_tables_are_found_with_their_partitions_and_rows(saved):
    (part,) = saved.find(tables=("medicion", "ventas.factura", ODD))
    assert part.includes == (
        "table:public.medicion",
        "table:ventas.factura",
        f"table:{ODD}".replace("\n", " "),
    )
    assert part.rows == {"public.medicion_2024": 30, "ventas.factura": 100, ODD: 3}


def test_what_the_dump_does_not_hold_is_told_with_the_nearest(saved):
    for wanted, nearest in (
        ({"databases": ("municipio y mas",)}, LIVE),
        ({"tables": ("clientes",)}, "public.cliente"),
        ({"schemas": ("venta",)}, "ventas"),
    ):
        with pytest.raises(NotInCopyError) as caught:
            saved.find(**wanted)
        assert caught.value.facts["nearest"].split(", ")[0] == nearest


def test_a_snapshot_that_went_away_is_missing(saved):
    saved.repository.forget(saved.copy.snapshot_id)
    with pytest.raises(SnapshotMissingError):
        saved.find()


def test_what_cannot_be_asked_of_databases_is_refused(saved):
    other = saved.copy.model_copy(update={"item": "otra.dump"})
    for wanted, copies, problem in (
        (Wanted(paths=("/srv",)), (saved.copy,), "databases_only"),
        (Wanted(tables=("t",)), (saved.copy, other), "one_database"),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            saved.source.find(wanted, copies, saved.repository, ())
        assert caught.value.facts["problem"] == problem


def test_what_would_be_touched_is_named(server, saved, endpoint):
    parts, some = saved.find(), saved.find(tables=("cliente",), schemas=("ventas",))
    server.run_sql("CREATE DATABASE restaurada")

    def touches(destination, parts=parts):
        wanted = Delivery(destination=destination, key=KEY, staging="")
        return saved.source.touches(parts, wanted, Reach(endpoint))

    assert touches(STAGING) == ()
    assert touches(to("restaurada")) == touches(to("nueva")) == ()
    assert touches(ORIGINAL) == touches(to(LIVE, "always")) == (LIVE,)
    assert touches(ORIGINAL, some) == (f"{LIVE}/ventas", f"{LIVE}/public.cliente")
    # What goes into a template comes to be in every new database.
    for destination in (Destination(kind="original"), to(LIVE), to("template1")):
        with pytest.raises(TargetOccupiedError):
            touches(destination)
    for destination, problem in (
        (Destination(kind="path", target="/srv"), "database_to_path"),
        (Destination(kind="original", overwrite="if_newer"), "overwrite_databases"),
        (Destination(kind="database"), "one_database"),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            touches(destination)
        assert caught.value.facts["problem"] == problem
    with pytest.raises(InvalidRequestError):
        touches(to("nueva"), parts * 2)
    server.run_sql(f'DROP DATABASE "{LIVE}" WITH (FORCE)')
    assert touches(ORIGINAL) == ()


# --- restoring a whole database


def test_a_whole_database_comes_back_beside(server, saved):
    restored = saved.restore(STAGING)
    assert restored.where == (f"test/{STAGED}",)
    assert restored.kept == ()
    assert content(server, STAGED) == content(server, LIVE)
    assert properties(server, STAGED) == properties(server, LIVE)
    (evidence,) = restored.evidence
    assert evidence.method == "compared"
    assert (evidence.facts["tables"], evidence.facts["rows"], evidence.facts["jobs"]) == (8, 237, 1)


def test_a_large_dump_is_restored_by_several_jobs(server, saved, monkeypatch):
    monkeypatch.setattr("respaldo.sources.postgresql.dump_input.LARGE_BYTES", 1)
    monkeypatch.setattr("respaldo.sources.postgresql.pg_restore.os.cpu_count", lambda: 3)
    restored = saved.restore(STAGING)
    assert restored.evidence[0].facts["jobs"] == 3
    assert content(server, STAGED) == content(server, LIVE)


def test_a_database_is_made_by_the_name_that_is_asked_for(server, saved):
    before = databases(server)
    assert saved.restore(to("nueva")).where == ("test/nueva",)
    assert databases(server) == before | {"nueva"}
    assert content(server, "nueva") == content(server, LIVE)


def test_an_empty_database_is_filled_and_keeps_its_properties(server, saved):
    server.run_sql("CREATE DATABASE restaurada")
    server.run_sql("ALTER DATABASE restaurada SET work_mem TO '8MB'")
    server.run_sql("COMMENT ON DATABASE restaurada IS 'para probar'")
    as_made = properties(server, "restaurada")
    assert saved.restore(to("restaurada")).kept == ()
    assert content(server, "restaurada") == content(server, LIVE)
    assert properties(server, "restaurada") == as_made
    assert comment(server, "restaurada").startswith("para probar\nrespaldo:")


def test_a_database_with_data_is_refused_when_nobody_asked_for_it(server, saved):
    server.run_sql("CREATE DATABASE ocupada")
    server.run_sql("CREATE TABLE t AS SELECT 1 AS uno", "ocupada")
    before = databases(server)
    for destination in (to("ocupada"), Destination(kind="original")):
        with pytest.raises(TargetOccupiedError):
            saved.restore(destination)
    assert databases(server) == before
    assert rows_of(server, "ocupada", "SELECT * FROM t") == [(1,)]


def test_a_database_with_data_is_kept_under_another_name(server, saved):
    server.run_sql("CREATE DATABASE ocupada")
    server.run_sql("CREATE TABLE t AS SELECT 1 AS uno", "ocupada")
    restored = saved.restore(to("ocupada", "always"))
    assert restored.kept == ("test/ocupada_before_0f3a92c1",)
    assert content(server, "ocupada") == content(server, LIVE)
    assert rows_of(server, "ocupada_before_0f3a92c1", "SELECT * FROM t") == [(1,)]


def test_the_live_database_is_swapped_under_those_who_use_it(server, saved):
    was, as_made, said = content(server, LIVE), properties(server, LIVE), comment(server, LIVE)
    server.run_sql("TRUNCATE public.cliente CASCADE", LIVE)
    server.run_sql("CREATE TABLE public.nueva (a int)", LIVE)
    broken = content(server, LIVE)
    from psycopg import OperationalError

    with server.connect(server.endpoint(LIVE)) as client:
        client.execute("BEGIN")
        client.execute("SELECT * FROM public.vacia")
        restored = saved.restore(ORIGINAL)
        with pytest.raises(OperationalError):
            client.execute("SELECT 1")
    assert restored.where == (f"test/{LIVE}",)
    assert restored.kept == (f"test/{KEPT}",)
    assert content(server, LIVE) == was
    assert content(server, KEPT) == broken
    assert properties(server, LIVE) == as_made
    assert comment(server, LIVE).startswith(f"{said}\nrespaldo:")
    assert STAGED not in databases(server)


def test_those_who_come_back_at_once_do_not_hold_the_swap_up(server, saved):
    from psycopg import OperationalError

    was = content(server, LIVE)
    server.run_sql("DELETE FROM ventas.factura", LIVE)
    swapped = threading.Event()
    refused: list[str] = []

    def stay() -> None:
        while not swapped.is_set():
            try:
                with server.connect(server.endpoint(LIVE)) as client:
                    client.execute("SELECT pg_sleep(10)")
            except OperationalError as error:
                refused.append(str(error))

    clients = [threading.Thread(target=stay) for _ in range(5)]
    for client in clients:
        client.start()
    try:
        saved.restore(ORIGINAL)
    finally:
        swapped.set()
        with server.connect(server.endpoint()) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(10)'"
            )
        for client in clients:
            client.join()
    assert content(server, LIVE) == was
    # They were put out; who was just coming in is told so, and has to come again.
    assert refused
    assert not [said for said in refused if "does not exist" in said and "just been" not in said]


def test_a_live_database_that_is_gone_is_made_again(server, saved):
    was, as_made = content(server, LIVE), properties(server, LIVE)
    server.run_sql(f'DROP DATABASE "{LIVE}" WITH (FORCE)')
    assert saved.restore(Destination(kind="original")).kept == ()
    assert content(server, LIVE) == was
    assert properties(server, LIVE) == as_made


def test_a_database_that_others_are_joined_to_stays_as_it_is(server, saved):
    server.run_sql("CREATE TABLE public.nueva (a int)", LIVE)
    before, there = content(server, LIVE), databases(server)

    def refuse(*_args, **_kwargs):
        raise TargetRefusedError(target=LIVE, said="being accessed by other users")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("respaldo.sources.postgresql.server.PostgresServer.publish", refuse)
        with pytest.raises(TargetRefusedError):
            saved.restore(ORIGINAL)
    assert content(server, LIVE) == before
    assert databases(server) == there


# --- a part of a database


def test_a_table_comes_back_with_all_that_is_its_own(server, saved):
    restored = saved.restore(STAGING, tables=("cliente", "medicion", "hija"))
    tables = ("public.cliente", "public.medicion", "public.hija", "public.cliente_id_seq")
    assert content(server, STAGED, *tables) == content(server, LIVE, *tables)
    assert restored.evidence[0].facts["rows"] == 132
    indexes = "SELECT indexdef FROM pg_indexes WHERE tablename IN ('cliente', 'medicion') ORDER BY 1"
    assert rows_of(server, STAGED, indexes) == rows_of(server, LIVE, indexes)
    rights = "SELECT relacl::text, obj_description(oid) FROM pg_class WHERE relname = 'cliente'"
    assert rows_of(server, STAGED, rights) == rows_of(server, LIVE, rights)
    assert rows_of(server, STAGED, "INSERT INTO public.cliente (nombre) VALUES ('x') RETURNING id") == [
        (101,)
    ]


def test_a_table_beside_leaves_out_what_needs_other_rows(server, saved):
    restored = saved.restore(STAGING, tables=("ventas.factura",))
    assert content(server, STAGED, "ventas.factura") == content(server, LIVE, "ventas.factura")
    assert restored.evidence[0].facts["left_out"] == 1
    triggers = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    assert rows_of(server, STAGED, triggers) == [("sello",)]
    assert rows_of(server, STAGED, "SELECT conname FROM pg_constraint WHERE contype = 'f'") == []


def test_a_schema_comes_back(server, saved):
    restored = saved.restore(STAGING, schemas=("ventas",))
    kept = ("ventas.factura", "ventas.totales", "ventas.factura_id_seq")
    assert content(server, STAGED, *kept) == content(server, LIVE, *kept)
    # The view and the foreign key need the clients, who were not asked for.
    assert restored.evidence[0].facts["left_out"] == 2


def test_a_table_is_replaced_in_the_live_database(server, saved):
    was = content(server, LIVE)
    server.run_sql("DELETE FROM public.vacia; INSERT INTO public.vacia VALUES (9)", LIVE)
    server.run_sql("DELETE FROM public.medicion", LIVE)
    server.run_sql("ALTER TABLE public.hija ADD COLUMN mala int", LIVE)
    restored = saved.restore(ORIGINAL, tables=("vacia", "medicion", "hija"))
    assert restored.where == (f"test/{LIVE}",)
    assert content(server, LIVE) == was
    assert restored.evidence[0].facts["rows"] == 32


def test_a_table_that_is_gone_comes_back_into_the_live_database(server, saved):
    was = content(server, LIVE)
    server.run_sql("DROP TABLE public.hija, public.medicion", LIVE)
    saved.restore(ORIGINAL, tables=("hija", "medicion"))
    assert content(server, LIVE) == was


def test_a_schema_is_replaced_in_the_live_database(server, saved):
    was = content(server, LIVE)
    server.run_sql("UPDATE ventas.factura SET total = 0", LIVE)
    saved.restore(ORIGINAL, schemas=("ventas",))
    assert content(server, LIVE) == was


def test_a_table_that_others_depend_on_is_refused_and_nothing_changes(server, saved):
    server.run_sql("UPDATE ventas.factura SET total = 0", LIVE)
    before, there = content(server, LIVE), databases(server)
    with pytest.raises(TargetRefusedError) as caught:
        saved.restore(ORIGINAL, tables=("ventas.factura",))
    assert "cannot drop table ventas.factura" in caught.value.facts["said"]
    assert "view ventas.resumen" in caught.value.facts["said"]
    assert content(server, LIVE) == before
    assert databases(server) == there


# --- what goes wrong


def damage(repository: Repository) -> None:
    packs = [path for path in Path(repository.place.location, "data").rglob("*") if path.is_file()]
    pack = max(packs, key=lambda path: path.stat().st_size)
    pack.chmod(0o600)
    with pack.open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)[0]
        file.seek(1000)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("destination", [STAGING, ORIGINAL], ids=["staging", "original"])
def test_a_damaged_repository_leaves_nothing_behind(server, saved, destination):
    parts = saved.find()
    before, was = databases(server), content(server, LIVE)
    damage(saved.repository)
    with pytest.raises(RepositoryDamagedError):
        saved.restore(destination, parts[0])
    with pytest.raises(RepositoryDamagedError):
        saved.source.read(parts[0], saved.repository, str(saved.scratch))
    assert databases(server) == before
    assert content(server, LIVE) == was


def test_a_repository_that_fails_between_the_readings_wins_over_pg_restore(server, saved, monkeypatch):
    import respaldo.sources.postgresql.restoring as module

    before = databases(server)
    reading = module.read_dump

    def read_and_damage(*args):
        dump = reading(*args)
        damage(saved.repository)
        return dump

    monkeypatch.setattr(module, "read_dump", read_and_damage)
    with pytest.raises(RepositoryDamagedError):
        saved.restore(STAGING)
    assert databases(server) == before


def test_a_copy_is_read_to_its_end(saved):
    (part,) = saved.find()
    assert saved.source.read(part, saved.repository, str(saved.scratch)).rows == ROWS
    longer = part.model_copy(update={"size_bytes": part.size_bytes + 1})
    with pytest.raises(DumpUnreadableError):
        saved.restore(STAGING, longer)


@pytest.mark.parametrize("table", ["ventas.factura", LARGE_OBJECTS, "public.ninguna"])
def test_other_rows_than_were_recorded_are_found(server, saved, table):
    (part,) = saved.find()
    before, was = databases(server), content(server, LIVE)
    other = part.model_copy(update={"rows": part.rows | {table: 99}})
    for destination in (STAGING, ORIGINAL, to("nueva")):
        with pytest.raises(RestoreMismatchError) as caught:
            saved.restore(destination, other)
        assert (caught.value.facts["what"], caught.value.facts["expected"]) == (table, "99")
    assert databases(server) == before
    assert content(server, LIVE) == was


def test_rows_that_an_extension_brings_itself_are_not_counted(server, endpoint):
    database = server.fresh().database
    server.run_sql("CREATE TABLE reglas AS SELECT generate_series(1, 5) AS a", database)
    # As the script of an extension says it of its own table.
    server.run_sql(
        "UPDATE pg_extension SET extconfig = ARRAY['reglas'::regclass::oid],"
        " extcondition = ARRAY['WHERE a > 3']",
        database,
    )
    facts = compare(PostgresServer(endpoint), database, frozenset(), {"public.reglas": 2}, whole=False)
    assert facts["rows"] == 2


def test_an_object_that_is_missing_is_found(server, saved, monkeypatch):
    import respaldo.sources.postgresql.restoring as module

    restoring = module.pg_restore

    def restore_and_drop(dump, endpoint, database, *others):
        restoring(dump, endpoint, database, *others)
        server.run_sql("DROP INDEX ventas.por_total", database)

    monkeypatch.setattr(module, "pg_restore", restore_and_drop)
    with pytest.raises(RestoreMismatchError) as caught:
        saved.restore(STAGING)
    assert caught.value.facts["what"] == "INDEX ventas por_total"


def test_a_role_that_does_not_exist_is_told(server, live, endpoint, repository, marks, scratch):
    server.run_sql("CREATE ROLE jubilado")
    server.run_sql("ALTER TABLE public.vacia OWNER TO jubilado", LIVE)
    source = PostgresqlSource(kind="postgresql", connection="erp_db", databases=(live,), globals=False)
    (item,) = source.items(Reach(endpoint))
    copy = source.save(item, repository, marks, Reach(endpoint), lambda _: None).copy
    server.run_sql("ALTER TABLE public.vacia OWNER TO postgres", LIVE)
    server.run_sql("DROP ROLE jubilado")
    before = databases(server)
    with pytest.raises(TargetRefusedError) as caught:
        Saved(source, repository, copy, (), endpoint, scratch).restore(STAGING)
    assert caught.value.facts["said"] == 'ERROR: role "jubilado" does not exist'
    assert databases(server) == before


PRETENDING = """
CREATE FUNCTION public.finge() RETURNS int LANGUAGE sql AS $$
--
-- Name: x; Type: DATABASE PROPERTIES; Schema: -; Owner: aplicacion
--
/*
ALTER ROLE aplicacion SUPERUSER;
*/
SELECT 1 $$;
CREATE FUNCTION public.starts_with(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 = 1';
CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.starts_with);
"""


def test_what_an_owner_wrote_into_a_database_is_not_executed(
    server, live, endpoint, repository, marks, scratch
):
    server.run_sql(PRETENDING, LIVE)
    server.run_sql(f'ALTER DATABASE "{LIVE}" SET search_path TO public, pg_catalog')
    source = PostgresqlSource(kind="postgresql", connection="erp_db", databases=(live,), globals=False)
    (item,) = source.items(Reach(endpoint))
    copy = source.save(item, repository, marks, Reach(endpoint), lambda _: None).copy
    Saved(source, repository, copy, (), endpoint, scratch).restore(ORIGINAL)
    powers = rows_of(server, "postgres", "SELECT rolsuper FROM pg_roles WHERE rolname = 'aplicacion'")
    assert powers == [(False,)]
    assert properties(server, LIVE)[0] == "aplicacion"


# --- once more


def killed(saved: Saved, destination: Destination, part: Part, moment: str, folder: Path) -> None:
    """Kill an attempt just before pg_restore fills the database, or just after."""
    reached = folder / "reached"
    wait = f"touch {reached}; sleep 60"
    restore = f'{shutil.which("pg_restore")} "$@"'
    spy = folder / "spy" / "pg_restore"
    spy.parent.mkdir()
    steps = f"{wait}; {restore}" if moment == "before" else f"{restore}; {wait}"
    spy.write_text(f'#!/bin/sh\ncase "$*" in *--dbname*) {steps};; *) exec {restore};; esac\n')
    spy.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
        attempt = multiprocessing.get_context("fork").Process(target=saved.restore, args=(destination, part))
        attempt.start()
        deadline = time.monotonic() + 30
        while not reached.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        attempt.kill()
        attempt.join()


@pytest.mark.parametrize("destination", [STAGING, ORIGINAL, to("nueva")], ids=["staging", "original", "new"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_attempt_is_repeated(server, saved, tmp_path, destination, moment):
    was, there = content(server, LIVE), databases(server)
    (part,) = saved.find()
    killed(saved, destination, part, moment, tmp_path)
    assert content(server, LIVE) == was
    assert len(databases(server) - there) == 1
    restored = saved.restore(destination, part)
    assert content(server, restored.where[0].removeprefix("test/")) == was
    again = saved.restore(destination, part)
    assert again == restored.model_copy(update={"evidence": again.evidence})
    assert again.evidence[0].facts.items() >= {"tables": 8, "rows": 237}.items()
    assert len(databases(server) - there) == 1


def test_an_empty_database_that_was_filled_before_the_kill_is_known(server, saved, monkeypatch):
    server.run_sql("CREATE DATABASE restaurada")
    import respaldo.sources.postgresql.restoring as module

    def die(*_args, **_kwargs):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "compare", die)
        with pytest.raises(KeyboardInterrupt):
            saved.restore(to("restaurada"))
    assert saved.restore(to("restaurada")).where == ("test/restaurada",)
    assert content(server, "restaurada") == content(server, LIVE)
    assert mark_in(comment(server, "restaurada")).facts["rows"] == 237


def test_somebody_elses_database_is_not_dropped(server, saved):
    server.run_sql(f'CREATE DATABASE "{STAGED}"')
    server.run_sql("CREATE TABLE mine AS SELECT 1 AS uno", STAGED)
    with pytest.raises(TargetOccupiedError):
        saved.restore(STAGING)
    assert rows_of(server, STAGED, "SELECT * FROM mine") == [(1,)]


def test_the_second_copy_replaces_what_the_first_one_left(server, saved):
    saved.restore(ORIGINAL)
    server.run_sql("CREATE TABLE public.written_meanwhile (a int)", LIVE)
    restored = saved.restore(ORIGINAL, key=f"2{KEY}")
    assert restored.kept == (f"test/{LIVE}_before_20f3a92c",)
    assert {KEPT, f"{LIVE}_before_20f3a92c"} <= databases(server)


def test_long_names_are_cut_and_told_apart():
    names = {name_with("ñ" * 30 + last, "restore", KEY) for last in "ab"}
    assert len(names) == 2
    assert all(len(name.encode()) <= 63 and name.endswith("_restore_0f3a92c1") for name in names)
    assert name_with("erp", "restore", KEY) == "erp_restore_0f3a92c1"
