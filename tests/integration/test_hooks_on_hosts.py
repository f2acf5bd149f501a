"""Commands of a scope whose data are on a machine run there: a real SSH server that goes and comes."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest

from conftest import ensured
from hooks_kit import Place, installed, sh
from respaldo.domain.errors import SourceMissingError
from respaldo.domain.host_errors import HostToolsError, HostUnreachableError
from respaldo.domain.source_errors import PreCommandFailedError
from respaldo.flows import hooks
from respaldo.flows.failures import watching
from respaldo.flows.workplace import Workplace
from respaldo.texts import backup as texts
from sshd_kit import SshServer, ssh_server

pytestmark = [pytest.mark.one_restic, pytest.mark.timeout(180)]


class Machine:
    """A machine that can be switched off and on: its SSH server, and all that it had begun."""

    def __init__(self, server: SshServer) -> None:
        self.server = server
        self.calls = server.files / "calls"
        self._started: list[subprocess.Popen] = []

    def off(self) -> None:
        for one in psutil.process_iter(["cmdline"]):
            if one.info["cmdline"] and str(self.server.folder / "config") in one.info["cmdline"]:
                for process in (one, *one.children(recursive=True)):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                one.wait(10)

    def on(self) -> None:
        sshd = ["/usr/sbin/sshd", "-D", "-e", "-f", str(self.server.folder / "config")]
        with (self.server.folder / "log").open("ab") as log:
            self._started.append(subprocess.Popen(sshd, stderr=log))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection((self.server.address, self.server.port), 1).close()
                return
            time.sleep(0.05)
        pytest.fail("it does not come back")

    def end(self) -> None:
        self.off()
        for one in self._started:
            one.wait(10)

    def note(self, word: str) -> str:
        return f"echo {word} $(id -un) >> {self.calls}"

    @property
    def said(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def machine():
    with ssh_server() as server:
        data = server.files / "datos"
        data.mkdir()
        (data / "libro.csv").write_text("uno\n")
        subprocess.run(["chown", "-R", server.user, server.files], check=True)
        machine = Machine(server)
        try:
            yield machine
        finally:
            machine.end()


@pytest.fixture
def place(tmp_path, report_database, airflow_home, monkeypatch, restic, machine):
    server = machine.server
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{Path(ensured('restic-rest-server')).parent}")
    connection = {
        "conn_type": "ssh", "host": server.address, "port": server.port, "login": server.user,
        "password": server.password, "extra": {"host_key": server.host_key},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_ARCHIVO", json.dumps(connection))
    return installed(tmp_path, report_database, monkeypatch.setenv)


@pytest.fixture(autouse=True)
def notices(monkeypatch):
    sent = []
    monkeypatch.setattr(hooks, "send", lambda *told: sent.append(told[-1]))
    return sent


def scope(place: Place, machine: Machine, **changes: object) -> None:
    paths = changes.pop("paths", [str(machine.server.files / "datos")])
    place.scope(source={"kind": "files", "host": "archivo", "paths": paths}, **changes)


def owed(place: Place) -> list[Path]:
    return list((place.root / "home" / "owed").glob("*.json"))


def test_they_run_on_the_machine_in_order_and_one_that_says_so_on_the_worker(place, machine, notices):
    user = machine.server.user
    told = f"echo $RESPALDO_SCOPE $RESPALDO_WHEN $(nice) ${{TMPDIR-none}} >> {machine.calls}"
    scope(
        place,
        machine,
        pre=[
            sh("Volcar", f"echo dos > {machine.server.files}/datos/volcado; {machine.note('volcar')}"),
            sh("Aquí", place.note("$(id -un)"), at="worker"),
        ],
        post=[
            sh("Limpiar", f"rm {machine.server.files}/datos/volcado; {machine.note('limpiar')}"),
            sh("Y", told),
        ],
    )
    place.do("plan")
    assert machine.said == []
    done = place.do("execute")
    assert machine.said == [f"volcar {user}", f"limpiar {user}", f"erp post {os.nice(0)} none"]
    assert place.calls == ["root"]
    assert sum(made["files"] for made in done["copies"]) == 2
    ran = place.row()["console"]["hooks execute 1"]
    assert [(one["name"], one.get("host")) for one in ran] == [
        ("Volcar", "archivo"),
        ("Aquí", None),
        ("Limpiar", "archivo"),
        ("Y", "archivo"),
    ]
    assert (notices, owed(place)) == ([], [])


def test_one_before_the_copy_that_fails_there_is_the_cause_with_what_it_wrote_in_the_log(
    place, machine, caplog
):
    scope(
        place,
        machine,
        pre=[sh("Detener", "echo no se deja >&2; exit 4")],
        post=[sh("Iniciar", machine.note("iniciar"))],
    )
    place.do("plan")
    with pytest.raises(PreCommandFailedError) as error:
        place.do("execute")
    assert error.value.facts["exit_code"] == "4"
    assert "no se deja" in caplog.text
    assert len(machine.said) == 1
    assert not (place.root / "principal" / "erp").exists()


def test_a_program_that_is_not_there_and_one_that_takes_too_long_end_as_on_a_worker(place, machine):
    slow = sh("Lenta", "trap 'exit 143' TERM; sleep 60 & wait", timeout="1s")
    none = {"name": "Ninguna", "run": ["/no/hay"]}
    scope(place, machine, post=[none, slow, {"name": "Rara", "run": ["printf", "%s", "$HOME; *"]}])
    place.do("plan")
    done = place.do("execute")
    assert [(name, code) for _, name, code in place.ran()] == [("Ninguna", 127), ("Lenta", -15), ("Rara", 0)]
    assert place.row()["console"]["hooks execute 1"][1]["timed_out"] is True
    assert len(done["warnings"]) == 2


def test_what_a_command_there_leaves_running_is_not_waited_for_and_stays(place, machine):
    pid = machine.server.files / "pid"
    started = sh("Iniciar", f"sleep 301 & echo $! > {pid}")
    scope(place, machine, post=[started])
    place.do("plan")
    began = time.monotonic()
    place.do("execute")
    assert time.monotonic() - began < 45
    process = psutil.Process(int(pid.read_text()))
    try:
        # The keeper ended what was its own long ago.
        time.sleep(2)
        assert process.status() == psutil.STATUS_SLEEPING
        assert process.username() == machine.server.user
    finally:
        process.kill()


def test_those_after_the_copy_run_there_when_the_copy_fails(place, machine):
    scope(
        place,
        machine,
        paths=["/no/hay"],
        pre=[sh("Detener", machine.note("detener"))],
        post=[sh("Iniciar", machine.note("iniciar"))],
    )
    place.do("plan")
    with pytest.raises(SourceMissingError):
        place.do("execute")
    assert [line.split()[0] for line in machine.said] == ["detener", "iniciar"]


def test_a_machine_that_cannot_be_reached_at_all_is_the_cause_and_nothing_is_owed(place, machine, notices):
    scope(place, machine, pre=[sh("Detener", "true")], post=[sh("Iniciar", "true")])
    place.do("plan")
    machine.off()
    with pytest.raises(HostUnreachableError):
        place.do("execute")
    assert (place.row()["cause"], owed(place), notices) == ("host_unreachable", [], [])


def test_a_machine_without_such_a_shell_has_nothing_stopped(place, machine, monkeypatch):
    connection = json.loads(os.environ["AIRFLOW_CONN_ARCHIVO"])
    connection["extra"]["respaldo"] = {"platform": "windows"}
    scope(place, machine, pre=[sh("Aquí", place.note("aqui"), at="worker")], post=[sh("Iniciar", "true")])
    place.do("plan")
    monkeypatch.setenv("AIRFLOW_CONN_ARCHIVO", json.dumps(connection))
    with pytest.raises(HostToolsError):
        place.do("execute")
    assert (place.calls, owed(place)) == ([], [])


def test_a_machine_that_is_lost_while_a_command_runs_there_has_it_run_again(place, machine, notices):
    began = machine.server.files / "empezo"
    first = f"test -e {began} || {{ touch {began}; sleep 60; }}"
    slow = f"{machine.note('iniciar')}; {first}; {machine.note('listo')}"
    scope(place, machine, post=[sh("Iniciar", slow)])
    place.do("plan")

    def lose() -> None:
        while not began.exists():
            time.sleep(0.05)
        machine.off()

    losing = threading.Thread(target=lose, daemon=True)
    losing.start()
    done = place.do("execute")
    losing.join()
    # The copy is good, and says what is still to be done.
    assert done["copies"]
    assert done["warnings"] == [texts.POST_OWED.format(name="Iniciar", host="archivo")]
    machine.on()
    place.close(plan="success", execute="success")
    assert [line.split()[0] for line in machine.said] == ["iniciar", "iniciar", "listo"]
    assert (owed(place), len(notices)) == ([], 2)


def stopped_and_lost(place: Place, machine: Machine) -> None:
    """Have a service there stopped for the copy, and the machine lost before it is started again."""
    wait = machine.server.files / "espera"
    scope(
        place,
        machine,
        pre=[sh("Detener", machine.note("detener")), sh("Esperar", f"touch {wait}; sleep 2", at="worker")],
        post=[sh("Iniciar", machine.note("iniciar")), sh("Aquí", place.note("aqui"), at="worker")],
    )
    place.do("plan")

    def lose() -> None:
        deadline = time.monotonic() + 60
        while not wait.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        machine.off()

    losing = threading.Thread(target=lose)
    losing.start()
    with pytest.raises(HostUnreachableError):
        place.do("execute")
    losing.join()
    assert [line.split()[0] for line in machine.said] == ["detener"]


def test_what_a_lost_machine_is_owed_is_told_once_and_run_once_when_the_next_attempt_reaches_it(
    place, machine, notices
):
    stopped_and_lost(place, machine)
    # What belongs on the worker has run; the rest is kept with the machine's name.
    assert place.calls == ["aqui"]
    [path] = owed(place)
    kept = json.loads(path.read_text())
    assert ([one["name"] for one in kept["post"]], kept["host"]) == (["Iniciar"], "archivo")
    warning = texts.POST_OWED.format(name="Iniciar", host="archivo")
    assert place.row()["warnings"] == [warning]
    [notice] = notices
    assert warning in notice.text
    # Nothing is stopped anew while that is owed.
    with pytest.raises(HostUnreachableError):
        place.do("execute", attempt=2)
    assert len(notices) == 1
    machine.on()
    place.do("execute", attempt=3)
    assert [line.split()[0] for line in machine.said] == ["detener", "iniciar", "detener", "iniciar"]
    ran = place.row()["console"]["hooks execute 3"]
    assert (ran[0]["when"], ran[0]["name"], ran[0]["is_owed"]) == ("post", "Iniciar", False)
    assert notices[1].subject == texts.POST_PAID_SUBJECT.format(name="ERP")
    assert owed(place) == []


def test_what_a_lost_machine_is_owed_by_a_run_that_is_closed_is_run_by_the_watch(
    place, machine, notices, monkeypatch, caplog
):
    stopped_and_lost(place, machine)
    place.close(plan="success", execute="failed")
    assert "siguen pendientes" in caplog.text
    assert len(notices) == 1
    states = iter(["running", "failed", "failed", "failed"])
    monkeypatch.setattr(hooks, "is_under_way", lambda *_: next(states) == "running")
    work = Workplace.of("", place.context("look"))

    def look() -> None:
        hooks.settle_later(work)

    machine.on()
    # Not while the run may still do it itself.
    look()
    assert len(owed(place)) == 1
    machine.off()
    look()
    assert len(owed(place)) == 1
    machine.on()
    watching.look(work)
    look()
    assert [line.split()[0] for line in machine.said] == ["detener", "iniciar"]
    assert place.ran("hooks watch 1") == [("post", "Iniciar", 0)]
    assert len(notices) == 2
    assert owed(place) == []


@pytest.mark.parametrize("gone", ["connection", "moved"])
def test_what_is_owed_to_a_machine_that_is_there_no_more_is_told_and_stops_no_copy(
    place, machine, notices, monkeypatch, gone
):
    stopped_and_lost(place, machine)
    if gone == "connection":
        monkeypatch.delenv("AIRFLOW_CONN_ARCHIVO")
    place.scope(post=[sh("Seguir", place.note("seguir"))])
    place.do("plan", run_id="dos")
    done = place.do("execute", run_id="dos")
    assert done["copies"]
    assert place.calls == ["aqui", "seguir"]
    assert owed(place) == []
    assert texts.POST_FAILED.format(name="Iniciar", exit_code=255, seconds=0.0) in notices[-1].text


def test_what_is_owed_and_cannot_be_read_is_set_aside_and_told_and_stops_no_copy(place, machine, notices):
    stopped_and_lost(place, machine)
    [path] = owed(place)
    machine.on()
    path.write_text('{"run_key": "de otra época"}')
    place.close(plan="success", execute="failed")
    scope(place, machine)
    place.do("plan", run_id="dos")
    assert place.do("execute", run_id="dos")["copies"]
    assert owed(place) == []
    aside = path.with_suffix(".unreadable")
    assert "de otra época" in aside.read_text()
    assert str(aside) in notices[-1].text
