"""Copies that another product makes, under a live scheduler: what its console says, and what comes of it."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest

from live_kit import wait_until
from manual_kit import Answer, People, Waiting
from respaldo.domain.values import Run
from respaldo.texts.failures import CHOICES
from sshd_kit import ssh_server

# The first test waits for the installation to start.
pytestmark = pytest.mark.timeout(900)

NOW = datetime.now(UTC)
COLUMNS = ("job", "result", "start", "end", "size", "files", "message")


def line(result: str, hours_ago: float, *, ends: bool = True, message: str = "") -> tuple[str, ...]:
    started = NOW - timedelta(hours=hours_ago)
    end = (started + timedelta(minutes=40)).isoformat() if ends else ""
    return ("nomina", result, started.isoformat(), end, "2,5 GB", "1200", message)


def write(path, *lines: tuple[str, ...]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.parent.chmod(0o755)
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([COLUMNS, *lines])


RECORDS = {
    "externo_bueno": (line("Success", 30), line("Success", 5), line("Running", 0.2, ends=False)),
    "externo_viejo": (line("Success", 80),),
    "externo_fallo": (line("Success", 30), line("Failed", 5, message="Disco lleno")),
    "externo_ilegible": (line("Perfecto", 5),),
}


class Consoles:
    """One night of all scopes, and the re-run that the analysis of a failure begins."""

    def __init__(self, live):
        for scope, lines in RECORDS.items():
            write(live.home / "consoles" / f"{scope}.csv", *lines)
        self.outcomes = live.finish_all(tuple(RECORDS))
        failed_key = self.outcomes["externo_ilegible"].row["run_key"]
        wait_until(lambda: self.probed(live, failed_key), "what the analysis found", 0.5)
        write(live.home / "consoles" / "externo_ilegible.csv", line("Success", 5))
        self.again = self.rerun(live, failed_key)

    def probed(self, live, failed_key: str):
        return ((live.report.incident(failed_key) or {}).get("evidence") or {}).get("probes")

    def rerun(self, live, failed_key: str):
        analysis = Run(dag_id="failure_analysis", run_id=f"failure__{failed_key}", scope_id="")
        given = {"corrective": "Se corrigió el registro", "cause": "as_found"}
        decided = Answer(
            "decide", "soporte", CHOICES["rerun"], given | {"repair": False, "accept_shrink": False}
        )
        People(live).serve([Waiting(analysis, {"decide": [decided]})])
        asked = "SELECT run_id FROM respaldo.fm007 WHERE rerun_of = %s"
        wait_until(lambda: live.sql("respaldo", asked, failed_key), "the re-run", 0.5)
        [(run_id,)] = live.sql("respaldo", asked, failed_key)
        again = Run(dag_id="backup__externo_ilegible", run_id=run_id, scope_id="externo_ilegible")
        return live.finish(again)


@pytest.fixture(scope="module")
def consoles(live):
    return Consoles(live)


def red(outcome, step: str, cause: str) -> dict:
    assert outcome.state == "failed"
    assert (outcome.tasks[step], outcome.tasks["record"], outcome.tasks["watcher"]) == (
        "failed", "success", "failed",
    )  # fmt: skip
    assert outcome.tries[step] == 1
    row = outcome.row
    assert (row["state"], row["cause"], row["failed_step"]) == ("failed", cause, step)
    assert row["ended_at"] > NOW
    assert row["corrective"]
    return row


def test_a_copy_that_another_product_made_has_its_row(consoles, live):
    outcome = consoles.outcomes["externo_bueno"]
    assert outcome.state == "success"
    row = outcome.row
    assert (row["state"], row["mode"], row["source_kind"]) == ("succeeded", "software", "external")
    assert (row["source"], row["site"], row["medium"]) == ("Veeam", "Sede alterna", "disco")
    assert row["started_at"] == NOW - timedelta(hours=5)
    assert row["ended_at"] == NOW - timedelta(hours=5) + timedelta(minutes=40)
    assert (row["size_bytes"], row["files"]) == (int(2.5 * 1024**3), 1200)
    assert (row["verification_result"], row["verification_methods"]) == ("good", ["console"])
    read = row["console"]["inspect"]
    assert (read["newest"]["result"], read["entries"]) == ("Success", 3)
    assert "nomina;Success" in read["newest"]["raw"]
    assert read["running"]["outcome"] == "running"
    assert "en curso" in row["observations"]
    assert not row["copies"]
    assert live.report.last_good("externo_bueno").size_bytes == row["size_bytes"]


def test_a_console_record_that_cannot_be_read_is_red(consoles):
    row = red(consoles.outcomes["externo_ilegible"], "inspect", "console_unreadable")
    assert "«Perfecto» (entrada 2)" in row["cause_detail"]
    assert row["verification_result"] == "not_done"


def test_a_copy_older_than_its_rpo_is_red(consoles):
    row = red(consoles.outcomes["externo_viejo"], "verify", "console_stale")
    assert "3d 7h" in row["cause_detail"]
    assert row["verification_result"] == "bad"


def test_a_copy_that_the_console_says_failed_is_red(consoles):
    row = red(consoles.outcomes["externo_fallo"], "verify", "console_failed")
    assert "«Failed: Disco lleno»" in row["cause_detail"]
    assert row["console"]["inspect"]["newest"]["outcome"] == "failed"


def test_what_was_corrected_is_read_again_by_the_analysis(consoles, live):
    failed, again = consoles.outcomes["externo_ilegible"].row, consoles.again
    assert (again.state, again.row["state"]) == ("success", "succeeded")
    assert (again.row["origin"], again.row["rerun_of"]) == ("rerun", failed["run_key"])
    incident = live.report.incident(failed["run_key"])
    [source] = [probe for probe in incident["evidence"]["probes"] if probe["of"] == "source"]
    assert (source["name"], source["cause"]) == ("Veeam", "console_unreadable")


def test_a_console_on_another_machine_is_read_and_its_password_is_nowhere(live):
    with ssh_server() as server:
        write(server.files / "externo_remoto.csv", line("Warning", 5, message="Un disco se omitió"))
        path = live.scope_file("externo_remoto")
        path.write_text(path.read_text().replace("/donde/esta", str(server.files)))
        connection = {
            "connection_id": "consola_remota",
            "conn_type": "ssh",
            "host": "127.0.0.1",
            "port": server.port,
            "login": server.user,
            "password": server.password,
            "extra": f'{{"host_key": "{server.host_key}"}}',
        }
        live.installation.api.post("connections", connection)
        outcome = live.finish(live.trigger("externo_remoto"))
    assert outcome.state == "success"
    row = outcome.row
    assert (row["state"], row["warnings"]) == ("succeeded_with_warnings", ["Un disco se omitió"])
    assert row["source_host"] == "consola_remota"
    assert server.password not in live.logs() + str(row)
