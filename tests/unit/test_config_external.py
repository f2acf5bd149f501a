"""Each mistake in the scope of another product's copies is told with its line and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from respaldo.config.configuration import load, problems_of
from respaldo.config.external import ExternalSource
from respaldo.texts.configuration import tell

DEFAULT = Path(__file__).parents[2] / "include" / "config"
TABLE = """\
  entries:
    format: csv
    delimiter: ";"
    fields: {job: Job Name, result: Result, start: Start, end: End, size: Size}
"""
SCOPE = f"""\
name: Nómina en Veeam
department: Talento Humano
criticality: alta
rpo: 26h
rto: 4h
responsible: soporte
source:
  kind: external
  product: Veeam
  record: {{from: file, path: /srv/consola/veeam.csv}}
{TABLE}\
  job: Nomina diaria
  good: [Success, 0]
  failed: [Failed]
  min_size: 1GB
retention: {{daily: 7d}}
"""


def text(pattern: str) -> str:
    return f"  entries:\n    format: text\n    pattern: '{pattern}'\n"


@pytest.fixture
def config(tmp_path):
    (tmp_path / "scopes").mkdir()
    for name in ("organization.yaml", "repositories.yaml"):
        (tmp_path / name).write_text((DEFAULT / name).read_text())
    return tmp_path


@pytest.fixture
def written(config):
    def write(good: str = "", bad: str = "") -> Path:
        assert good in SCOPE
        path = config / "scopes" / "nomina.yaml"
        path.write_text(SCOPE.replace(good, bad, 1))
        return path

    return write


CASES = {
    # what is wrong: (what is right, what is written instead, code, key, a word of its line, what is told)
    "where from": (
        "from: file", "from: ftp", "union_tag_invalid", "source.record", "record:", "de «from»"
    ),
    "no where": ("from: file, ", "", "union_tag_not_found", "source.record", "record:", "falta «from»"),
    "format": ("format: csv", "format: xml", "union_tag_invalid", "source.entries", "entries:", "'csv'"),
    "relative path": (
        "path: /srv", "path: srv", "record_relative", "source.record", "record:", "ruta absoluta"
    ),
    "encoding": (
        "veeam.csv", "veeam.csv, encoding: klingon", "encoding_unknown", "source.record.encoding", "klingon",
        "cp1252",
    ),
    "no result": ("result: Result, ", "", "missing", "source.entries.fields.result", "fields:", "falta"),
    "no time": ("start: Start, end: End, ", "", "times_missing", "source.entries", "entries:", "start, end"),
    "job nowhere": ("job: Job Name, ", "", "part_missing", "source", "source:", "falta job"),
    "size nowhere": (", size: Size", "", "part_missing", "source", "source:", "pide min_size"),
    "size": ("1GB", "mucho", "size", "source.min_size", "mucho", "como 500MB"),
    "word twice": ("[Failed]", "[success]", "word_twice", "source", "source:", "«success»"),
    "good anyhow": ("[Success, 0]", "['*']", "any_other", "source", "source:", "solo puede estar en failed"),
    "time": (
        "min_size: 1GB", "times: {format: '%d'}", "time_format", "source.times.format", "%d", "día y la hora"
    ),
    "time of no sense": (
        "min_size: 1GB", "times: {format: '%Q'}", "time_format", "source.times.format", "%Q", "«%Q»"
    ),
    "zone": (
        "min_size: 1GB", "times: {zone: Bogota}", "timezone_unknown", "source.times.zone", "Bogota", "zona"
    ),
    "pattern": (
        TABLE, text("(?P<result>x)("), "pattern_invalid", "source.entries.pattern", "pattern:", "unterminated"
    ),
    "pattern of no result": (
        TABLE, text("(?P<end>x)"), "result_missing", "source.entries", "entries:", "grupo"
    ),
    "pattern of no time": (
        TABLE, text("(?P<result>x)"), "times_missing", "source.entries", "entries:", "start, end"
    ),
    "groups": (
        TABLE, text("(?P<resultado>x)"), "pattern_groups", "source.entries.pattern", "pattern:", "resultado"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_where_it_is(config, written, name):
    good, bad, code, key, word, told = CASES[name]
    path = written(good, bad)
    problems = problems_of(config)
    assert [(problem.code, problem.key) for problem in problems] == [(code, key)], problems
    lines = path.read_text().splitlines()
    assert word in lines[problems[0].line - 1]
    assert told in tell(problems[0])


def test_a_scope_of_another_product_is_read(config, written):
    written()
    configuration = load(config)
    assert problems_of(config) == ()
    assert list(configuration.external) == ["nomina"]
    settings = configuration.external["nomina"].settings
    assert (settings.source_kind, settings.saved, settings.mode) == ("external", "Veeam", "software")
    assert settings.connections == {}
    assert settings.source.good == ("success", "0")
    assert settings.source.min_size == 10**9


def test_a_host_is_a_connection_that_airflow_must_know(config, written):
    written("from: file, path: /srv/consola/veeam.csv", "from: command, host: veeam, command: [ver]")
    [scope] = load(config).external.values()
    assert scope.settings.connections == {"source.record.host": "veeam"}


def test_the_secret_of_a_command_is_a_connection_that_airflow_must_know(config, written):
    written("from: file, path: /srv/consola/veeam.csv", "from: command, secret: nube_api, command: [ver]")
    [scope] = load(config).external.values()
    assert scope.settings.connections == {"source.record.secret": "nube_api"}


def test_a_file_has_no_secret(config, written):
    written("from: file,", "from: file, secret: nube_api,")
    [problem] = problems_of(config)
    assert problem.key.endswith("secret")


def test_a_path_on_a_host_is_as_that_host_has_it(config, written):
    written("path: /srv/consola/veeam.csv", "host: veeam, path: 'C:/ProgramData/Veeam/*.csv'")
    assert problems_of(config) == ()


@pytest.mark.parametrize("text", ["iso", "epoch", "epoch_ms", "%d/%m/%Y %I:%M:%S %p", "%Y%m%d-%H%M%S%z"])
def test_formats_that_tell_day_and_hour_are_taken(config, written, text):
    written("min_size: 1GB", f"times: {{format: '{text}'}}")
    assert problems_of(config) == ()


def test_the_examples_of_the_manual_are_read():
    manual = (Path(__file__).parents[2] / "docs" / "manual.md").read_text()
    blocks = [
        yaml.safe_load(block)
        for block in re.findall(r"^```yaml\n(.*?)^```", manual, re.DOTALL | re.MULTILINE)
    ]
    sources = [block["source"] for block in blocks if block.get("source", {}).get("kind") == "external"]
    assert len(sources) == 3
    for source in sources:
        ExternalSource.model_validate(source)
