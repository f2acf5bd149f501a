"""One embedded installation for all live tests: a real scheduler, real tasks, real repositories."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import people_kit
from browser_kit import browser, page_of  # noqa: F401  (fixtures)
from live_kit import (
    PROJECT,
    Eavesdropper,
    Live,
    Outcome,
    new_home,
    repository_settings,
    started,
    write_configuration,
    write_yaml,
)
from respaldo.embedded.layout import Layout

DATABASE = "ventas"
DATABASE_PASSWORD = "clave-que-nadie-debe-ver"

REPOSITORIES = ("principal", "secundario", "otro", "sin_conexion", "bloqueado", "lejano")
SCOPES: dict[str, dict[str, Any]] = {
    "bueno": {},
    "base": {"source": {"kind": "postgresql", "connection": "ventas_db", "databases": [DATABASE]}},
    "cola": {},
    "roto": {},
    "clave": {"repository": "otro"},
    "perdido": {},
    "mudado": {},
    "encogido": {},
    "sin_ruta": {},
    "vacio": {},
    "sin_segunda": {"second_copy": "sin_conexion"},
    "segunda_bloqueada": {"second_copy": "bloqueado"},
    "muerte_temprana": {},
    "muerte_tardia": {},
    "muerte_copia": {},
    "muerte_restic": {},
    "sin_reporte": {},
    # Those that restore requests are about.
    "pide_bueno": {},
    "pide_base": {"source": {"kind": "postgresql", "connection": "ventas_db", "databases": [DATABASE]}},
    "pide_volteado": {},
    "pide_sin_paquete": {},
    "pide_sin_copia": {},
    "pide_lejano": {"repository": "lejano"},
    "pide_ambas": {},
    # The one executor here passes over queues; where it would run is told all the same.
    "pide_original": {"queue": "sede"},
    "pide_grande": {},
    "pide_sin_fuente": {},
    "pide_pausado": {},
}


def _make_database(live: Live) -> None:
    live.sql("postgres", f"CREATE DATABASE {DATABASE}")
    live.sql(DATABASE, "CREATE TABLE factura AS SELECT n AS numero, md5(n::text) AS texto "
                       "FROM generate_series(1, 5000) AS n")  # fmt: skip
    endpoint = live.installation.endpoint(DATABASE)
    connection = {
        "connection_id": "ventas_db",
        "conn_type": "postgres",
        "host": endpoint.host,
        "login": endpoint.user,
        "password": DATABASE_PASSWORD,
        "schema": DATABASE,
    }
    live.installation.api.post("connections", connection)


def _repositories() -> dict[str, dict[str, Any]]:
    repositories = {name: repository_settings(name) for name in REPOSITORIES}
    # Nobody can make a folder there, whoever runs the tests.
    repositories["bloqueado"]["location"] = "/sys/respaldo"
    return repositories


@pytest.fixture(scope="package")
def live() -> Iterator[Live]:
    with new_home("live") as home:
        config = home / "config"
        write_configuration(config, _repositories(), SCOPES)
        for scope, settings in people_kit.SCOPES.items():
            write_yaml(config / "scopes" / f"{scope}.yaml", settings)
        layout = Layout.of(PROJECT, {"RESPALDO_HOME": str(home), "RESPALDO_CONFIG": str(config)})
        with started(layout, dags=len(SCOPES) + len(people_kit.SCOPES) + 1, before=_make_database) as live:
            yield live


@dataclass(frozen=True)
class FirstRound:
    """The first runs of some scopes at once, and what could be seen and read meanwhile."""

    outcomes: dict[str, Outcome]
    eavesdropper: Eavesdropper


@pytest.fixture(scope="package")
def first_round(live: Live) -> FirstRound:
    scopes = ("bueno", "base", "clave", "perdido", "encogido", "sin_reporte")
    for scope in scopes:
        if scope != "base":
            live.fill(scope, megabytes=8)
    eavesdropper = Eavesdropper()
    eavesdropper.start()
    try:
        outcomes = live.finish_all(scopes)
    finally:
        eavesdropper.stop()
    return FirstRound(outcomes, eavesdropper)


@pytest.fixture(scope="package")
def second_round(live: Live, first_round: FirstRound) -> dict[str, Outcome]:
    """What can be wrong with a run, at once: each scope has a misfortune of its own."""
    shutil.rmtree(live.location("principal", "perdido"))
    shutil.copytree(live.location("principal", "bueno"), live.location("principal", "mudado"))
    (live.source("encogido") / "carpeta" / "datos.bin").write_bytes(b"poco")
    live.source("vacio").mkdir()
    for scope in ("mudado", "sin_segunda", "segunda_bloqueada"):
        live.fill(scope)
    live.installation.api.patch(
        "connections/respaldo_otro",
        {"connection_id": "respaldo_otro", "conn_type": "restic", "password": "no es este"},
        update_mask="password",
    )
    live.installation.api.delete("connections/respaldo_sin_conexion")
    return live.finish_all(
        (
            "bueno",
            "clave",
            "perdido",
            "mudado",
            "encogido",
            "sin_ruta",
            "vacio",
            "sin_segunda",
            "segunda_bloqueada",
        )
    )
