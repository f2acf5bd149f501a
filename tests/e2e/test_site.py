"""The worker of another site: its own network, its own queue, and a way there that can be cut."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from e2e import scopes_kit
from e2e.engine_kit import Container, said
from e2e.runs_kit import finish, held, see_one_good_copy, see_whole, state_of, tasks_of, trigger, wait_for_dag

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CUT_SECONDS = 20
LOST_SECONDS = 90
"""So long that the centre takes what runs there for lost, and gives it out again."""


@pytest.fixture(scope="module")
def site(stack):
    """The site's worker. What is queued for it tells when it works."""
    stack.compose("--profile", "sede", "up", "--detach", "--no-build", "--no-deps", "worker-sede")
    return stack.one("worker-sede")


@contextlib.contextmanager
def cut_off(stack, site: Container) -> Iterator[None]:
    """Take the site off its network for some time."""
    network = f"{stack.project}_sede"
    said("docker", "network", "disconnect", network, site.id)
    try:
        yield
    finally:
        said("docker", "network", "connect", "--alias", site.service, network, site.id)


def test_it_is_in_a_network_of_its_own(stack, site):
    assert set(site.facts["NetworkSettings"]["Networks"]) == {f"{stack.project}_sede"}


def test_it_runs_its_scopes_and_no_other(stack, site):
    wait_for_dag(stack, scopes_kit.SITE)
    runs = [trigger(stack, scope) for scope in (scopes_kit.SITE, *scopes_kit.DEMONSTRATION)]
    here, *there = (finish(stack, run) for run in runs)
    see_one_good_copy(stack, runs[0], here)
    ran = {here.hosts[step] for step in ("plan", "execute", "verify", "copy", "record")}
    assert ran == {site.host}
    assert here.rows[0]["trabajador"] == site.host
    assert all(site.host not in outcome.hosts.values() for outcome in there)


def test_a_run_waits_while_the_site_is_cut_off_and_the_last_copy_shows_its_age(stack, site):
    before = stack.rows(scopes_kit.SITE)
    with cut_off(stack, site):
        run = trigger(stack, scopes_kit.SITE)
        elsewhere = finish(stack, trigger(stack, scopes_kit.DOCUMENTS))
        assert elsewhere.state == "success"
        time.sleep(CUT_SECONDS)
        assert state_of(stack, run) in ("queued", "running")
        assert {task["state"] for task in tasks_of(stack, run)} <= {"queued", "scheduled", None}
        # The newest copy there is, with its time, is still the one of before.
        assert [row["fin"] for row in stack.rows(scopes_kit.SITE) if row["fin"]] == [
            row["fin"] for row in before
        ]
        assert before[-1]["copia"][0][:8] in stack.respaldo("copies", scopes_kit.SITE)
    begun = time.monotonic()
    outcome = finish(stack, run)
    print(f"\nthe run that waited was over {time.monotonic() - begun:.0f} s after the way was back")  # noqa: T201
    see_one_good_copy(stack, run, outcome)


@pytest.fixture(scope="module")
def lost(stack, site):
    """Give the site's runs that were cut off in `execute`, and one of the centre from meanwhile."""
    with contextlib.ExitStack() as holding:
        runs = []
        for scope in scopes_kit.SITE_HELD:
            wait_for_dag(stack, scope)
            run, worker = holding.enter_context(held(stack, scope, scopes_kit.UPLOAD))
            assert worker == site
            runs.append(run)
        with cut_off(stack, site):
            begun = time.monotonic()
            elsewhere = finish(stack, trigger(stack, scopes_kit.DOCUMENTS))
            time.sleep(max(0, LOST_SECONDS - (time.monotonic() - begun)))
    return runs, elsewhere


def test_a_site_that_is_cut_off_keeps_nobody_else_from_its_repositories(lost):
    _, elsewhere = lost
    assert elsewhere.state == "success"


@pytest.mark.parametrize("number", range(len(scopes_kit.SITE_HELD)))
def test_a_copy_that_is_cut_off_half_way_is_resumed_and_made_once(stack, site, lost, number):
    run = lost[0][number]
    begun = time.monotonic()
    outcome = finish(stack, run)
    print(f"\nthe run that was cut off was over {time.monotonic() - begun:.0f} s after, {outcome.tries}")  # noqa: T201
    assert outcome.tries["execute"] >= 2, outcome
    see_one_good_copy(stack, run, outcome)
    see_whole(stack, run.scope_id)
    assert set(outcome.hosts.values()) - {""} == {site.host}
