"""One stack for all tests, made as a person would make it.

RESPALDO_E2E_KEEP leaves it there, and says where; RESPALDO_E2E_STACK uses the one that was left there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import scopes_kit
from e2e.engine_kit import what_is_missing
from e2e.stack_kit import PROJECT, Stack
from live_kit import free_port

ORDER = ("healthy", "closed", "reload", "workers", "services", "site", "cleaning", "many")
"""What looks at a stack that nothing has befallen comes first; what fills it comes last."""

TURNS = PROJECT / "var" / "e2e" / "turns"

HELD = ("detenida", "muere_trabajador", "muere_parada", "muere_tarea")
SERVICES = ("redis", "postgres", "scheduler", "api-server")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests of this folder alone, after all others."""

    def place(item: pytest.Item) -> int:
        if item.path.parent != Path(__file__).parent:
            return -1
        theme = item.path.stem.removeprefix("test_")
        return ORDER.index(theme) if theme in ORDER else len(ORDER)

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep what the containers said when a test fails."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and stack is not None:
        file = PROJECT / "var" / "e2e" / f"{item.name}.log"
        stack.report(file)
        report.sections.append(("what the containers said", str(file)))
    return report


@pytest.fixture(scope="session")
def beside() -> Iterator[None]:
    """Work with a stack of its own beside the one stack: both mostly wait. `alone` waits for the last."""
    with _turn(fcntl.LOCK_SH):
        yield


@pytest.fixture(scope="module")
def alone() -> Iterator[None]:
    """Have the whole machine: what is measured is not measured beside another stack."""
    with _turn(fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def _turn(way: int) -> Iterator[None]:
    TURNS.parent.mkdir(parents=True, exist_ok=True)
    with TURNS.open("w") as turns:
        fcntl.flock(turns, way)
        yield


@pytest.fixture(scope="session")
def stack():
    """A stack that is healthy, with scopes of its own and of ours."""
    missing = what_is_missing()
    if missing:
        pytest.exit(f"make e2e needs a docker engine with compose, and {missing}", returncode=2)
    kept = os.environ.get("RESPALDO_E2E_STACK")
    if kept:
        yield Stack.found(Path(kept))
        return
    folder = Path(tempfile.mkdtemp(prefix="respaldo-e2e-"))
    # Workers are another user, and reach what they save through it.
    folder.chmod(0o755)
    made = Stack(folder / "clone", f"respaldo-e2e-{os.getpid()}", free_port())
    try:
        _make(made)
        yield made
    except BaseException:
        if made.folder.exists():
            made.report(PROJECT / "var" / "e2e" / "making.log")
        raise
    finally:
        if "RESPALDO_E2E_KEEP" in os.environ:
            print(f"\nRESPALDO_E2E_STACK={made.folder}")  # noqa: T201
        elif made.folder.exists():
            made.down()


def _make(stack: Stack) -> None:
    stack.clone()
    stack.configure()
    stack.build()
    stack.make_secrets()
    write_scopes(stack)
    stack.up()
    stack.sql("postgres", f"CREATE DATABASE {scopes_kit.DATABASE}")
    stack.sql(scopes_kit.DATABASE, scopes_kit.ERP)


def write_scopes(stack: Stack) -> None:
    """Give the stack what it is to save, before it starts."""
    stack.data.mkdir()
    for scope in (scopes_kit.DOCUMENTS, "planos", scopes_kit.SITE):
        scopes_kit.fill(stack.data / scope)
    database = {"kind": "postgresql", "connection": "respaldo_bases", "databases": [scopes_kit.DATABASE]}
    at_site = {"queue": "sede"}
    stack.write(scopes_kit.DOCUMENTS, scopes_kit.settings(scopes_kit.DOCUMENTS))
    stack.write("planos", scopes_kit.settings("planos"))
    stack.write(
        scopes_kit.DATABASE,
        scopes_kit.settings(scopes_kit.DATABASE, source=database | {"globals": False}, verify={}),
    )
    stack.write(scopes_kit.SITE, scopes_kit.settings(scopes_kit.SITE, **at_site))
    for scope in scopes_kit.SITE_HELD:
        stack.write(scope, scopes_kit.held(scope, **at_site))
    for scope in (*HELD, *(f"cae_{service.replace('-', '_')}" for service in SERVICES)):
        stack.write(scope, scopes_kit.held(scope))
