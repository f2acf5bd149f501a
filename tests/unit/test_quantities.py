"""Durations and percentages as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from respaldo.domain.quantities import Duration, Percent, format_duration
from respaldo.domain.verification import has_shrunk

DURATION = TypeAdapter(Duration)
PERCENT = TypeAdapter(Percent)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("26h", timedelta(hours=26)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(weeks=2)),
        (" 3 h ", timedelta(hours=3)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text, meant):
    assert DURATION.validate_python(text) == meant


@pytest.mark.parametrize("text", ["", "0h", "26", "h", "-1h", "1.5h", "1h30m", "26 hours", 26, None, True])
def test_anything_else_is_no_duration(text):
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)


@given(st.integers(min_value=1, max_value=99_999), st.sampled_from("smhdw"))
def test_a_written_duration_reads_back_the_same(number, unit):
    duration = DURATION.validate_python(f"{number}{unit}")
    assert DURATION.validate_python(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("seconds", "written"), [(1, "1s"), (90, "90s"), (7200, "2h"), (86400, "1d"), (604800, "1w")]
)
def test_a_duration_is_written_in_its_largest_unit(seconds, written):
    assert DURATION.dump_json(timedelta(seconds=seconds)) == f'"{written}"'.encode()


@pytest.mark.parametrize(("text", "meant"), [("5%", 5.0), ("0.5 %", 0.5), ("100%", 100.0), ("0%", 0.0)])
def test_a_percentage_is_a_number_and_the_sign(text, meant):
    assert PERCENT.validate_python(text) == meant


@pytest.mark.parametrize("text", ["", "%", "5", "-5%", "101%", "five%", None, True, -1, 100.5, float("nan")])
def test_anything_else_is_no_percentage(text):
    with pytest.raises(ValidationError):
        PERCENT.validate_python(text)


@pytest.mark.parametrize(
    ("before", "now", "allowed", "shrunk"),
    [
        (100, 50, 50.0, False),
        (100, 49, 50.0, True),
        (100, 0, 100.0, False),
        (100, 99, 0.0, True),
        (100, 100, 0.0, False),
        (0, 0, 50.0, False),
        (0, 10, 50.0, False),
    ],
)
def test_a_copy_has_shrunk_when_it_lost_more_than_it_may(before, now, allowed, shrunk):
    assert has_shrunk(before, now, allowed) is shrunk
