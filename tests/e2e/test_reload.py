"""The configuration is outside, and read again while all runs."""

import time

import pytest

from e2e import scopes_kit
from e2e.engine_kit import facts_of, wait_until
from e2e.runs_kit import finish, trigger, wait_for_dag
from respaldo.texts.backup import INVALID_TAG

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NEW, BROKEN = "nuevo", "roto"
SHOWN_SECONDS = 120


@pytest.fixture
def untouched(stack):
    """See that no container is begun again meanwhile."""
    before = [facts["State"]["StartedAt"] for facts in facts_of(stack.all())]
    yield
    assert [facts["State"]["StartedAt"] for facts in facts_of(stack.all())] == before


def _tags(stack, scope):
    return {tag["name"] for tag in wait_for_dag(stack, scope)["tags"]}


def test_a_new_scope_shows_and_runs(stack, untouched):
    scopes_kit.fill(stack.data / NEW)
    begun = time.monotonic()
    stack.write(NEW, scopes_kit.settings(NEW))
    wait_for_dag(stack, NEW, SHOWN_SECONDS)
    print(f"\na new scope shows after {time.monotonic() - begun:.0f} s")  # noqa: T201
    assert finish(stack, trigger(stack, NEW)).state == "success"


def test_a_broken_one_shows_red_with_its_message_and_harms_no_other(stack, untouched):
    broken = scopes_kit.settings(BROKEN, rpo="mucho", repository="ninguno")
    stack.write(BROKEN, broken)
    told = wait_for_dag(stack, BROKEN, SHOWN_SECONDS)
    assert INVALID_TAG in _tags(stack, BROKEN)
    assert "rpo" in told["doc_md"]
    outcome = finish(stack, trigger(stack, BROKEN))
    assert outcome.state == "failed"
    assert INVALID_TAG not in _tags(stack, NEW)
    stack.write(BROKEN, scopes_kit.settings(BROKEN, source={"kind": "files", "paths": [f"/srv/{NEW}"]}))
    wait_until(lambda: INVALID_TAG not in _tags(stack, BROKEN), "the mended scope", SHOWN_SECONDS)
    assert finish(stack, trigger(stack, BROKEN)).state == "success"
