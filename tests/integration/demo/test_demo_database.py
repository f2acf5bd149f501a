"""The demonstration's database holds what a dump must bring back, and the comparison sees what is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.demo import compare, database
from respaldo.demo.libpq import run_program
from respaldo.domain.errors import ConnectionIncompleteError, SourceCommandError
from respaldo.domain.values import Endpoint


def sql(endpoint: Endpoint, statement: str) -> str:
    where = [
        "--host",
        endpoint.host,
        "--username",
        endpoint.user,
        "--dbname",
        endpoint.database or "postgres",
    ]
    command = ["psql", "--no-psqlrc", "-qAt", "--set=ON_ERROR_STOP=1", *where, "--command", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def server(start_server: Callable[[], Endpoint]) -> Endpoint:
    return start_server()


@pytest.fixture(scope="module")
def original(server: Endpoint) -> Endpoint:
    endpoint = server.model_copy(update={"database": "erp"})
    database.make(endpoint)
    return endpoint


@pytest.fixture
def twin(server: Endpoint) -> Endpoint:
    endpoint = server.model_copy(update={"database": "gemela"})
    sql(server, "DROP DATABASE IF EXISTS gemela")
    database.make(endpoint)
    return endpoint


def test_one_seed_makes_one_database(original: Endpoint, twin: Endpoint) -> None:
    assert compare.databases(original, twin) == ()


def test_the_database_holds_what_is_hard_to_dump(original: Endpoint) -> None:
    assert 25e6 < int(sql(original, "SELECT pg_database_size(current_database())")) < 60e6
    assert int(sql(original, "SELECT count(DISTINCT loid) FROM pg_largeobject")) == 8
    assert int(sql(original, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'")) >= 2
    assert sql(original, "SELECT 1 FROM pg_roles WHERE rolname = 'erp_consulta'") == "1"
    assert int(sql(original, "SELECT count(*) FROM rentas.recaudo_por_barrio")) > 50
    assert "Peña" in sql(original, "SELECT nombre FROM rentas.contribuyentes LIMIT 5")


def test_a_change_touches_rows_of_each_kind_and_can_be_repeated(original: Endpoint, twin: Endpoint) -> None:
    other = original.model_copy(update={"database": "otra"})
    database.make(other)

    database.change(twin)
    database.change(other)

    changed = " ".join(found.path for found in compare.databases(original, twin))
    assert all(name in changed for name in ("Name: pagos;", "Name: predios;", "Name: novedades;", "BLOBS;"))
    paid = "SELECT count(*) FROM rentas.pagos WHERE vigencia = "
    assert int(sql(twin, f"{paid} 2026")) > 900
    assert int(sql(twin, f"{paid} 2020")) < int(sql(original, f"{paid} 2020"))
    assert int(sql(twin, "SELECT count(*) FROM rentas.predios WHERE codigo LIKE '0205-%'")) > 0
    rows = "SELECT md5(string_agg(p::text, '' ORDER BY recibo)) FROM rentas.pagos AS p"
    assert sql(twin, rows) == sql(other, rows)


def test_a_database_that_is_there_is_not_touched(original: Endpoint) -> None:
    with pytest.raises(SourceCommandError, match="already exists"):
        database.make(original)


def test_an_endpoint_without_a_database_is_refused(server: Endpoint) -> None:
    with pytest.raises(ConnectionIncompleteError):
        database.make(server)


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (
            "UPDATE rentas.pagos SET valor = valor + 0.01 WHERE recibo = 700001",
            "Name: pagos; Type: TABLE DATA;",
        ),
        ("SELECT lo_put(900003, 100, 'x')", "Type: BLOBS;"),
        ("DROP VIEW rentas.recaudo_por_barrio", "Name: recaudo_por_barrio;"),
        ("REVOKE SELECT ON rentas.predios FROM erp_consulta", "Name: TABLE predios;"),
        ("SELECT nextval('rentas.consecutivo_recibo')", "Name: consecutivo_recibo; Type: SEQUENCE SET;"),
    ],
)
def test_the_comparison_sees(spoil: str, name: str, original: Endpoint, twin: Endpoint) -> None:
    sql(twin, spoil)

    assert any(name in found.path for found in compare.databases(original, twin))


def test_the_comparison_sees_a_role_that_did_not_come_back_and_tells_no_hash(
    original: Endpoint, start_server: Callable[[], Endpoint]
) -> None:
    elsewhere = start_server().model_copy(update={"database": "erp"})
    database.make(elsewhere)
    sql(elsewhere, "ALTER ROLE erp_ventanilla PASSWORD 'otra'")
    sql(original, "ALTER ROLE erp_ventanilla PASSWORD 'una'")

    found = compare.databases(original, elsewhere)

    assert [(each.path, each.aspect) for each in found] == [("ALTER ROLE erp_ventanilla", "missing")]
    assert "SCRAM" not in repr(found)


def test_a_password_opens_the_server_and_is_no_argument(original: Endpoint) -> None:
    rules = Path(str(original.host), "data", "pg_hba.conf")
    rules.write_text(f"local all erp_ventanilla scram-sha-256\n{rules.read_text()}")
    sql(original, "ALTER ROLE erp_ventanilla PASSWORD 'a:b\\c'; SELECT pg_reload_conf()")
    teller = original.model_copy(update={"user": "erp_ventanilla", "password": SecretStr("a:b\\c")})
    wrong = teller.model_copy(update={"password": SecretStr("abc")})
    seen: list[bytes] = []

    # The command line of the program itself, as any user of the machine can read it.
    own_command_line = "\\! tr '\\0' ' ' < /proc/$PPID/cmdline"
    run_program(("psql", "--no-password", "-c", own_command_line), teller, "erp", seen.append)

    assert b"psql" in b"".join(seen)
    assert b"a:b" not in b"".join(seen)
    with pytest.raises(SourceCommandError, match="password authentication failed"):
        run_program(("psql", "--no-password", "-c", "SELECT 1"), wrong, "erp")
