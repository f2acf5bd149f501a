"""Labels of media: which patterns are taken, and what becomes of them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from respaldo.config.media import Sheet
from respaldo.config.repositories import RepositorySettings
from respaldo.domain.labels import LABEL, Label, LabelPattern, series
from respaldo.domain.retention import Retention

PATTERN = TypeAdapter(LabelPattern)
LABEL_TYPE = TypeAdapter(Label)


def repository(**settings) -> RepositorySettings:
    place = {"location": "/copias", "connection": "respaldo", "site": "Centro", "medium": "disco"}
    return RepositorySettings.model_validate(place | settings)


@pytest.mark.parametrize(
    ("pattern", "filled"),
    [
        ("PRI-{year}-{number:06}", "PRI-2026-######"),
        ("{number:03}", "###"),
        ("{site}.{number:9}", "SEDE-NORTE.#########"),
        ("C{number:03}-{year}", "C###-2026"),
    ],
)
def test_a_series_is_the_pattern_without_its_number(pattern, filled):
    assert series(PATTERN.validate_python(pattern), year=2026, site="Sede Norte") == filled


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("PRI-{year}", "label_number"),
        ("{number}-{number}", "label_number"),
        ("PRI-{month}-{number}", "label_field"),
        ("{}-{number}", "label_field"),
        ("{number!r}", "label_field"),
        ("{number.real}", "label_field"),
        ("PRI-{number:x}", "label_width"),
        ("PRI-{number:012}", "label_width"),
        ("{year:08}-{number}", "label_width"),
        ("PRI {number}", "label_letters"),
        ("pri-{number}", "label_letters"),
        ("CÓD-{number}", "label_letters"),
        ("../{number}", "label_letters"),
        ("-{number}", "label_letters"),
        ("{number}", "label_length"),
        ("A{number}", "label_length"),
        ("{site}{site}{site}{site}-{number}", "label_length"),
        ("PRI-{number", "label_malformed"),
        ("PRI-}{number}", "label_malformed"),
        ("", "string_too_short"),
        ("A" * 40 + "{number}", "string_too_long"),
    ],
)
def test_a_pattern_that_makes_no_labels_is_refused(pattern, code):
    with pytest.raises(ValidationError) as refused:
        PATTERN.validate_python(pattern)
    assert refused.value.errors()[0]["type"] == code


@given(site=st.text(max_size=60))
def test_whatever_the_site_is_called_its_label_is_one(site):
    label = series("{site}-{year}-{number:06}", year=2026, site=site).replace("######", "000001")
    assert LABEL_TYPE.validate_python(label) == label


def test_a_repository_that_says_nothing_takes_the_first_three_letters_of_its_name():
    assert repository().label_of("principal") == "PRI-{year}-{number:06}"
    assert repository().label_of("a_1") == "A-{year}-{number:06}"
    assert repository(label="NUBE-{number}").label_of("principal") == "NUBE-{number}"


def test_every_name_of_a_repository_gives_a_pattern():
    for name in ("principal", "a", "s3_nube", "z_"):
        PATTERN.validate_python(repository().label_of(name))


def test_a_label_is_taken_as_it_is_typed():
    assert LABEL_TYPE.validate_python("  pri-2026-000001 ") == "PRI-2026-000001"
    for bad in ("", "A", "PRI 1", "../x", "A" * 49, "PRI_1", "<b>"):
        with pytest.raises(ValidationError):
            LABEL_TYPE.validate_python(bad)
    assert LABEL.startswith("^")


def test_labels_that_do_not_fit_a_sheet_are_refused():
    assert Sheet().columns * Sheet().rows == 24
    with pytest.raises(ValidationError, match="columns need 280 mm of 210"):
        Sheet(columns=4)
    with pytest.raises(ValidationError, match="rows need 333 mm of 297"):
        Sheet(rows=9)


@pytest.mark.parametrize(
    ("retention", "until"),
    [
        (Retention(daily="7d", weekly="5w"), datetime(2026, 3, 7, 6, tzinfo=UTC)),
        (Retention(last="48h"), datetime(2026, 2, 2, 6, tzinfo=UTC)),
        (Retention(monthly="1m"), datetime(2026, 2, 28, 6, tzinfo=UTC)),
        (Retention(monthly="13m", yearly="1y6m2d"), datetime(2027, 8, 2, 6, tzinfo=UTC)),
        (Retention(yearly="99999999y"), datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)),
        (Retention(daily="9999999999999d"), datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_copy_may_be_kept_until_its_longest_grade_is_over(retention, until):
    assert retention.until(datetime(2026, 1, 31, 6, tzinfo=UTC)) == until
