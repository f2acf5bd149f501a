"""Good runs: what is reported of them, what they leave in both repositories, and what nobody can see."""

import subprocess

import pytest

from respaldo.embedded.postgres import programs

# The first test waits for the installation to start and for a round of runs.
pytestmark = pytest.mark.timeout(900)

STEPS = ("plan", "execute", "verify", "copy", "record")
BOTH = ("principal", "secundario")


@pytest.mark.parametrize("scope", ["bueno", "base"])
def test_a_good_run_is_green_and_its_row_says_all(first_round, live, scope):
    outcome = first_round.outcomes[scope]
    assert outcome.state == "success"
    assert outcome.tasks == dict.fromkeys(STEPS, "success") | {"watcher": "skipped"}
    row = outcome.row
    assert (row["state"], row["cause"], row["cause_detail"]) == ("succeeded", None, None)
    assert row["verification_result"] == "good"
    assert row["attempts"] == dict.fromkeys(STEPS, 1)
    first = {snapshot["id"] for snapshot in live.snapshots("principal", scope)}
    assert {copy["snapshot_id"] for copy in row["copies"]} <= first
    second = {snapshot["id"] for snapshot in live.snapshots("secundario", scope)}
    assert {copy["snapshot_id"] for copy in row["second_copies"]} <= second
    assert len(row["copies"]) == len(row["second_copies"]) == (1 if scope == "bueno" else 2)


@pytest.mark.parametrize("repository", BOTH)
def test_files_restored_from_each_repository_equal_their_source(first_round, live, repository, tmp_path):
    restored = live.restored(repository, "bueno", tmp_path)
    subprocess.run(["diff", "--recursive", "--no-dereference", live.source("bueno"), restored], check=True)


@pytest.mark.parametrize("repository", BOTH)
def test_a_database_restored_from_each_repository_equals_its_source(first_round, live, repository, tmp_path):
    newest = next(
        snapshot["id"]
        for snapshot in live.snapshots(repository, "base")
        if snapshot["paths"] == ["/ventas.dump"]
    )
    live.restic(repository, "base", "restore", newest, "--target", tmp_path)
    restored = f"ventas_{repository}"
    live.sql("postgres", f"CREATE DATABASE {restored}")
    server = live.installation.endpoint(restored)
    subprocess.run(
        [
            programs() / "pg_restore",
            "-h",
            server.host,
            "-U",
            server.user,
            "-d",
            restored,
            tmp_path / "ventas.dump",
        ],
        check=True,
    )
    everything = "SELECT * FROM factura ORDER BY numero"
    assert live.sql(restored, everything) == live.sql("ventas", everything)


def test_a_second_run_without_changes_builds_on_the_first_and_adds_no_data(second_round, first_round, live):
    row = second_round["bueno"].row
    assert second_round["bueno"].state == "success"
    assert row["added_bytes"] < 10_000
    assert row["console"]["execute"][0]["files_unmodified"] == row["files"] == 21
    made = {snapshot["id"]: snapshot for snapshot in live.snapshots("principal", "bueno")}
    [copy], [before] = row["copies"], first_round.outcomes["bueno"].row["copies"]
    assert made[copy["snapshot_id"]]["parent"] == before["snapshot_id"]
    assert len(made) == len(live.snapshots("secundario", "bueno")) == 2


def test_no_secret_is_seen_in_processes_logs_xcoms_or_rows(first_round, live):
    secrets = {live.installation.master_secret(repository) for repository in (*BOTH, "otro")}
    secrets |= {live.password(repository, scope) for repository in BOTH for scope in first_round.outcomes}
    secrets.add("clave-que-nadie-debe-ver")
    seen = b"\n".join(first_round.eavesdropper.heard).decode(errors="replace")
    xcoms = str(live.sql("airflow", "SELECT key, value::text FROM xcom"))
    rows = str(live.sql("respaldo", "SELECT to_jsonb(f)::text FROM respaldo.fm007 f"))
    rows += str(live.sql("respaldo", "SELECT to_jsonb(h)::text FROM respaldo.fm007_history h"))
    logs = live.logs()
    # That there was something to see.
    assert first_round.eavesdropper.programs >= {"restic", "pg_dump"}
    assert "return_value" in xcoms
    assert "bueno" in logs
    assert "bueno" in rows
    assert "--password-file" in seen
    for place, text in {"processes": seen, "XComs": xcoms, "rows": rows, "logs": logs}.items():
        assert not [secret for secret in secrets if secret in text], place
