"""What is waited for gives its result or its error, or is left behind in time."""

import threading
import time

import pytest

from respaldo.flows.patience import OutOfPatienceError, within


def test_what_is_done_in_time_gives_its_result_and_its_error():
    assert within(5, lambda: None) is None
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def test_what_takes_too_long_is_left_behind():
    over, began = threading.Event(), time.monotonic()
    with pytest.raises(OutOfPatienceError):
        within(0.2, over.wait)
    assert time.monotonic() - began < 3
    over.set()
