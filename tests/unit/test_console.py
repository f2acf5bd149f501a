"""What consoles of other products write, and what is taken from it: a copy, or why there is none."""

from __future__ import annotations

import json
import os
import re
import string
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

import console_kit
from console_kit import (
    BLOCKS,
    GOOD,
    HEAD,
    NOW,
    OLD,
    OTHER,
    REST,
    RUNNING,
    VEEAM,
    WINDOWS,
    ZONE,
    no_host,
    no_secret,
    session,
    source,
)
from respaldo.actions.console import entries, reading, text_entries
from respaldo.actions.console.reading import read
from respaldo.domain.console import ConsoleRecord
from respaldo.domain.people_errors import ConsoleUnreadableError
from respaldo.hosts import ssh
from respaldo.texts import causes
from respaldo.texts.console import FAILED, UNREADABLE


@pytest.fixture
def told(tmp_path):
    return partial(console_kit.told, tmp_path)


def refused(tell, content, settings, **changes) -> ConsoleUnreadableError:
    with pytest.raises(ConsoleUnreadableError) as error:
        tell(content, settings, **changes)
    words = causes.explain(error.value)
    assert error.value.facts["reason"] in UNREADABLE
    assert UNREADABLE[error.value.facts["reason"]].split("{")[0].strip() in words
    assert "{" not in words
    return error.value


def test_the_newest_copy_of_a_table_is_taken_wherever_it_is(told):
    for lines in (OLD + GOOD + OTHER, GOOD + OTHER + OLD):
        record = told(HEAD + lines, VEEAM)
        assert record.entries == 2
        newest = record.newest
        assert (newest.job, newest.result, newest.outcome) == ("Nomina diaria", "Success", "good")
        assert newest.started_at == datetime(2026, 11, 22, 21, 0, tzinfo=ZONE)
        assert newest.ended_at == datetime(2026, 11, 22, 21, 42, 10, tzinfo=ZONE)
        assert newest.size_bytes == int(10.25 * 1024**3)
        assert newest.files is None
        assert newest.raw == GOOD.strip()
        assert record.running is None


def test_one_under_way_is_told_and_does_not_count(told):
    record = told(HEAD + GOOD + RUNNING, VEEAM)
    assert record.newest.ended_at == datetime(2026, 11, 22, 21, 42, 10, tzinfo=ZONE)
    assert record.running is not None
    assert record.running.started_at == datetime(2026, 11, 23, 11, 30, tzinfo=ZONE)


def test_one_that_was_broken_off_before_the_newest_is_not_under_way(told):
    assert told(HEAD + RUNNING.replace("23/11", "20/11") + GOOD, VEEAM).running is None


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_that_ended_at_once_the_failed_one_counts(told, order):
    lines = [GOOD, GOOD.replace("Success", "Failed")][::order]
    assert told(HEAD + "".join(lines), VEEAM).newest.outcome == "failed"


@pytest.mark.parametrize(
    ("written", "decimal"),
    [("1,5 GB", "."), ("10,25 GB", "."), ("1.5 GB", ","), ("12 5", "."), ("1.2.3", ",")],
)
def test_a_fraction_of_another_language_is_not_taken_for_thousands(told, written, decimal):
    content = HEAD + GOOD.replace("10,25 GB", written)
    assert refused(told, content, VEEAM, numbers={"decimal": decimal}).facts["reason"] == "bad_number"


def test_one_without_an_end_is_under_way_whatever_its_word(told):
    record = told(HEAD + GOOD + RUNNING.replace("Running", "Success"), VEEAM)
    assert record.newest.result == "Success"
    assert record.running is not None


def test_where_calendars_begin_is_no_moment(told):
    never = RUNNING.replace("11:30:00;;", "11:30:00;01/01/1900 00:00:00;").replace("Running", "None")
    assert told(HEAD + GOOD + never, VEEAM).running is not None


def test_a_text_of_windows_is_read_by_a_pattern_with_its_spanish_hours(told):
    newest = told(WINDOWS, BLOCKS).newest
    assert (newest.outcome, newest.result) == ("good", "0")
    assert newest.at == datetime(2026, 11, 22, 21, 0, tzinfo=ZONE)
    assert "LastBackupTarget" in newest.raw


@pytest.mark.parametrize(("good", "result"), [(0, 0.0), (0, 0), (0.0, 0), ("0", 0.0), (True, True)])
def test_a_whole_number_is_the_same_however_it_is_written(told, good, result):
    document = json.dumps({"data": {"sessions": [session(state=result)]}})
    assert told(document, REST, good=[good], failed=["*"]).newest.outcome == "good"


def test_a_column_that_nobody_asks_for_may_be_there_twice(told):
    assert told(f"Nota;Nota;{HEAD}a;b;{GOOD}", VEEAM).newest.outcome == "good"


def test_any_other_word_can_be_a_failure(told):
    assert told(WINDOWS.replace(": 0", ": -2139619228"), BLOCKS).newest.outcome == "failed"


def test_a_document_of_json_is_read_by_dotted_keys(told):
    sessions = [session(policy={"name": "otra"}), session(), session(endedAt="2026-11-22T04:10:00Z")]
    record = told(json.dumps({"data": {"sessions": sessions}}), REST)
    assert record.entries == 2
    assert record.newest.ended_at == datetime(2026, 11, 23, 4, 10, tzinfo=UTC)
    assert record.newest.size_bytes == 5_000_000


def test_one_object_stands_for_a_list_of_one(told):
    settings = REST | {"entries": REST["entries"] | {"list": None}}
    assert told(json.dumps(session()), settings).entries == 1


def test_moments_of_powershell_are_read(told):
    milliseconds = int(NOW.timestamp() * 1000) - 60_000
    document = {"data": {"sessions": [session(endedAt=f"/Date({milliseconds})/")]}}
    record = told(json.dumps(document), REST, times={"format": "epoch_ms"})
    assert record.newest.ended_at == NOW - timedelta(minutes=1)


def test_a_moment_without_a_zone_has_the_scopes_or_the_organizations(told):
    document = json.dumps({"data": {"sessions": [session(endedAt="2026-11-23T10:00:00")]}})
    assert told(document, REST).newest.ended_at == datetime(2026, 11, 23, 10, tzinfo=ZONE)
    in_utc = told(document, REST, times={"zone": "UTC"})
    assert in_utc.newest.ended_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_text_that_begins_with_a_mark_tells_its_encoding(told, encoding):
    assert told((HEAD + GOOD).encode(encoding), VEEAM).newest.outcome == "good"


def test_another_encoding_is_the_scopes(told):
    accented = (HEAD + GOOD).replace("Nomina", "Nómina").encode("cp1252")
    record = told(accented, VEEAM, job="NÓMINA DIARIA", record={"encoding": "cp1252"})
    assert record.newest.job == "Nómina diaria"


@pytest.mark.parametrize(
    ("written", "numbers", "found"),
    [
        ("1.234.567", {"decimal": ","}, 1234567),
        ("1,234,567 B", {}, 1234567),
        ("12,5 GB", {"decimal": ","}, int(12.5 * 1024**3)),
        ("12.5", {"unit": "MB"}, int(12.5 * 1024**2)),
        ("3 KiB", {"unit": "GB"}, 3072),
        ("10 B", {"unit": "GB"}, 10),
        ("10 bytes", {"unit": "GB"}, 10),
        ("-", {}, None),
        ("", {}, None),
    ],
)
def test_sizes_are_read_as_consoles_write_them(told, written, numbers, found):
    table = HEAD + f'Nomina diaria;22/11/2026 21:00:00;22/11/2026 21:42:10;Success;"{written}";\n'
    assert told(table, VEEAM, numbers=numbers).newest.size_bytes == found


UNREADABLES = {
    "empty": (" \r\n", VEEAM, {}),
    "not_text": (b"\xff\xd8\xff\xe0\x00", VEEAM, {}),
    "not_csv": (HEAD + '"Nomina;' + "x" * 10, VEEAM, {}),
    "row_ragged": (HEAD + "Nomina diaria;22/11/2026\n", VEEAM, {}),
    "column_twice": (f"Result;{HEAD}Failed;{GOOD}", VEEAM, {}),
    "column_missing": (HEAD.replace("Result", "Estado") + GOOD, VEEAM, {}),
    "no_entry": (HEAD + OTHER, VEEAM, {}),
    "none_over": (HEAD + RUNNING, VEEAM, {}),
    "result_unknown": (HEAD + GOOD.replace("Success", "Perfecto"), VEEAM, {}),
    "bad_time": (HEAD + GOOD.replace("22/11/2026 21:42:10", "11/22/2026 21:42:10"), VEEAM, {}),
    "bad_number": (HEAD + GOOD.replace("10,25 GB", "mucho"), VEEAM, {}),
    "end_before_start": (HEAD + GOOD.replace("21:42:10", "20:42:10"), VEEAM, {}),
    "in_future": (HEAD + GOOD.replace("22/11", "24/11"), VEEAM, {}),
    "pattern_nothing": ("nada", BLOCKS, {}),
    "not_json": ("{", REST, {}),
    "no_list": ('{"data": 3}', REST, {}),
    "not_an_object": ('{"data": {"sessions": [7]}}', REST, {}),
    "no_time": (HEAD + "Nomina diaria;;;Failed;;\n", VEEAM, {}),
}  # fmt: skip


@pytest.mark.parametrize("reason", UNREADABLES)
def test_what_makes_no_sense_is_refused_with_the_reason(told, reason):
    content, settings, changes = UNREADABLES[reason]
    assert refused(told, content, settings, **changes).facts["reason"] == reason


def test_a_mistake_names_its_line(told):
    error = refused(told, HEAD + GOOD + OLD.replace("9,5 GB", "???"), VEEAM)
    assert (error.facts["entry"], error.facts["value"]) == ("3", "???")


def test_an_entry_that_makes_no_sense_is_never_passed_over_for_an_older_one(told):
    assert refused(told, HEAD + OLD + GOOD.replace("2026 21:42", "2O26 21:42"), VEEAM)


def test_an_entry_of_another_job_may_make_no_sense(told):
    assert told(HEAD + GOOD + OTHER.replace("0 B", "???"), VEEAM).newest.outcome == "good"


def test_a_pattern_that_would_search_for_ever_is_ended(told, monkeypatch):
    monkeypatch.setattr(text_entries.parse, "__defaults__", (1.0,))
    pattern = r"(?P<result>(a+)+)(?P<end>!)$"
    began = time.monotonic()
    error = refused(told, "a" * 5000, BLOCKS, entries={"format": "text", "pattern": pattern})
    assert error.facts["reason"] == "pattern_slow"
    assert time.monotonic() - began < 20


def test_a_record_past_all_measure_is_refused(told, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    assert refused(told, HEAD + GOOD * 10, VEEAM).facts["reason"] == "too_large"


def test_what_is_kept_of_an_entry_is_bounded(told):
    record = told(HEAD + GOOD.replace("GB;", f"GB;{'x' * 100_000}"), VEEAM)
    assert len(record.newest.raw) == entries.LONGEST_RAW
    assert len(record.newest.message) == 1000


def test_of_several_files_the_newest_is_read(tmp_path):
    for name, line, age in (("a.csv", GOOD, 10), ("b.csv", OLD, 100)):
        (tmp_path / name).write_text(HEAD + line)
        at = time.time() - age
        os.utime(tmp_path / name, (at, at))
    record = {"from": "file", "path": f"{tmp_path}/*.csv"}
    found = read(source(VEEAM, record=record), no_host, no_secret, ZONE, NOW)
    assert found.where == str(tmp_path / "a.csv")
    assert found.newest.size_bytes == int(10.25 * 1024**3)


def test_a_record_that_is_not_there_is_told(tmp_path):
    for path, reason in ((tmp_path / "no", "no_file"), (tmp_path, "not_a_file")):
        with pytest.raises(ConsoleUnreadableError) as error:
            read(source(VEEAM, record={"from": "file", "path": str(path)}), no_host, no_secret, ZONE, NOW)
        assert error.value.facts["reason"] == reason
        assert not error.value.transient


def ran(*command: str, secret_of=no_secret, **changes) -> ConsoleRecord:
    settings = source(VEEAM, record={"from": "command", "command": command} | changes)
    return read(settings, no_host, secret_of, ZONE, NOW)


def test_the_output_of_a_command_is_a_record(tmp_path):
    (tmp_path / "registro").write_text(HEAD + GOOD)
    assert ran("cat", str(tmp_path / "registro")).newest.outcome == "good"


KEEPS = "cat /proc/$$/cmdline /proc/$$/environ | tr '\\0' '\\n' >shown; cat >read"
SECRET = "Authorization: Bearer \u00f1-t0k3n"


@pytest.fixture
def asks(tmp_path):
    """A program that keeps what it is shown and what it reads, and then does as it is told."""
    (tmp_path / "registro").write_text(HEAD + GOOD.replace(";\n", f";{SECRET}\n"))
    program = tmp_path / "pide"
    program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{KEEPS}\n$1\n")
    program.chmod(0o755)
    (tmp_path / "echoes").write_text("cat read >&2; exit 3")
    return program


def test_a_command_reads_its_secret_and_nobody_sees_it(asks, tmp_path):
    record = ran(str(asks), "cat registro", secret="nube_api", secret_of={"nube_api": SecretStr(SECRET)}.get)
    assert (tmp_path / "read").read_text() == f"{SECRET}\n"
    shown = (tmp_path / "shown").read_text()
    assert ("PATH=" in shown, "cat registro" in shown, "t0k3n" in shown) == (True, True, False)
    assert "t0k3n" not in record.model_dump_json()
    assert record.newest.message == "***"


def test_what_a_command_says_of_its_secret_is_not_told(asks):
    with pytest.raises(ConsoleUnreadableError) as error:
        ran(str(asks), "exec sh echoes", secret="nube_api", secret_of=lambda _: SecretStr(SECRET))
    assert error.value.facts["said"] == "***"


def test_a_command_without_a_secret_finds_nothing_to_read(asks, tmp_path):
    ran(str(asks), "cat registro")
    assert (tmp_path / "read").read_text() == ""


@pytest.mark.parametrize(
    ("command", "changes", "reason"),
    [
        (("false",), {}, "command_failed"),
        (("true",), {}, "empty"),
        (("no_hay_tal_programa",), {}, "command_missing"),
        (("sleep", "60"), {"within": "1s"}, "command_slow"),
    ],
)
def test_a_command_that_gives_no_record_is_told(command, changes, reason):
    with pytest.raises(ConsoleUnreadableError) as error:
        ran(*command, **changes)
    assert error.value.facts["reason"] == reason


def test_every_reason_of_the_code_has_its_words():
    folder = Path(reading.__file__).parent
    named = {
        code
        for file in folder.glob("*.py")
        for code in re.findall(r'UnreadableError\(\s*"(\w+)"', file.read_text())
    }
    read_wrongly = {"bad_time", "bad_number"}
    assert named | read_wrongly | set(get_args(ssh.Reason)) == set(UNREADABLE)
    for words in (*UNREADABLE.values(), *FAILED.values()):
        assert all(name for _, name, _, _ in string.Formatter().parse(words) if name is not None)


# --- whatever it is given


SETTINGS = {
    "csv": VEEAM,
    "csv of latin": VEEAM | {"entries": VEEAM["entries"] | {"delimiter": ","}},
    "json": REST,
    "json numbers": REST | {"times": {"format": "epoch"}, "job": None},
}
PIECES = st.sampled_from(
    [HEAD, GOOD, OLD, RUNNING, "{", "}", "[", "]", '"', ";", ",", "\n", "\r", "\0", "-1", "\ufeff", "\ud800",
     '"data": ', '"sessions": ', json.dumps({"data": {"sessions": [session()]}}), "1e999", "NaN", "9" * 400]
)  # fmt: skip


def reads(content: bytes, settings, folder) -> None:
    path = folder / "registro"
    path.write_bytes(content)
    record = {"from": "file", "path": str(path)}
    try:
        found = read(source(settings, record=record), no_host, no_secret, ZONE, NOW)
    except ConsoleUnreadableError as error:
        reason = error.facts["reason"]
    else:
        reason = "read" if found.newest.at else "no moment"
    assert reason in {"read", *UNREADABLE}


@given(content=st.binary(max_size=400), name=st.sampled_from(sorted(SETTINGS)))
def test_any_bytes_are_a_record_or_refused(tmp_path_factory, content, name):
    reads(content, SETTINGS[name], tmp_path_factory.getbasetemp())


@given(pieces=st.lists(PIECES, max_size=12), name=st.sampled_from(sorted(SETTINGS)))
def test_any_pieces_of_records_are_a_record_or_refused(tmp_path_factory, pieces, name):
    content = "".join(pieces).encode("utf-8", "surrogatepass")
    reads(content, SETTINGS[name], tmp_path_factory.getbasetemp())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@given(
    state=VALUES,
    ended_at=VALUES,
    stats=VALUES,
    form=st.sampled_from(["iso", "epoch", "epoch_ms", "%d/%m/%Y %H"]),
)
def test_any_values_are_a_copy_or_refused(tmp_path_factory, state, ended_at, stats, form):
    told = session(state=state, endedAt=ended_at, stats=stats)
    content = json.dumps({"data": {"sessions": [session(), told]}}).encode()
    reads(content, REST | {"times": {"format": form}, "failed": ["*"]}, tmp_path_factory.getbasetemp())


def test_any_text_is_searched_or_refused(tmp_path):
    # Each search is a program of its own: a few of the worst, not a hundred.
    for content in (b"\x00" * 50, b"LastBackupTime : \nLastBackupResultHR : 0", "\u2028\x85".encode() * 99):
        reads(content, BLOCKS, tmp_path)
