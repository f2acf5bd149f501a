"""Periods of whole days, and texts that fonts can show."""

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

from respaldo.domain.archive_errors import InvalidPeriodError
from respaldo.domain.periods import Period
from respaldo.report.archive_folder import set_folder
from respaldo.report.printable import printable

BOGOTA = ZoneInfo("America/Bogota")


def test_a_period_begins_and_ends_with_the_organizations_days():
    period = Period(first=date(2026, 10, 1), last=date(2026, 10, 1))
    assert period.since(BOGOTA) == datetime(2026, 10, 1, 5, tzinfo=UTC)
    assert period.until(BOGOTA) == datetime(2026, 10, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        (date(2026, 2, 1), date(2026, 2, 28), "2026-02"),
        (date(2024, 2, 1), date(2024, 2, 28), "2024-02-01_2024-02-28"),
        (date(2026, 1, 1), date(2026, 2, 28), "2026-01-01_2026-02-28"),
        (date(2026, 12, 1), date(2026, 12, 31), "2026-12"),
    ],
)
def test_a_whole_month_has_its_own_name(first, last, name):
    period = Period(first=first, last=last)
    assert period.name == name
    assert set_folder("TIC/FM 007", period, 3) == f"{first.year}/TIC_FM_007_{name}_v3"


@given(st.dates(min_value=date(2000, 1, 1)))
def test_the_month_before_ends_before_the_day_and_is_whole(day):
    period = Period.month_before(day)
    assert period.last < day.replace(day=1)
    assert (day.replace(day=1) - period.last).days == 1
    assert len(period.name) == len("2026-10")


def test_a_period_does_not_go_backwards():
    with pytest.raises(InvalidPeriodError):
        Period(first=date(2026, 10, 2), last=date(2026, 10, 1))


def test_typst_has_a_glyph_for_every_character_that_is_let_through():
    every = "".join(printable(chr(code)) for code in range(0x3000)) + printable("\ufffd")
    source = b"#let data = json(bytes(sys.inputs.data))\n#data"
    typst.compile(
        source, ignore_system_fonts=True, sys_inputs={"data": json.dumps(every)}, pdf_standards="a-2b"
    )


@given(st.text())
def test_any_text_becomes_one_of_those(text):
    shown = printable({"a": [text, 1, None]})["a"][0]
    assert printable(shown) == shown
