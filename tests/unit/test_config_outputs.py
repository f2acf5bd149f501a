"""Each mistake in a scope of databases in files, or of a command's output, is told with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from respaldo.config.configuration import load, problems_of
from respaldo.texts.configuration import tell

DEFAULT = Path(__file__).parents[2] / "include" / "config"
COMMON = """\
name: Borde
department: TIC
criticality: alta
rpo: 26h
rto: 4h
responsible: soporte
repository: principal
retention: {daily: 7d}
"""
COMMAND = f"""\
{COMMON}\
source:
  kind: command
  command: [/usr/local/bin/show, borde-1]
  name: borde-1.cfg
  min_size: 1kB
  must_contain:
    - "hostname "
    - regex: '^version'
  must_end_with: end
  within: 10m
  secret: borde_1
"""
SQLITE = f"{COMMON}source: {{kind: sqlite, paths: [/srv/app.db]}}\n"


@pytest.fixture
def written(tmp_path):
    (tmp_path / "scopes").mkdir()
    for name in ("organization.yaml", "repositories.yaml"):
        (tmp_path / name).write_text((DEFAULT / name).read_text())

    def write(text: str) -> Path:
        (tmp_path / "scopes" / "borde.yaml").write_text(text)
        return tmp_path

    return write


def test_both_kinds_are_read_as_they_are_written(written):
    command = load(written(COMMAND)).scopes["borde"].settings
    assert command.source_kind == "command"
    assert command.connections == {"source.secret": "borde_1"}
    assert [mark.asked for mark in command.source.must_contain] == [
        {"text": "hostname "},
        {"regex": "^version"},
    ]
    assert command.saved == "borde-1.cfg: /usr/local/bin/show borde-1"
    sqlite = load(written(SQLITE)).scopes["borde"].settings
    assert (sqlite.source_kind, sqlite.saved, sqlite.connections) == ("sqlite", "/srv/app.db", {})


def test_what_is_on_a_machine_is_told_with_its_name(written):
    there = SQLITE.replace("paths:", "host: archivo, paths:")
    assert load(written(there)).scopes["borde"].settings.saved == "archivo:/srv/app.db"


@pytest.mark.parametrize(
    ("good", "bad", "code", "key", "told"),
    [
        ("name: borde-1.cfg", "name: a/b", "file_name", "source.name", "no es un nombre de archivo"),
        (
            "'^version'",
            "'('",
            "pattern_invalid",
            "source.must_contain.1.regex",
            "no es una expresión regular",
        ),
        ("regex: '^version'", "{}", "mark", "source.must_contain.1", "escriba un texto"),
        ("must_end_with: end", "must_end_with: 7", "model_type", "source.must_end_with", ""),
        ("1kB", "poco", "size", "source.min_size", ""),
        ("10m", "pronto", "duration", "source.within", "«pronto»"),
    ],
)
def test_a_mistake_in_a_command_is_told_where_it_is(written, good, bad, code, key, told):
    assert good in COMMAND
    (problem,) = problems_of(written(COMMAND.replace(good, bad, 1)))
    assert (problem.code, problem.key) == (code, key)
    assert told in tell(problem)


def test_a_relative_path_of_a_database_is_told(written):
    (problem,) = problems_of(written(SQLITE.replace("/srv/app.db", "app.db")))
    assert problem.code == "path_relative"


def test_a_key_that_is_missing_is_told_though_the_kind_has_its_name(written):
    (problem,) = problems_of(written(COMMAND.replace("  command: [/usr/local/bin/show, borde-1]\n", "", 1)))
    assert (problem.code, problem.key) == ("missing", "source.command")
