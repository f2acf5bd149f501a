"""The demonstration's stories go on beside each other, and what they look at is seen when it is wrong."""

import zipfile
from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from respaldo.actions.console.judging import judge
from respaldo.actions.console.reading import read
from respaldo.config.configuration import folder, load
from respaldo.demo import archiving, contracted, stories
from respaldo.texts.form import SHEETS


@pytest.fixture
def configuration(tmp_path, monkeypatch):
    monkeypatch.delenv("RESPALDO_CONFIG", raising=False)
    monkeypatch.setenv("RESPALDO_HOME", str(tmp_path))
    return load(folder())


def no_connection(name):
    pytest.fail(f"no connection is named: {name}")


def test_the_console_record_that_is_written_is_judged_good_by_its_scope(configuration, tmp_path):
    contracted.write_record(SimpleNamespace(layout=SimpleNamespace(home=tmp_path)))
    settings, zone = configuration.external[contracted.SCOPE].settings, ZoneInfo("America/Bogota")
    now = datetime.now(UTC)
    record = read(settings.source, no_connection, no_connection, zone, now)
    result = judge(record, settings.source, settings.rpo, None, now, zone, accept_shrink=False)
    assert (record.newest.job, [one.method for one in result.evidence], result.warnings) == (
        "catastro",
        ["console"],
        (),
    )


def test_the_contract_of_that_scope_has_lapsed_and_does_not_keep_it_from_being_copied(configuration):
    contract = configuration.external[contracted.SCOPE].settings.contract
    assert contract.valid_until < datetime.now(UTC).date()
    assert contract.on_lapse == "continue"


def test_documents_that_are_not_what_they_must_be_are_named(tmp_path):
    pdf, book, other = (tmp_path / name for name in ("a.pdf", "a.xlsx", "b.xlsx"))
    pdf.write_bytes(b"%PDF-1.7 of no standard")
    for file, names in ((book, SHEETS.values()), (other, ["TIC-FM007"])):
        with zipfile.ZipFile(file, "w") as archive:
            sheets = "".join(f'<sheet name="{name}"/>' for name in names)
            archive.writestr("xl/workbook.xml", sheets)
    assert [len(list(archiving._wrong(file))) for file in (pdf, book, other)] == [1, 0, 1]


@pytest.mark.parametrize(("day", "last"), [(date(2026, 12, 31), 31), (date(2028, 2, 1), 29)])
def test_the_month_is_archived_whole(day, last):
    period = archiving._month_of(day)
    assert (period.first.day, period.last.day, period.first.month) == (1, last, period.last.month)


def test_stories_go_on_beside_each_other_until_all_are_told(monkeypatch):
    told = []

    def story(name, steps, problems):
        for step in range(steps):
            told.append(f"{name}{step}")
            yield
        return problems

    monkeypatch.setattr(stories, "_POLL_SECONDS", 0)
    played = stories.Stories({"a": story("a", 2, ["one"]), "b": story("b", 3, [])})
    played.go_on()
    assert told == ["a0", "b0"]
    assert played.finish() == ["one"]
    assert told == ["a0", "b0", "a1", "b1", "b2"]


def test_a_story_that_never_ends_is_a_problem(monkeypatch):
    def endless():
        while True:
            yield

    monkeypatch.setattr(stories, "_LONGEST_SECONDS", 0)
    [problem] = stories.Stories({"sin fin": endless()}).finish()
    assert "sin fin" in problem
