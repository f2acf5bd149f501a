"""Whoever operates reads Spanish, with one word for each thing: in the texts, and from nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from respaldo.texts.glossary import NAMES, TERMS, as_markdown

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "include" / "respaldo"
TEXTS = sorted((PACKAGE / "texts").glob("*.py"))
OTHERS = sorted(
    path
    for folder in (PACKAGE, PROJECT / "dags", PROJECT / "plugins")
    for path in folder.rglob("*.py")
    if not {"texts", "demo"} & set(path.relative_to(PROJECT).parts)
)
TEMPLATES = sorted((PACKAGE / "web" / "templates").glob("*.html"))

ENGLISH = re.compile(
    r"the|and|of|with|is|are|was|were|been|not|for|from|has|have|this|that|which|must|by|it|when|an|or|on|at|its|"
    r"your|you|we|they|their|there|will|cannot|should|than|then|into|only|also|each|every|any|most|other"
)
"""Words of English that no Spanish text has."""
SPANISH = re.compile(
    r"el|la|los|las|del|que|para|una|uno|por|como|este|esta|hay|fue|debe|donde|cuando|pero|muy|lo"
)
"""Words of Spanish without accents, which the test of letters does not see."""
NOT_PROSE = re.compile(r"`[^`]*`|\{[^}]*\}|«[^»]*»|\S*[/_=.:@]\S+|respaldo [a-z-]+|--[a-z-]+")
"""Code, places for facts, what is quoted, paths, commands and their options."""

# The glossary itself names what is not said.
by_path = pytest.mark.parametrize(
    "path", [path for path in TEXTS if path.stem != "glossary"], ids=lambda path: path.stem
)


def strings(path: Path) -> Iterator[str]:
    """Give a module's strings, without its docstrings."""
    tree = ast.parse(path.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def words(text: str) -> set[str]:
    for name in NAMES:
        text = text.replace(name, "")
    return set(re.findall(r"[a-záéíóúñü]+(?:-[a-záéíóúñü]+)*", NOT_PROSE.sub(" ", text).lower()))


def sentences_with(path: Path, unwanted: re.Pattern[str]) -> dict[str, set[str]]:
    """Give the texts of more than a word that hold unwanted ones, and which."""
    found = {text: {*filter(unwanted.fullmatch, words(text))} for text in strings(path) if " " in text}
    return {text: some for text, some in found.items() if some}


@by_path
def test_no_english_is_in_the_texts(path):
    assert sentences_with(path, ENGLISH) == {}


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_spanish_is_elsewhere(path):
    assert sentences_with(path, SPANISH) == {}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_the_pages_have_no_words_of_their_own(path):
    without_code = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", " ", path.read_text(), flags=re.DOTALL)
    shown = re.sub(r"<style.*?</style>|<[^>]*>|&\w+;", " ", without_code, flags=re.DOTALL)
    assert re.findall(r"[^\W\d_]+", shown) == []


@by_path
def test_each_thing_has_one_word(path):
    never = {word: term.spanish for term in TERMS for word in term.never}
    found = sentences_with(path, re.compile("|".join(map(re.escape, never))))
    assert {text: {word: never[word] for word in unwanted} for text, unwanted in found.items()} == {}


def test_no_word_is_both_said_and_never_said():
    said = {word for term in TERMS for word in words(term.spanish)}
    assert said & {word for term in TERMS for word in term.never} == set()
    assert len({term.english for term in TERMS}) == len(TERMS)


def test_the_glossary_is_what_the_texts_are_held_to():
    assert (PROJECT / "docs" / "glossary.md").read_text() == as_markdown(), "run scripts/glossary"
