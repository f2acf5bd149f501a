"""Paths in the configuration may name the environment's variables."""

import pytest
from pydantic import TypeAdapter, ValidationError

from respaldo.domain.places import Place

PLACE = TypeAdapter(Place)


def test_a_variable_is_replaced(monkeypatch):
    monkeypatch.setenv("RESPALDO_TEST_HOME", "/srv/casa")
    assert PLACE.validate_python("${RESPALDO_TEST_HOME}/copias") == "/srv/casa/copias"


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("RESPALDO_TEST_HOME", raising=False)
    with pytest.raises(ValidationError, match="RESPALDO_TEST_HOME"):
        PLACE.validate_python("${RESPALDO_TEST_HOME}/copias")


def test_what_a_variable_holds_is_not_expanded_again(monkeypatch):
    monkeypatch.setenv("RESPALDO_TEST_HOME", "${HOME}")
    assert PLACE.validate_python("${RESPALDO_TEST_HOME}/x") == "${HOME}/x"


def test_two_dollars_are_one():
    assert PLACE.validate_python("/srv/a$$b") == "/srv/a$b"


@pytest.mark.parametrize("text", ["/srv/$", "/srv/${", "/srv/$ x", "/srv/${}"])
def test_a_dollar_alone_is_a_mistake(text):
    with pytest.raises(ValidationError):
        PLACE.validate_python(text)


def test_a_plain_path_stays_as_it_is():
    assert PLACE.validate_python("/srv/respaldo ñ/principal") == "/srv/respaldo ñ/principal"
