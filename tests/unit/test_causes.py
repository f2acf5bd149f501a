"""Every cause of failure has its words, and they never fail for want of a fact."""

import string

import pytest

from respaldo.domain import errors
from respaldo.domain.causes import every_cause
from respaldo.domain.errors import RespaldoError
from respaldo.embedded.errors import EmbeddedError
from respaldo.texts import causes
from respaldo.texts import embedded as embedded_texts


def _all(cause):
    return {cause}.union(*map(_all, cause.__subclasses__()))


EVERY = sorted({*every_cause().values(), RespaldoError}, key=lambda cause: (cause.code, cause.__name__))


def test_every_code_has_its_words_and_there_are_no_words_without_a_code():
    assert {cause.code for cause in EVERY} == set(causes.CAUSES)


def test_every_code_is_of_one_cause_only():
    codes = [cause.code for cause in EVERY if cause is not RespaldoError]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("cause", EVERY, ids=lambda cause: cause.__name__)
def test_a_cause_is_told_in_words_even_when_all_facts_are_missing(cause):
    error = cause()
    for text in (causes.title(error), causes.explain(error), causes.corrective(error)):
        assert text
        assert "{" not in text
    assert causes.explain(error).startswith(causes.title(error))


@pytest.mark.parametrize("code", causes.CAUSES)
def test_what_a_cause_means_is_one_sentence_that_needs_no_facts(code):
    words = causes.CAUSES[code]
    assert words.meaning.endswith(".")
    assert "{" not in words.title + words.meaning
    assert words.meaning not in (words.title, words.told)


def test_no_two_causes_have_one_title_or_one_meaning():
    for name in ("title", "meaning"):
        said = [getattr(words, name) for words in causes.CAUSES.values()]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize("code", causes.CAUSES)
def test_what_usually_mends_a_cause_is_told_without_facts(code):
    usual = causes.usual(code)
    assert usual.endswith(".")
    assert "{" not in usual


def test_what_a_case_would_name_is_left_open_in_what_usually_mends_it():
    assert causes.usual("engine_missing") == "Ejecute scripts/ensure-restic en él (versión … o posterior)."


@pytest.mark.parametrize("cause", EVERY, ids=lambda cause: cause.__name__)
def test_the_facts_of_a_cause_are_in_its_words(cause):
    words = causes.CAUSES[cause.code]
    wanted = {
        name
        for text in (words.told, words.corrective)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    error = cause(**{name: f"<{name}>" for name in wanted})
    told = causes.explain(error) + causes.corrective(error)
    assert not [name for name in wanted if f"<{name}>" not in told]


def test_facts_with_braces_and_lines_are_told_on_one_line():
    told = causes.explain(errors.SourceMissingError(path="/srv/{x}\ny", said="%s {0}"))
    assert "/srv/{x} y" in told
    assert "%s {0}" in told


def test_a_code_without_words_is_told_as_unknown():
    class NewError(RespaldoError):
        code = "nunca_visto"

    assert causes.title(NewError()) == causes.CAUSES["unknown"].title


def test_an_error_says_its_code_and_facts_to_programmers():
    assert str(errors.TimedOutError(seconds=5)) == "timed_out: seconds=5"
    assert str(errors.RespaldoError()) == "unknown"


def test_every_error_of_an_embedded_installation_has_its_words():
    codes = {cause.code for cause in _all(EmbeddedError) if "code" in vars(cause)}
    assert codes <= set(embedded_texts.ERRORS)
