"""A command on this worker: what reaches it, and that nothing of it outlives the one who asked for it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from respaldo.domain.errors import TimedOutError, ToolMissingError
from respaldo.hosts import worker
from respaldo.hosts.worker import Command, run

pytestmark = pytest.mark.timeout(60)

SECRET = "correct horse battery staple"


def outcome(command: Command, **options) -> tuple[int, str, str]:
    output, error = bytearray(), bytearray()
    code = run(command, on_output=output.extend, on_error=error.extend, **options)
    return code, output.decode(), error.decode()


def shell(script: str, *arguments, env=None) -> Command:
    return Command(("sh", "-c", script, "sh", *arguments), env or {})


def python(script: str, *arguments) -> Command:
    return Command((sys.executable, "-c", script, *arguments))


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def wait_for(condition, seconds=10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def pids_in(file: Path, number: int) -> list[int]:
    """Wait until as many processes have written their ids into a file, and give them."""
    assert wait_for(lambda: file.exists() and len(file.read_text().split()) == number)
    return [int(word) for word in file.read_text().split()]


# --- what reaches the command


def test_lines_exit_code_and_both_pipes_come_back():
    lines: list[bytes] = []
    errors: list[bytes] = []
    code = run(
        shell("echo one; echo two; echo bad >&2; exit 7"), on_output=lines.append, on_error=errors.append
    )
    assert (code, lines, errors) == (7, [b"one\n", b"two\n"], [b"bad\n"])


def test_a_command_that_a_signal_killed_gives_its_negative_number():
    assert outcome(shell("kill -KILL $$"))[0] == -signal.SIGKILL


def test_a_secret_argument_is_neither_in_the_arguments_nor_in_the_environment():
    code, seen, _ = outcome(shell("tr '\\0' '\\n' </proc/$$/cmdline; env; cat $1", SecretStr(SECRET)))
    assert code == 0
    assert seen.endswith(SECRET)
    assert seen.count(SECRET) == 1


def test_a_secret_variable_is_a_path_and_not_the_secret():
    command = shell("env; tr '\\0' '\\n' </proc/$$/cmdline; cat $KEY", env={"KEY": SecretStr(SECRET)})
    seen = outcome(command)[1]
    assert "KEY=/dev/fd/" in seen
    assert seen.endswith(SECRET)
    assert seen.count(SECRET) == 1


def test_a_secret_argument_can_be_read_once():
    assert outcome(shell("cat $1; cat $1; cat $1", SecretStr(SECRET)))[1] == SECRET


def test_a_secret_variable_is_a_regular_file_of_its_owner_that_can_be_read_again():
    script = "stat -L -c '%F %a %h' $KEY; cat $KEY; cat $KEY"
    seen = outcome(shell(script, env={"KEY": SecretStr(SECRET)}))[1]
    assert seen == f"regular file 600 0\n{SECRET}{SECRET}"


def test_two_secrets_are_not_mixed_up():
    command = shell(
        "cat $1; echo; cat $2; echo; cat $KEY",
        SecretStr("first"),
        SecretStr("second"),
        env={"KEY": SecretStr("third")},
    )
    assert outcome(command)[1].split() == ["first", "second", "third"]


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_no_descriptor_of_a_secret_stays_open_in_this_process():
    before = open_descriptors()
    outcome(shell("cat $1 $KEY", SecretStr("a"), env={"KEY": SecretStr("b")}))
    with pytest.raises(ToolMissingError):
        outcome(Command(("no-such-program-at-all", SecretStr("a"))))
    assert open_descriptors() == before


def test_the_environment_of_this_process_is_not_passed_on(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_ERP", "postgres://u:secret@h/d")
    monkeypatch.setenv("RESTIC_PASSWORD", "other")
    seen = outcome(Command(("env",), {"MINE": "1"}))[1].splitlines()
    assert "MINE=1" in seen
    assert f"PATH={os.environ['PATH']}" in seen
    assert not [line for line in seen if line.startswith(("AIRFLOW", "RESTIC"))]


def test_a_command_has_no_input_to_wait_for():
    assert outcome(Command(("cat",)))[:2] == (0, "")


def test_a_command_reads_from_the_descriptor_that_it_is_given(tmp_path):
    given = tmp_path / "given"
    given.write_text("fed")
    with given.open() as file:
        assert outcome(shell("cat"), stdin=file.fileno()) == (0, "fed", "")


def test_a_descriptor_that_is_kept_open_lasts_as_long_as_the_command(tmp_path):
    held = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    os.write(held, b"held")
    try:
        assert outcome(shell(f"cat /proc/self/fd/{held}"), keep_open=(held,))[1] == "held"
    finally:
        os.close(held)


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(ToolMissingError) as caught:
        outcome(Command(("no-such-program-at-all",)))
    assert caught.value.facts == {"tool": "no-such-program-at-all"}


# --- pipes


FLOOD = """
import sys, threading
def flood(stream, letter):
    for _ in range(200):
        stream.write(letter * 99_999 + b"\\n")
threads = [
    threading.Thread(target=flood, args=pair)
    for pair in ((sys.stdout.buffer, b"o"), (sys.stderr.buffer, b"e"))
]
[t.start() for t in threads]
[t.join() for t in threads]
"""


@pytest.mark.parametrize("by_line", [True, False])
def test_both_pipes_may_be_flooded_at_once(by_line):
    code, output, error = outcome(python(FLOOD), by_line=by_line)
    assert code == 0
    assert output == ("o" * 99_999 + "\n") * 200
    assert error == ("e" * 99_999 + "\n") * 200


def test_a_receiver_that_raises_does_not_stop_the_command_and_is_told(tmp_path):
    def refuse(line: bytes) -> None:
        raise ValueError(line)

    done = tmp_path / "done"
    with pytest.raises(ValueError, match="first"):
        run(
            shell(f"echo first; seq 200000; touch {done}"),
            on_output=refuse,
            on_error=lambda _: None,
        )
    assert done.exists()


def test_a_slow_receiver_gets_all_that_was_said():
    received = bytearray()

    def slowly(block: bytes) -> None:
        time.sleep(0.02)
        received.extend(block)

    run(shell("head -c 3000000 /dev/zero"), on_output=slowly, on_error=lambda _: None, by_line=False)
    assert len(received) == 3_000_000


def test_output_that_was_not_taken_over_in_time_is_no_success(monkeypatch):
    monkeypatch.setattr(worker, "_DRAIN_SECONDS", 0.2)
    with pytest.raises(TimedOutError):
        run(shell("echo all"), on_output=lambda _: time.sleep(2), on_error=lambda _: None)


# --- its end


def test_a_command_that_takes_too_long_is_stopped(tmp_path):
    pids = tmp_path / "pids"
    started = time.monotonic()
    with pytest.raises(TimedOutError) as caught:
        outcome(shell(f"sleep 600 & echo $$ $! >{pids}; wait"), timeout_seconds=1)
    assert caught.value.facts == {"program": "sh", "seconds": "1"}
    assert time.monotonic() - started < 10
    assert all(map(is_gone, pids_in(pids, 2)))


def test_a_command_that_nobody_wants_any_more_is_stopped():
    code, _, _ = outcome(Command(("sleep", "600")), should_stop=lambda: True)
    assert code == -signal.SIGTERM


def test_a_command_may_clean_up_when_it_is_stopped(tmp_path):
    marks = tmp_path / "marks"
    script = f"trap 'echo cleaned >>{marks}; exit 3' TERM; echo ready >{marks}; while :; do sleep 0.1; done"
    assert outcome(shell(script), should_stop=lambda: marks.exists() and bool(marks.read_text()))[0] == 3
    assert marks.read_text().split() == ["ready", "cleaned"]


def test_a_command_that_ignores_the_request_to_end_is_killed(monkeypatch):
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.5)
    ignoring = python(
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(99)"
    )
    ready = threading.Event()
    code = run(
        ignoring, on_output=lambda _: ready.set(), on_error=lambda _: None, should_stop=lambda: ready.is_set()
    )
    assert code == -signal.SIGKILL


def test_what_a_command_left_behind_ends_with_it(tmp_path):
    pids = tmp_path / "pids"
    code, _, _ = outcome(shell(f"sleep 600 & echo $! >{pids}; kill -KILL $$"))
    assert code == -signal.SIGKILL
    assert wait_for(lambda: is_gone(pids_in(pids, 1)[0]))


class Interruption(BaseException):
    """What a signal handler raises in the main thread, as Airflow's time limit of a task does."""


def test_an_exception_in_the_waiting_thread_stops_the_command(tmp_path):
    pids = tmp_path / "pids"

    def interrupt(*_: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with pytest.raises(Interruption):
            outcome(shell(f"sleep 600 & echo $$ $! >{pids}; wait"))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(map(is_gone, pids_in(pids, 2)))


PARENT = """
import sys
from respaldo.hosts.worker import Command, run
run(Command(("sh", "-c", sys.argv[1])), on_output=lambda _: None, on_error=lambda _: None)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_command_and_what_it_started_end_when_the_parent_is_killed(tmp_path, number):
    pids = tmp_path / "pids"
    # As restic does: it ends what it started when it is asked to end. What was forked a moment ago would not
    # hear it, so it tells itself that it is there.
    script = f"trap 'kill $!; exit' TERM; sh -c 'echo $$ >>{pids}; exec sleep 600' & echo $$ >>{pids}; wait"
    parent = subprocess.Popen(
        (sys.executable, "-c", PARENT, script),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        command_and_started = pids_in(pids, 2)
        parent.send_signal(number)
        parent.wait(10)
        assert wait_for(lambda: all(map(is_gone, command_and_started)))
    finally:
        with contextlib.suppress(ProcessLookupError):
            parent.kill()
