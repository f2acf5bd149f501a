"""What is in use is replaced only when a second person says so, and a destination may not take it all."""

from datetime import datetime

import pytest

from respaldo.domain.values import Run

# The first test waits for the installation to start, for a round of runs and for all requests.
pytestmark = pytest.mark.timeout(1500)


def test_what_is_in_use_is_replaced_when_a_second_person_says_so(requests, live, tree):
    told = requests["autorizado"]
    assert told.state == "success"
    row = told.row
    assert (row["outcome"], row["destination_kind"], row["overwrite"]) == ("satisfied", "original", "always")
    assert row["asked_by"] == "soporte"
    decision = row["decisions"]["authorize"]
    assert (decision["option"], decision["by"], decision["note"]) == ("authorized", "director", "Es urgente")
    now, saved = tree(live.source("pide_original")), requests.saved["pide_original"]
    added = "carpeta/despues.txt"
    # What the copy does not have stays.
    assert now.pop(added) == requests.before["pide_original"][added]
    assert set(now) == set(saved)
    files = [name for name in saved if name.startswith("carpeta/")]
    assert {name: now[name] for name in files} == {name: saved[name] for name in files}
    # The safety backup is newer; what is restored is the copy of before.
    assert row["identified"]["first"]["run_key"] == requests.first_runs["pide_original"].row["run_key"]
    assert (told.form["state"], told.form["verification_result"]) == ("succeeded", "good")
    assert "read_data" in told.form["verification_methods"]
    assert told.form["console"]["request"]["decisions"]["authorize"]["by"] == "director"


def test_what_is_replaced_was_saved_first(requests, live, tree, tmp_path):
    told = requests["autorizado"]
    authorized_at = datetime.fromisoformat(told.row["decisions"]["authorize"]["at"])
    run = Run(
        dag_id="backup__pide_original",
        run_id=f"request__{told.run.key}__safety_backup__{authorized_at:%Y%m%dT%H%M%S}",
        scope_id="pide_original",
    )
    assert told.row["safety_backup"] == run.key
    safety = live.report.row(run.key)
    assert (safety["state"], safety["verification_result"]) == ("succeeded", "good")
    assert (safety["request_key"], safety["origin"]) == (told.run.key, "unscheduled")
    assert safety["ended_at"] < told.row["delivered_at"]
    [copy] = safety["copies"]
    live.restic("principal", "pide_original", "restore", copy["snapshot_id"], "--target", tmp_path)
    source = live.source("pide_original")
    assert tree(tmp_path / source.relative_to("/")) == requests.before["pide_original"]


def test_what_is_in_use_stays_when_the_second_person_says_no(requests, live, tree):
    told = requests["negado"]
    assert told.state == "success"
    row = told.row
    assert (row["outcome"], row["asked_by"], row["restored"]) == ("not_authorized", "servidores", {})
    decision = row["decisions"]["authorize"]
    assert (decision["option"], decision["by"], decision["note"]) == ("refused", "director", "En horario no")
    assert (row["safety_backup"], row["delivered_at"]) == (None, None)
    assert told.ran == {"register", "analyse", "identify", "authorize", "inform", "record", "watcher"}
    assert tree(live.source("pide_bueno")) == requests.before["pide_bueno"]
    assert (told.form["kind"], told.form["state"]) == ("restore", "not_executed")
    assert "No se autorizó" in told.letter


@pytest.mark.parametrize(
    ("name", "task", "user"),
    [
        ("bueno", "analyse", "soporte"),
        ("bueno", "analyse", "director"),
        ("segunda", "accept", "profesional"),
        ("autorizado", "authorize", "soporte"),
        ("autorizado", "authorize", "profesional"),
        # Its role may authorise; whoever asks may not, nor a colleague.
        ("negado", "authorize", "servidores"),
        ("negado", "authorize", "colega"),
        ("negado", "authorize", "profesional"),
    ],
)
def test_nobody_decides_what_is_for_others(requests, name, task, user):
    assert requests[name].refused[(task, user)].startswith("403 ")


def test_a_destination_that_is_too_small_ends_the_request_and_is_named(requests, live, tree):
    if not requests.has_small_disk:
        pytest.skip("only root may mount a disk")
    told = requests["lleno"]
    assert told.state == "failed"
    assert told.tasks["restore"] == "failed"
    # Another copy is as large.
    assert not told.ran & {"second_identify", "rerun", "accept"}
    row = told.row
    assert (row["outcome"], row["cause"], row["failed_step"]) == ("failed", "target_full", "restore")
    assert row["findings"]["first"]["state"] == "good"
    assert row["destination"] in row["cause_detail"]
    assert row["cause_detail"] in told.letter
    assert (told.form["state"], told.form["cause"]) == ("failed", "target_full")
    assert tree(live.source("pide_bueno")) == requests.before["pide_bueno"]
