"""What the documents say must be so: causes, files, commands and links that they name exist."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from respaldo.cli import app

PROJECT = Path(__file__).parents[2]
README = PROJECT / "README.md"
MANUAL = PROJECT / "docs" / "manual.md"
PAGES = (README, PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").glob("*.md")))

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def code_in(page):
    """Give every line of code of a page, from its blocks and from between backquotes."""
    text = page.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [line.strip() for block in blocks for line in block.splitlines()] + inline


def links_in(page):
    return re.findall(r"\]\(([^)\s]+)\)", page.read_text())


def anchor_of(heading):
    """Give the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_the_manual_leads_to_the_page_of_causes():
    assert "failures.md" in links_in(MANUAL)


def test_the_readme_traces_every_activity_of_the_procedure_once_and_in_order():
    activities = re.findall(r"^\| (\d+) \| ", README.read_text(), flags=re.MULTILINE)
    assert activities == [str(number) for number in range(1, 27)]


@by_page
def test_every_link_of_a_page_leads_somewhere(page):
    for link in links_in(page):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), flags=re.MULTILINE)
            assert anchor in map(anchor_of, headings), link


@by_page
def test_every_project_file_that_a_page_names_is_there(page):
    tracked = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True)
    folders = {Path(name).parts[0] for name in tracked.stdout.splitlines()}
    for code in code_in(page):
        for name in re.findall(r"(?<![\w/.$}-])([\w.-]+/[\w./-]*\w)", code):
            if name.split("/")[0] in folders:
                assert (PROJECT / name).exists(), name


@by_page
def test_every_command_that_a_page_names_is_one_of_ours(page):
    known = get_command(app)
    for code in code_in(page):
        for words in re.findall(r"^respaldo ((?:[a-z0-9][a-z0-9-]* ?)+)", code):
            name, *more = words.split()
            assert name in known.commands, code
            inner = known.commands[name]
            if hasattr(inner, "commands") and more:
                assert more[0] in inner.commands, code


@by_page
def test_every_option_of_a_command_that_a_page_names_is_one_of_its_own(page):
    known = get_command(app).commands
    for code in code_in(page):
        if found := re.match(r"respaldo ([a-z0-9-]+) ([^#>]*--.*)", code):
            command = known[found[1]]
            for word in found[2].split()[:1]:
                command = getattr(command, "commands", {}).get(word, command)
            has = {option for parameter in command.params for option in parameter.opts}
            assert set(re.findall(r"(--[a-z-]+)", found[2].split("#")[0])) <= has, code


@by_page
def test_every_make_target_that_a_page_names_is_in_the_makefile(page):
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {name for code in code_in(page) for name in re.findall(r"^make ([a-z0-9-]+)", code)}
    assert named <= targets
