"""A command of a scope's own: what comes back of it, what it is given, and what becomes of what it starts."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from respaldo.hosts import hook, worker
from respaldo.hosts.hook import run_hook


def shell(script: str, timeout_seconds: float = 30.0, **extra: str) -> hook.Ended:
    return run_hook(("sh", "-c", script), extra, timeout_seconds)


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_exit_code_and_the_end_of_both_outputs_come_back():
    ended = shell("echo dicho; echo mal >&2; exit 3")
    assert ended == (3, False, "dicho\nmal")


def test_of_a_command_that_says_very_much_only_the_end_is_kept():
    ended = shell("seq 1 100000; echo fin")
    assert ended.said.endswith("fin")
    assert len(ended.said) <= 4000


def test_a_program_that_is_not_there_is_127_as_in_a_shell():
    ended = run_hook(("/nonexistent/program",), {}, 30)
    assert ended.exit_code == 127
    assert "/nonexistent/program" in ended.said


def test_an_argument_that_none_can_have_is_127_and_no_crash():
    assert run_hook(("echo", "a\0b"), {}, 30).exit_code == 127


def test_no_shell_reads_the_arguments():
    assert run_hook(("echo", "$HOME; *"), {}, 30).said == "$HOME; *"


def test_it_sees_what_it_is_given_and_nothing_of_airflows(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_RESPALDO_PRINCIPAL", "secreto")
    said = shell("env", RESPALDO_SCOPE="erp").said
    assert "RESPALDO_SCOPE=erp" in said
    assert "secreto" not in said


def test_a_command_that_takes_too_long_is_stopped_with_all_that_it_started(tmp_path):
    ended = shell(f"sleep 60 & echo $! > {tmp_path}/pid; wait", timeout_seconds=0.5)
    assert ended.timed_out
    assert ended.exit_code == -signal.SIGTERM
    assert not is_there(int((tmp_path / "pid").read_text()))


def test_a_command_that_ignores_the_request_to_end_is_killed(monkeypatch):
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.3)
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    ended = run_hook((sys.executable, "-c", script), {}, 1)
    assert (ended.exit_code, ended.timed_out) == (-signal.SIGKILL, True)


def test_a_service_that_it_starts_goes_on_and_keeps_nobody_waiting(tmp_path):
    began = time.monotonic()
    # It inherits the output, as a service of a careless script does.
    ended = shell(f"sleep 60 & echo $! > {tmp_path}/pid")
    pid = int((tmp_path / "pid").read_text())
    try:
        assert ended.exit_code == 0
        assert time.monotonic() - began < 10
        assert is_there(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_an_exception_in_the_waiting_thread_stops_the_command(tmp_path):
    class Asked(BaseException):
        """What a signal handler raises, as Airflow's time limit of a task does."""

    def interrupt(*_: object) -> None:
        raise Asked

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(Asked):
            shell(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not is_there(int((tmp_path / "pid").read_text()))
