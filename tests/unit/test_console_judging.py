"""When the newest copy of another product counts as good, and what is told when it does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

import console_kit
from console_kit import BAD, GOOD, HEAD, NOW, RUNNING, VEEAM, ZONE, source
from respaldo.actions.console.judging import in_words, judge
from respaldo.domain.console import ConsoleRecord
from respaldo.domain.people_errors import ConsoleFailedError, ConsoleStaleError
from respaldo.domain.values import PreviousCopy
from respaldo.texts import causes

RPO = timedelta(hours=26)


@pytest.fixture
def told(tmp_path):
    return partial(console_kit.told, tmp_path)


def judged(record: ConsoleRecord, settings=VEEAM, previous=None, now=NOW, **how):
    changes = {key: how.pop(key) for key in ("min_size", "max_shrink") if key in how}
    return judge(record, source(settings, **changes), RPO, previous, now, ZONE, **how)


def before(size_bytes: int) -> PreviousCopy:
    return PreviousCopy(run_id="antes", ended_at=NOW - timedelta(days=1), files=None, size_bytes=size_bytes)


def test_a_copy_that_is_good_young_and_large_enough_is_good(told):
    result = judged(told(HEAD + GOOD, VEEAM), min_size="10GB", previous=before(10 * 1024**3))
    assert [one.method for one in result.evidence] == ["console", "shrink"]
    assert result.evidence[0].facts == {"result": "Success", "age_minutes": 858, "size_bytes": 11005853696}
    assert result.copy_ended_at == datetime(2026, 11, 22, 21, 42, 10, tzinfo=ZONE)
    assert result.warnings == ()


def test_a_copy_with_reservations_is_good_and_says_so(told):
    record = told(HEAD + GOOD.replace("Success", "Warning").replace("GB;", "GB;Un disco se omitio"), VEEAM)
    assert judged(record).warnings == ("Un disco se omitio",)


def test_a_failed_copy_is_told_with_the_consoles_words(told):
    with pytest.raises(ConsoleFailedError) as error:
        judged(told(HEAD + GOOD + BAD, VEEAM))
    assert "«Failed: No hay espacio en E:»" in causes.explain(error.value)
    assert "2026-11-23 09:01" in causes.explain(error.value)


def test_a_good_copy_after_a_failed_one_is_good(told):
    assert judged(told(HEAD + BAD + GOOD.replace("22/11/2026 21", "23/11/2026 10"), VEEAM))


def test_a_copy_that_is_too_old_is_told_also_while_another_is_under_way(told):
    now = NOW + timedelta(hours=12)
    for lines in (GOOD, GOOD + RUNNING):
        with pytest.raises(ConsoleStaleError) as error:
            judged(told(HEAD + lines, VEEAM), now=now)
        words = causes.explain(error.value)
        assert "2026-11-22 21:42" in words
        assert "26h 17m" in words


def test_the_rpo_is_the_last_age_that_is_taken(told):
    record = told(HEAD + GOOD, VEEAM)
    ended_at = record.newest.ended_at
    assert judged(record, now=ended_at + RPO)
    with pytest.raises(ConsoleStaleError):
        judged(record, now=ended_at + RPO + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("size", "changes", "previous", "reason"),
    [
        ("10,25 GB", {"min_size": "12GB"}, None, "too_small"),
        ("", {"min_size": "12GB"}, None, "size_untold"),
        ("0 B", {}, None, "too_small"),
        ("10,25 GB", {}, 30 * 1024**3, "shrunken"),
    ],
)
def test_a_copy_that_is_too_small_is_told(told, size, changes, previous, reason):
    record = told(HEAD + GOOD.replace("10,25 GB", size), VEEAM)
    with pytest.raises(ConsoleFailedError) as error:
        judged(record, previous=before(previous) if previous else None, **changes)
    assert error.value.facts["reason"] == reason
    assert "{" not in causes.explain(error.value)


def test_a_shrunken_copy_is_taken_when_somebody_accepts_it(told):
    assert judged(told(HEAD + GOOD, VEEAM), previous=before(30 * 1024**3), accept_shrink=True)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(0), "0h 0m"),
        (timedelta(hours=27, minutes=12), "27h 12m"),
        (timedelta(hours=71, minutes=59), "71h 59m"),
        (timedelta(hours=79, minutes=20), "3d 7h"),
        (timedelta(days=12, hours=4), "12d 4h"),
        (-timedelta(minutes=3), "0h 0m"),
    ],
)
def test_ages_are_told_in_two_units(age, words):
    assert in_words(age) == words
