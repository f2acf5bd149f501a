"""What restic says is read whatever stands between its lines."""

import json

import pytest

from respaldo.restic.events import ItemError, Progress, Report, parse, progress


def report_of(*lines: str | bytes | dict) -> Report:
    report = Report()
    for line in lines:
        text = json.dumps(line) if isinstance(line, dict) else line
        report.take((text if isinstance(text, bytes) else text.encode()) + b"\n")
    return report


@pytest.mark.parametrize(
    "line",
    [
        "Save(<data/3483>) failed: write: no space left on device",
        "subprocess pg_dump: error: connection lost",
        "/src/none does not exist, skipping",
        "1",
        "null",
        '"text"',
        '["message_type"]',
        '{"level": "info"}',
        '{"message_type": "summary"',
        "{",
    ],
)
def test_a_line_that_is_no_event_is_kept_as_text(line):
    report = report_of(line)
    assert list(report.plain) == [line]
    assert report.text.strip() == line
    assert (report.summary, report.item_errors, report.exit_message) == ({}, [], "")


def test_terminal_codes_are_taken_out():
    report = report_of("\x1b[2Ksignal terminated received, cleaning up")
    assert list(report.plain) == ["signal terminated received, cleaning up"]


def test_terminal_codes_before_an_event_do_not_hide_it():
    assert report_of('\x1b[2K{"message_type":"summary","files_new":1}').summary["files_new"] == 1


def test_a_windows_line_end_and_an_empty_line_are_nothing():
    assert list(report_of("said\r", "", "   ").plain) == ["said"]


def test_bytes_that_are_not_utf8_do_not_stop_the_reading():
    report = report_of(b"open /srv/caf\xe9: permission denied", {"message_type": "summary", "files_new": 2})
    assert "permission denied" in report.text
    assert report.summary["files_new"] == 2


def test_a_summary_may_leave_out_every_zero():
    assert report_of({"message_type": "summary"}).summary == {"message_type": "summary"}


def test_a_status_may_leave_out_every_zero():
    assert progress({"message_type": "status"}) == Progress(0.0, 0, 0, 0, 0, 0, None)


def test_a_skipped_backup_has_a_summary_without_a_snapshot():
    report = report_of({"message_type": "summary", "total_duration": -9223372036})
    assert "snapshot_id" not in report.summary


def test_progress_of_a_backup_is_handed_on():
    heard: list[Progress] = []
    report = Report(heard.append)
    report.take(
        b'{"message_type":"status","seconds_elapsed":1,"seconds_remaining":3,"percent_done":0.25,'
        b'"total_files":504,"files_done":2,"total_bytes":400,"bytes_done":100,"current_files":["/src/a"]}\n'
    )
    assert heard == [Progress(25.0, 100, 400, 2, 504, 1, 3)]


def test_progress_of_a_restore_has_other_names():
    event = {"message_type": "status", "percent_done": 0.5, "files_restored": 3, "bytes_restored": 9}
    assert (progress(event).files_done, progress(event).bytes_done) == (3, 9)


def test_the_remaining_time_of_a_stream_is_left_out():
    event = {"message_type": "status", "percent_done": 0, "seconds_remaining": 600_000_000_000}
    assert progress(event).seconds_remaining is None


def test_percent_never_passes_a_hundred():
    assert progress({"message_type": "status", "percent_done": 1.7}).percent == 100.0


def test_progress_that_nobody_wants_is_dropped():
    assert report_of({"message_type": "status", "percent_done": 1}).text.strip() == ""


def test_an_error_of_backup_nests_its_message():
    report = report_of(
        {
            "message_type": "error",
            "error": {"message": "/p/f: open f: permission denied"},
            "during": "archival",
            "item": "/p/f",
        }
    )
    assert report.item_errors == [ItemError("/p/f", "/p/f: open f: permission denied")]
    assert "permission denied" in report.text


def test_an_error_of_check_is_flat():
    report = report_of({"message_type": "error", "message": "pack 3483: does not exist\n"})
    assert report.item_errors == [ItemError("", "pack 3483: does not exist")]


def test_a_stack_trace_is_cut_from_the_exit_message():
    report = report_of(
        {
            "message_type": "exit_error",
            "code": 1,
            "message": "mkdir /dev/null: not a directory\ngithub.com/restic/restic/cache.New\n\tcache.go:89",
        }
    )
    assert report.exit_message == "mkdir /dev/null: not a directory"
    assert "cache.go" not in report.text


def test_a_summary_that_claims_success_does_not_hide_the_errors_before_it():
    report = report_of(
        {"message_type": "error", "error": {"message": "no space left on device"}, "item": "/f"},
        {"message_type": "summary", "total_files": 513, "files_restored": 513},
        {"message_type": "exit_error", "code": 1, "message": "There were 261 errors"},
    )
    assert report.summary["files_restored"] == 513
    assert "no space left on device" in report.text
    assert "There were 261 errors" in report.text


def test_an_event_of_a_kind_that_nobody_knows_yet_is_passed_over():
    report = report_of({"message_type": "something_new", "value": 1})
    assert (report.summary, report.text.strip()) == ({}, "")


def test_a_flood_of_plain_lines_keeps_the_last_ones():
    report = report_of(*(f"line {number}" for number in range(10_000)))
    assert report.plain[-1] == "line 9999"
    assert len(report.plain) < 1000


@pytest.mark.parametrize("text", ["", " {}", "[1]", "1", "{]", '{"a":1}'])
def test_only_an_object_with_a_message_type_is_an_event(text):
    assert parse(text) is None
