"""The installation of the campaign, with a scope of its own for each case."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

pytest.register_assert_rewrite("faults.course", "faults.acts", "faults.databases")

from faults.campaign import Campaign  # noqa: E402  (its assertions are explained only if it comes later)
from faults.case import FIRST, SECOND, Case  # noqa: E402
from faults.programs import Layout  # noqa: E402
from live_kit import (  # noqa: E402
    ORGANIZATION,
    PROJECT,
    Live,
    new_home,
    repository_settings,
    started,
    write_configuration,
)
from mail_kit import Mailbox  # noqa: E402

LONGEST_SECONDS = 2400
"""The first case waits for the installation, the last one for all others."""

OTHER_DAGS = 3
"""Those of restore requests, of the analysis of a failure, and of the watch."""

MAIL = "smtp_default"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play last what disturbs others. `make test` has no time for any of it."""
    ours = [item for item in items if "campaign" in getattr(item, "fixturenames", ())]
    for item in ours:
        item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.timeout(LONGEST_SECONDS))
    places = [place for place, item in enumerate(items) if item in ours]
    for place, item in zip(places, sorted(ours, key=_turn), strict=True):
        items[place] = item


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close with both numbers, also where one is zero. What could not even begin has failed."""
    stats = terminalreporter.stats
    passed, failed = len(stats.get("passed", ())), len(stats.get("failed", ())) + len(stats.get("error", ()))
    terminalreporter.write_line(f"{passed} passed, {failed} failed")


def _turn(item: pytest.Item) -> int:
    case = _case_of(item)
    return 2 if case is None else int(case.disturbs)


def _case_of(item: pytest.Item) -> Case | None:
    found = item.callspec.params.get("case") if hasattr(item, "callspec") else None
    return found if isinstance(found, Case) else None


@pytest.fixture(scope="package")
def campaign(request: pytest.FixtureRequest, postgres_server: Any) -> Iterator[Campaign]:
    cases = list(filter(None, map(_case_of, request.session.items)))
    names = [case.name for case in cases]
    assert len(names) == len(set(names)), "two cases have one name"
    # Whoever has a lease on a file is told by this signal that somebody opens it; cases ask instead.
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    mailbox = Mailbox()
    mailbox.start()
    try:
        with new_home("faults") as home:
            _configure(home / "config", cases)
            layout = Layout.of(PROJECT, {"RESPALDO_HOME": str(home), "RESPALDO_CONFIG": str(home / "config")})
            layout.wrap_programs()
            with started(
                layout, dags=len(cases) + OTHER_DAGS, before=lambda live: _connect(live, mailbox)
            ) as live:
                campaign = Campaign(live, mailbox, postgres_server, cases)
                try:
                    yield campaign
                finally:
                    campaign.end()
    finally:
        mailbox.stop()


def _configure(config, cases: list[Case]) -> None:
    repositories = {name: repository_settings(name) for name in (FIRST, SECOND)}
    for case in cases:
        for name, others in case.repositories.items():
            repositories[name] = repository_settings(name) | others
    roles = {
        name: role | ({"notify": ["soporte@example.org"]} if name == "soporte" else {})
        for name, role in ORGANIZATION["roles"].items()
    }
    write_configuration(config, repositories, {case.name: case.scope for case in cases}, roles=roles)


def _connect(live: Live, mailbox: Mailbox) -> None:
    mail = {
        "connection_id": MAIL,
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": mailbox.port,
        "extra": json.dumps({"disable_tls": True, "disable_ssl": True, "from_email": "copias@example.org"}),
    }
    live.installation.api.post("connections", mail)
