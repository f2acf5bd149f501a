"""Databases of cases: made, dumped by the product, restored by hand, compared row by row."""

from __future__ import annotations

import subprocess
from typing import Any

from faults.case import Scene
from respaldo.embedded.postgres import programs

PASSWORD = "clave-de-base-que-nadie-debe-ver"
_ROWS = "SELECT numero, texto FROM factura ORDER BY numero"


def connection_of(case: str) -> str:
    return f"{case}_db"


def source_of(case: str, *, has_globals: bool = False) -> dict[str, Any]:
    return {
        "source": {
            "kind": "postgresql",
            "connection": connection_of(case),
            "databases": [case],
            "globals": has_globals,
        }
    }


def make(scene: Scene) -> None:
    """Make a database of the case's name with a user of its own, and the connection that leads to it."""
    name = scene.scope
    ask(scene, "postgres", f"CREATE ROLE {name} LOGIN SUPERUSER")
    ask(scene, "postgres", f"CREATE DATABASE {name} OWNER {name}")
    ask(scene, name, "CREATE TABLE factura AS SELECT n AS numero, md5(n::text) AS texto "
                     "FROM generate_series(1, 3000) AS n")  # fmt: skip
    connection = {
        "connection_id": connection_of(name),
        "conn_type": "postgres",
        "host": scene.kept.get("server") or scene.live.installation.endpoint(name).host,
        "login": name,
        "password": PASSWORD,
        "schema": "postgres",
    }
    scene.live.installation.api.post("connections", connection)


def ask(scene: Scene, database: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the case's server as its superuser."""
    import psycopg

    host = scene.kept.get("server") or scene.live.installation.endpoint(database).host
    user = scene.live.installation.endpoint(database).user
    with psycopg.connect(host=host, user=user, dbname=database, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def rows_of(scene: Scene) -> list[tuple[Any, ...]]:
    return ask(scene, scene.scope, _ROWS)


def is_a_dump(item: str) -> bool:
    """What belongs to no database has no rows to compare."""
    return item.endswith(".dump")


def restored_rows(scene: Scene, repository: str, snapshot_id: str) -> list[tuple[Any, ...]]:
    """Restore a dump by hand into a database of its own, on the installation's server, and read it."""
    database = f"{scene.scope}_de_nuevo"
    endpoint = scene.live.installation.endpoint(database)
    scene.live.sql("postgres", f"CREATE DATABASE {database}")
    try:
        restic = scene.live.start_restic(
            repository, scene.scope, "dump", snapshot_id, f"/{scene.scope}.dump", stdout=subprocess.PIPE
        )
        restore = [programs() / "pg_restore", "--host", endpoint.host, "--username", endpoint.user]
        restore += ["--dbname", database, "--no-owner"]
        done = subprocess.run(restore, stdin=restic.stdout, capture_output=True, text=True, check=False)
        assert (done.returncode, restic.wait()) == (0, 0), done.stderr
        return scene.live.sql(database, _ROWS)
    finally:
        scene.live.sql("postgres", f"DROP DATABASE {database}")
