"""Whoever operates reads Spanish, with one word for each thing: in the texts, and from nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from respaldo.texts.glossary import TERMS, as_markdown
from words_kit import ENGLISH, NEVER, SPANISH, words

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


def sentences_with(path: Path, unwanted: re.Pattern[str]) -> dict[str, set[str]]:
    """Give the texts that hold unwanted words, and which. A word alone without a capital is a code."""
    shown = [text for text in strings(path) if " " in text or text[:1].isupper()]
    found = {text: {*filter(unwanted.fullmatch, words(text))} for text in shown}
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
    found = sentences_with(path, re.compile("|".join(map(re.escape, NEVER))))
    assert {text: {word: NEVER[word] for word in unwanted} for text, unwanted in found.items()} == {}


def test_no_word_is_both_said_and_never_said():
    said = {word for term in TERMS for word in words(term.spanish)}
    assert said & NEVER.keys() == set()
    assert len({term.english for term in TERMS}) == len(TERMS)


def test_the_glossary_is_what_the_texts_are_held_to():
    assert (PROJECT / "docs" / "glossary.md").read_text() == as_markdown(), "run scripts/glossary"
