"""Which errors are tried again: their class decides."""

from datetime import timedelta

import pytest
from airflow.sdk import RetryAction

from respaldo.domain import errors
from respaldo.flows.policy import CauseRetryPolicy

CAUSES = [
    cause
    for cause in vars(errors).values()
    if isinstance(cause, type) and issubclass(cause, errors.RespaldoError) and "code" in vars(cause)
]


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_only_what_can_pass_by_itself_is_tried_again(cause):
    decision = CauseRetryPolicy(60).evaluate(cause(), 1, 3)
    assert decision.action is (RetryAction.RETRY if cause.transient else RetryAction.FAIL)
    assert decision.reason == cause.code


def test_each_wait_is_twice_the_one_before():
    policy = CauseRetryPolicy(5)
    waits = [
        policy.evaluate(errors.RepositoryLockedError(), attempt, 9).retry_delay for attempt in (1, 2, 3, 4)
    ]
    assert waits == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40)]


def test_what_is_no_cause_of_ours_keeps_airflows_own_retries():
    assert CauseRetryPolicy(5).evaluate(ZeroDivisionError(), 1, 3).action is RetryAction.DEFAULT


def test_a_policy_survives_being_serialized():
    assert CauseRetryPolicy.deserialize(CauseRetryPolicy(7.5).serialize()).delay_seconds == 7.5
