"""A service that is killed in the middle of a copy, and comes back, loses nothing."""

import time

import pytest

from e2e.engine_kit import wait_until
from e2e.runs_kit import finish, held, see_one_good_copy, see_whole
from e2e.scopes_kit import UPLOAD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("service", ["redis", "postgres", "scheduler", "api-server"])
def test_a_copy_ends_well_and_once_though_a_service_is_killed_meanwhile(stack, service):
    scope = f"cae_{service.replace('-', '_')}"
    with held(stack, scope, UPLOAD) as (run, _):
        begun = time.monotonic()
        stack.one(service).kill_main()
        wait_until(stack.is_healthy, f"{service} to be well again")
        back = time.monotonic() - begun
    outcome = finish(stack, run)
    print(f"\n{service}: well again after {back:.0f} s, {outcome.tries}")  # noqa: T201
    see_one_good_copy(stack, run, outcome)
    see_whole(stack, scope)
    wait_until(stack.is_healthy, "all to be well")
