"""The agenda says the moments at which Airflow runs a schedule: its own timetable is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

from respaldo.config.agenda import moments

SCHEDULES = (
    "30 2 * * *", "*/30 2 * * *", "*/20 1 * * *", "30 1,2,3 * * *", "*/30 0 * * *", "0 */2 * * *",
    "15 * * * *", "*/5 * * * *", "0 * 1 * *", "0 3 * * 6#1", "0 1 * * MON-FRI", "0 0 L * *",
    "@hourly", "@daily", "@weekly", "@monthly", "@yearly",
)  # fmt: skip
# Each shortly before the clock is changed somewhere, forwards or back.
BEGINNINGS = [(2026, 3, 7), (2026, 3, 28), (2026, 4, 3), (2026, 9, 5), (2026, 10, 24), (2026, 10, 31)]
COUNT = 100


@pytest.mark.parametrize(
    "zone", ["America/Bogota", "America/Santiago", "Europe/Madrid", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_moments_are_those_of_airflows_timetable(schedule, zone):
    timetable = CronTriggerTimetable(schedule, timezone=zone)
    for beginning in BEGINNINGS:
        since = datetime(*beginning, 3, tzinfo=UTC)
        current, expected = pendulum.instance(since) - timedelta(days=1), []
        while len(expected) < COUNT:
            current = timetable._get_next(current)
            expected += [current] if current > since else []
        found = list(islice(moments(schedule, ZoneInfo(zone), since), COUNT))
        assert [f"{at.astimezone(UTC)}" for at in found] == [f"{at.astimezone(UTC)}" for at in expected]


def test_a_schedule_in_words_becomes_that_timetable():
    assert type(DAG("any", schedule="0 1 * * *").timetable).__name__ == CronTriggerTimetable.__name__
