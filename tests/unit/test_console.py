"""What consoles of other products write, and what is taken from it: a copy, or why there is none."""

from __future__ import annotations

import json
import os
import re
import string
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respaldo.actions.console import entries, reading, text_entries
from respaldo.actions.console.judging import in_words, judge
from respaldo.actions.console.reading import read
from respaldo.config.external import ExternalSource
from respaldo.domain.console import ConsoleRecord
from respaldo.domain.people_errors import ConsoleFailedError, ConsoleStaleError, ConsoleUnreadableError
from respaldo.domain.values import PreviousCopy
from respaldo.hosts import ssh
from respaldo.texts import causes
from respaldo.texts.console import FAILED, UNREADABLE

ZONE = ZoneInfo("America/Bogota")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
RPO = timedelta(hours=26)

VEEAM = {
    "entries": {
        "format": "csv",
        "delimiter": ";",
        "fields": {
            "job": "Job Name",
            "result": "Result",
            "start": "Start Time",
            "end": "End Time",
            "size": "Backup Size",
            "message": "Details",
        },
    },
    "job": "Nomina diaria",
    "good": ["Success"],
    "warning": ["Warning"],
    "failed": ["Failed"],
    "running": ["Running"],
    "times": {"format": "%d/%m/%Y %H:%M:%S"},
    "numbers": {"decimal": ","},
}
HEAD = "Job Name;Start Time;End Time;Result;Backup Size;Details\n"
OLD = "Nomina diaria;21/11/2026 21:00:00;21/11/2026 21:30:00;Success;9,5 GB;\n"
GOOD = "Nomina diaria;22/11/2026 21:00:00;22/11/2026 21:42:10;Success;10,25 GB;\n"
OTHER = "Correo;23/11/2026 01:00:00;23/11/2026 01:30:00;Failed;0 B;Disco lleno\n"
BAD = "Nomina diaria;23/11/2026 09:00:00;23/11/2026 09:01:00;Failed;0 B;No hay espacio en E:\n"
RUNNING = "Nomina diaria;23/11/2026 11:30:00;;Running;;\n"

BLOCKS = {
    "entries": {
        "format": "text",
        "pattern": r"^LastBackupTime\s*: (?P<start>.+)\n(?:.*\n)*?LastBackupResultHR\s*: (?P<result>-?\d+)$",
    },
    "good": [0],
    "failed": ["*"],
    "times": {"format": "%d/%m/%Y %I:%M:%S %p"},
}
WINDOWS = (
    "NextBackupTime                  : 23/11/2026 9:00:00 p. m.\r\n"
    "LastBackupTime                  : 22/11/2026 9:00:00\u00a0p.\u00a0m.\r\n"
    "LastBackupTarget                : E:\r\n"
    "LastBackupResultHR              : 0\r\n"
)

REST = {
    "entries": {
        "format": "json",
        "list": "data.sessions",
        "fields": {"job": "policy.name", "result": "state", "end": "endedAt", "size": "stats.bytes"},
    },
    "job": "SQL",
    "good": ["COMPLETED"],
    "failed": ["ERROR"],
}


def session(**changes):
    told = {
        "policy": {"name": "sql"},
        "state": "completed",
        "endedAt": "2026-11-23T04:10:00Z",
        "stats": {"bytes": 5_000_000},
    }
    return told | changes


def source(settings, **changes) -> ExternalSource:
    common = {
        "kind": "external",
        "product": "Consola",
        "record": {"from": "file", "path": "/no/hay"},
    }
    return ExternalSource.model_validate(common | settings | changes)


@pytest.fixture
def told(tmp_path):
    """Write a console record, and read it."""

    def tell(content: str | bytes, settings, **changes) -> ConsoleRecord:
        path = tmp_path / "registro"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        record = {"from": "file", "path": str(path)} | changes.pop("record", {})
        return read(source(settings, record=record, **changes), _no_host, ZONE, NOW)

    return tell


def _no_host(name):
    raise AssertionError(name)


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
    found = read(source(VEEAM, record=record), _no_host, ZONE, NOW)
    assert found.where == str(tmp_path / "a.csv")
    assert found.newest.size_bytes == int(10.25 * 1024**3)


def test_a_record_that_is_not_there_is_told(tmp_path):
    for path, reason in ((tmp_path / "no", "no_file"), (tmp_path, "not_a_file")):
        with pytest.raises(ConsoleUnreadableError) as error:
            read(source(VEEAM, record={"from": "file", "path": str(path)}), _no_host, ZONE, NOW)
        assert error.value.facts["reason"] == reason
        assert not error.value.transient


def ran(*command: str, **changes) -> ConsoleRecord:
    return read(source(VEEAM, record={"from": "command", "command": command} | changes), _no_host, ZONE, NOW)


def test_the_output_of_a_command_is_a_record(tmp_path):
    (tmp_path / "registro").write_text(HEAD + GOOD)
    assert ran("cat", str(tmp_path / "registro")).newest.outcome == "good"


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


# --- judging


def judged(record: ConsoleRecord, settings=VEEAM, previous=None, now=NOW, **how):
    changes = {key: how.pop(key) for key in ("min_size", "max_shrink") if key in how}
    return judge(record, source(settings, **changes), RPO, previous, now, ZONE, **how)


def before(size_bytes: int) -> PreviousCopy:
    return PreviousCopy(run_id="antes", ended_at=NOW - timedelta(days=1), files=None, size_bytes=size_bytes)


def test_a_copy_that_is_good_young_and_large_enough_is_good(told):
    result = judged(told(HEAD + GOOD, VEEAM), min_size="10GB", previous=before(10 * 1024**3))
    assert [one.method for one in result.evidence] == ["console", "shrink"]
    assert result.evidence[0].facts == {"result": "Success", "age_minutes": 858, "size_bytes": 11005853696}
    assert result.copy_ended_at == datetime(2026, 11, 22, 21, 42, 10, tzinfo=ZONE)
    assert result.warnings == ()


def test_a_copy_with_reservations_is_good_and_says_so(told):
    record = told(HEAD + GOOD.replace("Success", "Warning").replace("GB;", "GB;Un disco se omitio"), VEEAM)
    assert judged(record).warnings == ("Un disco se omitio",)


def test_a_failed_copy_is_told_with_the_consoles_words(told):
    with pytest.raises(ConsoleFailedError) as error:
        judged(told(HEAD + GOOD + BAD, VEEAM))
    assert "«Failed: No hay espacio en E:»" in causes.explain(error.value)
    assert "2026-11-23 09:01" in causes.explain(error.value)


def test_a_good_copy_after_a_failed_one_is_good(told):
    assert judged(told(HEAD + BAD + GOOD.replace("22/11/2026 21", "23/11/2026 10"), VEEAM))


def test_a_copy_that_is_too_old_is_told_also_while_another_is_under_way(told):
    now = NOW + timedelta(hours=12)
    for lines in (GOOD, GOOD + RUNNING):
        with pytest.raises(ConsoleStaleError) as error:
            judged(told(HEAD + lines, VEEAM), now=now)
        words = causes.explain(error.value)
        assert "2026-11-22 21:42" in words
        assert "26h 17m" in words


def test_the_rpo_is_the_last_age_that_is_taken(told):
    record = told(HEAD + GOOD, VEEAM)
    ended_at = record.newest.ended_at
    assert judged(record, now=ended_at + RPO)
    with pytest.raises(ConsoleStaleError):
        judged(record, now=ended_at + RPO + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("size", "changes", "previous", "reason"),
    [
        ("10,25 GB", {"min_size": "12GB"}, None, "too_small"),
        ("", {"min_size": "12GB"}, None, "size_untold"),
        ("0 B", {}, None, "too_small"),
        ("10,25 GB", {}, 30 * 1024**3, "shrunken"),
    ],
)
def test_a_copy_that_is_too_small_is_told(told, size, changes, previous, reason):
    record = told(HEAD + GOOD.replace("10,25 GB", size), VEEAM)
    with pytest.raises(ConsoleFailedError) as error:
        judged(record, previous=before(previous) if previous else None, **changes)
    assert error.value.facts["reason"] == reason
    assert "{" not in causes.explain(error.value)


def test_a_shrunken_copy_is_taken_when_somebody_accepts_it(told):
    assert judged(told(HEAD + GOOD, VEEAM), previous=before(30 * 1024**3), accept_shrink=True)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(0), "0h 0m"),
        (timedelta(hours=27, minutes=12), "27h 12m"),
        (timedelta(hours=71, minutes=59), "71h 59m"),
        (timedelta(hours=79, minutes=20), "3d 7h"),
        (timedelta(days=12, hours=4), "12d 4h"),
        (-timedelta(minutes=3), "0h 0m"),
    ],
)
def test_ages_are_told_in_two_units(age, words):
    assert in_words(age) == words


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
        found = read(source(settings, record=record), _no_host, ZONE, NOW)
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
