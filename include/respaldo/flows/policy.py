"""Which failures are tried again, and when: the class of the error decides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryDecision, RetryPolicy

from respaldo.domain.errors import IncompleteAnswerError, RespaldoError
from respaldo.domain.people_errors import InvalidAnswerError

if TYPE_CHECKING:
    from airflow.sdk import Context


_MOST_DOUBLED = 6
"""A question is asked again many times: its waits stop growing at about a quarter of an hour."""


class CauseRetryPolicy(RetryPolicy):
    """Try again what can pass by itself, each wait twice the one before; fail at once what cannot.

    What is no cause of ours (a bug, a lost worker) keeps Airflow's own retries.
    """

    def __init__(self, delay_seconds: float) -> None:
        self.delay_seconds = delay_seconds

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,  # noqa: ARG002  (Airflow stops at it)
        context: Context | None = None,  # noqa: ARG002
    ) -> RetryDecision:
        if not isinstance(exception, RespaldoError):
            return RetryDecision.default()
        if not exception.transient:
            return RetryDecision.fail(reason=exception.code)
        wait = timedelta(seconds=self.delay_seconds * 2 ** (try_number - 1))
        return RetryDecision.retry(delay=wait, reason=exception.code)

    def serialize(self) -> dict[str, Any]:
        return {"delay_seconds": self.delay_seconds}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> CauseRetryPolicy:
        return cls(**data)


class QuestionRetryPolicy(CauseRetryPolicy):
    """Ask again at once what was answered incompletely or wrongly: whoever answered is still there."""

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        if isinstance(exception, IncompleteAnswerError | InvalidAnswerError):
            return RetryDecision.retry(delay=timedelta(), reason=exception.code)
        return super().evaluate(exception, min(try_number, _MOST_DOUBLED), max_tries, context)
