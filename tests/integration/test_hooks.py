"""Commands of a scope's own around its copy, as the steps run them, with a real restic and a real report."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import PostgresServer
from hooks_kit import Place, installed, sh
from respaldo.actions import hooks as action
from respaldo.actions.inspect import inspect
from respaldo.actions.mutex import only_writer
from respaldo.cli import app
from respaldo.config.home import Home
from respaldo.domain.errors import AlreadyRunningError, SourceMissingError
from respaldo.domain.source_errors import PreCommandFailedError
from respaldo.domain.values import Run
from respaldo.flows import hooks
from respaldo.flows.failures import told, watching
from respaldo.flows.workplace import Workplace
from respaldo.report.spool import Spool
from respaldo.report.store import Report
from respaldo.texts import backup as texts
from respaldo.texts import failures as texts_of_failures

pytestmark = pytest.mark.one_restic


@pytest.fixture
def place(tmp_path, report_database, airflow_home, monkeypatch, restic):
    return installed(tmp_path, report_database, monkeypatch.setenv)


@pytest.fixture(autouse=True)
def notices(monkeypatch):
    sent = []
    monkeypatch.setattr(hooks, "send", lambda _, roles, notice: sent.append((roles, notice)))
    return sent


def test_they_run_in_order_around_the_copy_and_are_in_the_row(place, notices):
    data = place.root / "data"
    place.scope(
        pre=[sh("Uno", place.note("uno")), sh("Volcar", f"echo dos > {data}/volcado; {place.note('dos')}")],
        post=[sh("Limpiar", f"rm {data}/volcado; {place.note('tres')}"), sh("Fin", place.note("fin"))],
    )
    place.do("plan")
    assert place.calls == []
    done = place.do("execute")
    assert place.calls == ["uno", "dos", "tres", "fin"]
    # What `pre` made was saved; `post` removed it.
    assert sum(made["files"] for made in done["copies"]) == 2
    assert place.ran() == [
        ("pre", "Uno", 0),
        ("pre", "Volcar", 0),
        ("post", "Limpiar", 0),
        ("post", "Fin", 0),
    ]
    assert all({"seconds", "at"} <= set(one) for one in place.row()["console"]["hooks execute 1"])
    assert not done["warnings"]
    assert notices == []


def test_a_scope_without_any_writes_nothing_of_them(place):
    place.scope()
    place.do("plan")
    place.do("execute")
    assert not [key for key in place.row()["console"] if key.startswith("hooks")]
    assert list((place.root / "home" / "owed").glob("*")) == []


def test_a_command_before_the_copy_that_fails_is_the_cause_and_nothing_is_saved(place, caplog):
    place.scope(
        pre=[sh("Detener", "echo no se deja >&2; exit 4"), sh("Otra", place.note("otra"))],
        post=[sh("Iniciar", place.note("iniciar"))],
    )
    place.do("plan")
    with pytest.raises(PreCommandFailedError):
        place.do("execute")
    assert not (place.root / "principal" / "erp").exists()
    assert place.calls == ["iniciar"]
    row = place.row()
    assert (row["cause"], row["failed_step"]) == ("pre_command_failed", "execute")
    assert "«Detener» terminó con el código 4" in row["cause_detail"]
    assert place.ran() == [("pre", "Detener", 4), ("post", "Iniciar", 0)]
    # What it wrote is in the task's log alone: nobody knows what a script writes.
    assert "no se deja" in caplog.text
    assert "no se deja" not in json.dumps(row, default=str)


def test_a_command_before_the_copy_that_takes_too_long_is_the_cause_too(place):
    place.scope(pre=[sh("Detener", "sleep 60", timeout="1s")], post=[sh("Iniciar", place.note("iniciar"))])
    place.do("plan")
    with pytest.raises(PreCommandFailedError):
        place.do("execute")
    assert place.calls == ["iniciar"]
    [stopped, _] = place.row()["console"]["hooks execute 1"]
    assert stopped["timed_out"] is True
    assert "plazo: 1 s" in place.row()["cause_detail"]


def test_one_after_the_copy_that_fails_leaves_a_good_copy_with_a_loud_warning(place, notices, caplog):
    place.scope(post=[sh("Iniciar", "exit 7"), sh("Otra", place.note("otra"))])
    place.do("plan")
    done = place.do("execute")
    assert place.calls == ["otra"]
    assert done["copies"]
    [warning] = done["warnings"]
    assert warning.startswith("REVISE EL SERVICIO: la orden posterior «Iniciar» falló (código 7")
    assert warning in caplog.text
    [(roles, notice)] = notices
    assert roles == ("soporte",)
    assert warning in notice.text
    place.close(plan="success", execute="success")
    row = place.row()
    assert (row["state"], row["warnings"]) == ("succeeded_with_warnings", [warning])


def test_those_after_the_copy_run_when_the_copy_fails_and_its_cause_stays_the_runs(place, notices):
    place.scope(
        pre=[sh("Quitar", f"rm -r {place.root}/data")],
        post=[sh("Iniciar", f"{place.note('iniciar')}; exit 1")],
    )
    place.do("plan")
    with pytest.raises(SourceMissingError):
        place.do("execute")
    row = place.row()
    assert (place.calls, row["cause"]) == (["iniciar"], "source_missing")
    assert len(row["warnings"]) == len(notices) == 1


def test_what_a_command_prepares_need_not_be_there_when_the_run_is_planned(place):
    """As the mounted snapshot of a volume, which is there between ``pre`` and ``post`` only."""
    mounted = place.root / "instantanea"
    place.scope(
        source={"kind": "files", "paths": [str(mounted)]},
        pre=[sh("Tomar", f"cp -r {place.root}/data {mounted}")],
        post=[sh("Retirar", f"rm -r {mounted}")],
    )
    place.do("plan")
    place.do("execute")
    evidence = place.do("verify")["evidence"]
    assert not mounted.exists()
    assert {one["method"] for one in evidence} >= {"structure", "sample"}


def killed(place: Place) -> None:
    """Do ``execute`` in a process of its own, and kill it while a command of the scope runs."""
    began = place.root / "began"
    child = os.fork()
    if child == 0:
        try:
            place.do("execute")
        finally:
            os._exit(0)
    deadline = time.monotonic() + 60
    while not began.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert began.exists(), "it never began"


def stopping(place: Place) -> None:
    """A scope whose first attempt waits before its copy, until it is killed."""
    began = place.root / "began"
    first = f"{place.note('detener')}; touch {began}; exec sleep 60"
    wait = f"test -e {began} || {{ {first}; }}; {place.note('listo')}"
    place.scope(pre=[sh("Detener", wait)], post=[sh("Iniciar", place.note("iniciar"))])


def test_what_a_killed_attempt_owes_is_run_by_the_next_before_anything_else(place):
    stopping(place)
    place.do("plan")
    killed(place)
    assert place.calls == ["detener"]
    place.do("execute", attempt=2)
    assert place.calls == ["detener", "iniciar", "listo", "iniciar"]
    ran = place.row()["console"]["hooks execute 2"]
    assert [(one["when"], "owed_by" in one) for one in ran] == [
        ("post", True),
        ("pre", False),
        ("post", False),
    ]


def test_what_a_killed_run_owes_is_run_when_its_row_is_closed(place, caplog):
    stopping(place)
    place.do("plan")
    killed(place)
    # The scope's file may have been broken since: what is owed is what it said before.
    (place.root / "config" / "scopes" / "erp.yaml").write_text("name: roto\n")
    place.close(plan="success", execute="failed")
    assert place.calls == ["detener", "iniciar"]
    assert place.ran("hooks record 1") == [("post", "Iniciar", 0)]
    assert (place.row()["state"], texts.HOOKS_LATE in caplog.text) == ("interrupted", True)
    place.close(plan="success", execute="failed")
    assert place.calls == ["detener", "iniciar"]


def test_what_a_run_owes_that_somebody_ended_as_a_whole_is_run_by_the_watch(place, monkeypatch):
    stopping(place)
    place.do("plan")
    killed(place)
    monkeypatch.setattr(watching, "state_of", lambda *_: "failed")
    report = Report(place.database, Spool(place.root / "spool"))
    [run] = [one for one in report.unfinished() if one.scope_id == "erp"]
    # The watch is a run of its own, of no scope.
    work = Workplace.of("", place.context("look", run_id="uno", states={"execute": "failed"}))
    assert watching._close_if_lost(work, run)
    assert place.calls == ["detener", "iniciar"]
    assert (place.row()["state"], place.row()["cause"]) == ("interrupted", "cancelled")
    assert place.ran("hooks record 1") == [("post", "Iniciar", 0)]


def test_what_a_run_owes_is_run_by_the_scopes_next_if_nobody_did_before(place):
    stopping(place)
    place.do("plan")
    killed(place)
    place.do("plan", run_id="dos")
    place.close(run_id="dos", plan="failed")
    assert place.calls == ["detener"]
    place.do("execute", run_id="dos")
    assert place.calls == ["detener", "iniciar", "listo", "iniciar"]


def test_what_a_run_owes_is_not_run_while_something_of_it_still_works(place, monkeypatch, caplog):
    stopping(place)
    place.do("plan")
    killed(place)
    monkeypatch.setattr("respaldo.actions.mutex._PATIENCE_SECONDS", 0.1)
    home = Home(place.root / "home")
    with only_writer(home, "erp"):
        with pytest.raises(AlreadyRunningError):
            action.settle(home, Run(dag_id="backup__erp", run_id="uno", scope_id="erp"), [], nullcontext)
        place.close(plan="success", execute="failed")
    assert place.calls == ["detener"]
    assert "siguen pendientes" in caplog.text
    assert place.row()["state"] == "interrupted"


class Asked(BaseException):
    """What a signal handler raises in the main thread, as Airflow's time limit of a task does."""


def test_they_run_after_a_time_limit_of_the_task_too(place):
    place.scope(pre=[sh("Esperar", "sleep 60")], post=[sh("Iniciar", place.note("iniciar"))])
    place.do("plan")

    def interrupt(*_: object) -> None:
        raise Asked

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.5)
    try:
        with pytest.raises(Asked):
            place.do("execute")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert place.calls == ["iniciar"]


@pytest.fixture
def service(postgres_server):
    """A server that one may stop, and the command line of what starts and stops it."""
    folder = Path(tempfile.mkdtemp(prefix="respaldo-pg-", dir="/tmp"))
    server = PostgresServer(folder=folder, bin=postgres_server.bin)
    server.initialize()
    control = ["setpriv", *(server.as_server or ["--no-new-privs"]), str(server.bin / "pg_ctl")]
    control += ["-w", "-D", str(folder / "data"), "-l", str(folder / "data" / "log")]
    control += ["-o", f"-k {server.sockets} -c listen_addresses= -c fsync=off"]
    subprocess.run([*control, "start"], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    yield server, control
    subprocess.run([*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd=folder, check=False)
    shutil.rmtree(folder)


def test_a_service_is_down_while_its_files_are_saved_and_up_again_afterwards(place, service):
    server, control = service
    server.run_sql("CREATE TABLE libro (n int)")
    place.scope(
        source={"kind": "files", "paths": [str(server.folder / "data")]},
        pre=[{"name": "Detener", "run": [*control, "-m", "fast", "stop"]}],
        post=[{"name": "Iniciar", "run": [*control, "start"]}],
    )
    place.do("plan")
    done = place.do("execute")
    assert place.ran() == [("pre", "Detener", 0), ("post", "Iniciar", 0)]
    server.run_sql("INSERT INTO libro VALUES (1)")
    [made] = done["copies"]
    repository = Workplace.of("erp", place.context("execute")).job().first
    repository.restore(made["snapshot_id"], place.root / "restored")
    data = Path(f"{place.root}/restored{server.folder}/data")
    assert not (data / "postmaster.pid").exists()
    said = subprocess.run([server.bin / "pg_controldata", data], capture_output=True, text=True, check=True)
    assert re.search(r"cluster state: +shut down\n", said.stdout)


def test_what_the_watch_runs_adds_to_what_the_closed_run_had_warned_of_and_each_round_is_kept(
    place, notices, monkeypatch
):
    place.scope(post=[sh("Iniciar", "exit 3")])
    place.do("plan")
    [first] = place.do("execute")["warnings"]
    place.close(plan="success", execute="success")
    monkeypatch.setattr(hooks, "is_under_way", lambda *_: False)
    work, path = Workplace.of("", place.context("look")), place.root / "home" / "owed" / "erp.json"
    run = Run(dag_id="backup__erp", run_id="uno", scope_id="erp")
    for name in ("Limpiar", "Avisar"):
        owed = {"run_key": run.key, "scope_id": "erp", "dag_id": run.dag_id, "run_id": run.run_id}
        path.write_text(json.dumps(owed | {"post": [sh(name, "exit 4")]}))
        hooks.settle_later(work)
    warned = place.row()["warnings"]
    assert warned[0] == first
    assert [name for one in warned for name in ("Iniciar", "Limpiar", "Avisar") if name in one] == [
        "Iniciar",
        "Limpiar",
        "Avisar",
    ]
    assert place.ran("hooks watch 1") == [("post", "Limpiar", 4)]
    assert place.ran("hooks watch 2") == [("post", "Avisar", 4)]


def test_the_analysis_of_a_failure_takes_what_is_prepared_before_each_copy_for_no_cause(place):
    """A snapshot of a volume is there only while it is copied."""
    source = {"kind": "files", "paths": [str(place.root / "snapshot")]}
    place.scope(source=source)
    found = []
    inspect(Workplace.of("erp", place.context("look")).job(), found.append)
    assert [one.cause for one in found if one.of == "source"] == ["source_missing"]
    place.scope(source=source, pre=[sh("Preparar", "true")])
    found.clear()
    inspect(Workplace.of("erp", place.context("look")).job(), found.append)
    [looked] = [one for one in found if one.of == "source"]
    assert looked.cause is None
    assert texts_of_failures.PREPARED in told.probes((looked,))


def test_the_analysis_of_a_failure_says_nothing_of_disks_that_only_the_scopes_own_worker_has(place):
    place.scope(source={"kind": "files", "paths": [str(place.root / "not here")]}, queue="sede")
    found = []
    inspect(Workplace.of("erp", place.context("look")).job(), found.append, is_elsewhere=True)
    assert [one.of for one in found] == ["worker", "source", "repository"]
    assert [(one.cause, one.is_elsewhere) for one in found[1:]] == [(None, True)] * 2
    assert told.probes(tuple(found[1:])).count(texts_of_failures.ELSEWHERE) == 2


def test_where_there_are_several_workers_lint_wants_one_for_a_scope_that_can_owe_something(
    place, monkeypatch
):
    place.scope(post=[sh("Iniciar", "true")])
    assert "queue" not in CliRunner().invoke(app, ["lint"]).output
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor,CeleryExecutor")
    done = CliRunner().invoke(app, ["lint"])
    assert "erp.yaml:1: queue: un alcance con «post» necesita una «queue»" in done.output
    # Containers of one machine, with one home, are as one worker.
    monkeypatch.setenv("RESPALDO_HOME_SHARED", "yes")
    assert "queue" not in CliRunner().invoke(app, ["lint"]).output
    monkeypatch.delenv("RESPALDO_HOME_SHARED")
    place.scope(post=[sh("Iniciar", "true")], queue="erp")
    assert "queue" not in CliRunner().invoke(app, ["lint"]).output
