"""Each cause of the tree has a test that produces it, and docs/failures.md says so."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from faults.conftest import pytest_terminal_summary
from faults.page import as_markdown
from faults.proofs import PROOFS
from respaldo.domain.causes import every_cause

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "failures.md"


def test_the_page_is_what_the_tree_and_its_words_say():
    assert PAGE.read_text() == as_markdown(), "run scripts/failures-page"


def test_every_cause_has_a_test_that_produces_it():
    assert set(PROOFS) == set(every_cause())


@pytest.mark.parametrize("code", sorted(PROOFS))
def test_the_test_that_produces_a_cause_is_there(code):
    file, _, name = PROOFS[code].partition("::")
    name, _, case = name.partition("[")
    module = ast.parse((PROJECT / file).read_text())
    functions = {node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    assert name in functions
    if case:
        cases = {
            tuple(argument.value for argument in node.args[:2])
            for node in ast.walk(module)
            if isinstance(node, ast.Call)
            and re.fullmatch(r"_?[Cc]ase", getattr(node.func, "id", ""))
            and all(isinstance(argument, ast.Constant) for argument in node.args)
        }
        assert (case.removesuffix("]"), code) in cases


@pytest.mark.parametrize(
    ("stats", "told"),
    [
        ({"passed": [1, 2]}, "2 passed, 0 failed"),
        ({"passed": [1], "failed": [2], "error": [3]}, "1 passed, 2 failed"),
        ({}, "0 passed, 0 failed"),
    ],
)
def test_the_campaign_closes_with_both_numbers(stats, told):
    lines = []
    pytest_terminal_summary(SimpleNamespace(stats=stats, write_line=lines.append))
    assert lines == [told]
