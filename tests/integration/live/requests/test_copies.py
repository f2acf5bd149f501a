"""Restorations: the first copy serves, the second one has to, or none does."""

from datetime import timedelta
from pathlib import Path

import pytest

from respaldo.domain.values import Run

# The first test waits for the installation to start, for a round of runs and for all requests.
pytestmark = pytest.mark.timeout(1500)

SECOND = {"register", "analyse", "identify", "second_identify", "second_restore", "second_accept"}
CLOSING = {"inform", "record", "watcher"}


def restored_at(requests, live, name, which):
    """Give the folder that the scope's source became."""
    told = requests[name]
    [place] = told.row["restored"][which]["where"]
    return Path(f"{place}{live.source(told.run.scope_id)}")


def is_as_saved(requests, live, name, which, tree):
    scope = requests[name].run.scope_id
    return tree(restored_at(requests, live, name, which)) == requests.saved[scope]


def is_untouched(requests, live, scope, tree):
    return tree(live.source(scope)) == requests.before[scope]


def test_the_first_copy_serves_and_is_accepted(requests, live, tree):
    told = requests["bueno"]
    assert told.state == "success"
    assert told.ran == {"register", "analyse", "identify", "restore", "accept"} | CLOSING
    assert is_as_saved(requests, live, "bueno", "first", tree)
    row, first = told.row, requests.first_runs["pide_bueno"].row
    assert (row["state"], row["outcome"], row["cause"]) == ("closed", "satisfied", None)
    assert (row["analysis"], row["asked_by"], row["requester"]) == ("restoration", "soporte", "Ana Ruiz")
    assert row["identified"]["first"]["run_key"] == first["run_key"]
    assert row["identified"]["first"]["snapshots"] == [first["copies"][0]["snapshot_id"]]
    assert row["findings"]["first"]["state"] == "good"
    assert "second" not in row["findings"]
    assert row["restored"]["first"]["files"] == 21
    assert (row["rerun"], row["safety_backup"], row["unscheduled_backup"]) == (None, None, None)
    assert (row["informed_by"], row["informed_detail"]) == ("mail", None)


def test_every_decision_says_who_when_what_and_why(requests):
    row = requests["bueno"].row
    decisions = row["decisions"]
    assert {step: (one["option"], one["by"], one["note"]) for step, one in decisions.items()} == {
        "analyse": ("restoration", "profesional", "Corresponde"),
        "accept": ("satisfies", "soporte", "Está completo"),
    }
    assert row["requested_at"].isoformat() < decisions["analyse"]["at"] < decisions["accept"]["at"]


def test_the_form_of_a_good_restoration_says_how_it_was_verified(requests):
    form, row = requests["bueno"].form, requests["bueno"].row
    assert (form["kind"], form["state"], form["verification_result"]) == ("restore", "succeeded", "good")
    assert form["verification_methods"] == ["restored"]
    assert (form["repository"], form["files"], form["origin"]) == ("principal", 21, "requested")
    assert form["request_key"] == form["run_key"] == row["request_key"]
    assert form["console"]["request"]["outcome"] == "satisfied"


def test_the_time_that_it_took_is_held_against_the_rto(requests, live):
    told = requests["bueno"]
    [seen] = [one for one in live.report.requests() if one["clave"] == told.run.key]
    assert told.row["rto_seconds"] == 4 * 3600
    assert seen["tiempo_de_respuesta"] == told.row["delivered_at"] - told.row["requested_at"]
    assert timedelta() < seen["tiempo_de_restauracion"] <= seen["tiempo_de_respuesta"]
    assert seen["rto"] == timedelta(hours=4)
    assert seen["cumple_rto"] is True
    assert (seen["resultado"], seen["copia_usada"], seen["archivos"]) == ("Satisfecho", "Primera", 21)


def test_what_does_not_satisfy_is_followed_by_the_second_copy(requests, live, tree):
    told = requests["segunda"]
    assert told.state == "success"
    assert told.ran == SECOND | {"restore", "accept"} | CLOSING
    row = told.row
    assert row["outcome"] == "satisfied"
    assert [row["findings"][which]["state"] for which in ("first", "second")] == ["good", "good"]
    assert [row["identified"][which]["repository"] for which in ("first", "second")] == [
        "principal",
        "secundario",
    ]
    assert (row["decisions"]["accept"]["option"], row["decisions"]["accept"]["note"]) == (
        "does_not",
        "Falta lo del viernes",
    )
    assert row["decisions"]["second_accept"]["option"] == "satisfies"
    # What was good is no cause for another copy of the scope.
    assert row["rerun"] is None
    assert row["restored"]["first"]["where"] != row["restored"]["second"]["where"]
    asked = Path("carpeta/datos.bin")
    for which in ("first", "second"):
        restored = tree(restored_at(requests, live, "segunda", which))
        assert restored[str(asked)] == requests.saved["pide_bueno"][str(asked)]
        assert set(restored) == {".", "carpeta", str(asked)}
    assert told.form["state"] == "succeeded"


def test_what_satisfies_with_neither_copy_ends_the_request_loudly(requests, live):
    told = requests["rechazado"]
    assert told.state == "failed"
    assert told.tasks["watcher"] == "failed"
    row = told.row
    assert (row["outcome"], row["cause"], row["rerun"]) == ("not_satisfied", None, None)
    assert [row["decisions"][step]["option"] for step in ("accept", "second_accept")] == ["does_not"] * 2
    assert [row["restored"][which]["files"] for which in ("first", "second")] == [1, 1]
    assert "Falta lo del viernes" in told.letter
    assert told.form["state"] == "failed"


def rerun_of(told, live):
    """Give the row of the scope's run that a request began, when it is over."""
    scope = told.run.scope_id
    run = Run(dag_id=f"backup__{scope}", run_id=f"request__{told.run.key}__rerun", scope_id=scope)
    assert told.row["rerun"] == run.key
    live.end_of(run)
    return live.report.row(run.key)


DAMAGED = {
    "volteado": ("repository_damaged", "failed", SECOND | {"restore", "rerun"}),
    "sin_paquete": ("repository_damaged", "failed", SECOND | {"restore", "rerun"}),
    "sin_copia": ("snapshot_missing", "succeeded", SECOND | {"rerun"}),
    "lejano": ("repository_unreachable", "failed", SECOND | {"rerun"}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_bad_first_copy_is_replaced_by_the_second(requests, live, tree, name):
    cause, _, ran = DAMAGED[name]
    told = requests[name]
    row, scope = told.row, told.run.scope_id
    assert told.state == "success"
    assert told.ran == ran | CLOSING
    assert (row["outcome"], row["cause"]) == ("satisfied", None)
    first, second = row["findings"]["first"], row["findings"]["second"]
    assert (first["state"], first["cause"], second["state"]) == ("bad", cause, "good")
    # What the scope's new run saves meanwhile is not what was asked for.
    assert row["identified"]["second"]["run_key"] == requests.first_runs[scope].row["run_key"]
    assert first["told"] in told.letter
    assert first["corrective"]
    assert second["repository"] == "secundario"
    assert list(row["restored"]) == ["second"]
    assert is_as_saved(requests, live, name, "second", tree)
    assert is_untouched(requests, live, scope, tree)
    form = told.form
    assert (form["state"], form["verification_result"], form["repository"]) == (
        "succeeded",
        "good",
        "secundario",
    )


@pytest.mark.parametrize("name", [*DAMAGED, "ambas"])
def test_a_bad_copy_makes_its_scope_run_again_and_read_all_data(requests, live, name):
    told = requests[name]
    scope = told.run.scope_id
    first = requests.first_runs[scope].row
    rerun = rerun_of(told, live)
    assert rerun["request_key"] == told.run.key
    assert rerun["rerun_of"] == first["run_key"]
    assert rerun["origin"] == "rerun"
    assert rerun["ticket"] == name
    assert f"N.º {first['number']} " in rerun["reason"]


@pytest.mark.parametrize(
    ("name", "state", "cause", "applied"),
    [
        # The source still has what the repository lost.
        ("volteado", "succeeded", None, ["repair"]),
        ("sin_paquete", "succeeded", None, ["repair"]),
        ("sin_copia", "succeeded", None, []),
        ("lejano", "failed", "repository_unreachable", []),
        ("ambas", "failed", "repository_missing", []),
    ],
)
def test_the_new_copy_of_a_scope_repairs_its_repository_or_tells_why_not(
    requests, live, name, state, cause, applied
):
    told = requests[name]
    rerun = rerun_of(told, live)
    assert (rerun["state"], rerun["cause"]) == (state, cause)
    assert [one["remedy"] for one in rerun["applied"] or ()] == applied
    if state == "succeeded":
        [read] = [one["facts"] for one in rerun["verification"] if one["method"] == "read_data"]
        assert read.get("streamed_bytes") if applied else read["percent"] == "100.0"


def test_two_bad_copies_end_the_request_loudly(requests, live, tree):
    told = requests["ambas"]
    assert told.state == "failed"
    assert told.tasks["watcher"] == "failed"
    assert "accept" not in told.ran
    assert "second_accept" not in told.ran
    row, findings = told.row, told.row["findings"]
    assert row["outcome"] == "not_satisfied"
    assert [findings[which]["state"] for which in ("first", "second")] == ["bad", "bad"]
    assert findings["first"]["cause"] == "repository_missing"
    assert findings["second"]["cause"] == "repository_damaged"
    assert (row["restored"], row["delivered_at"]) == ({}, None)
    assert "No se pudo dar lo que pidió, ni con la primera copia ni con la segunda." in told.letter
    assert findings["first"]["told"] in told.letter
    assert findings["second"]["told"] in told.letter
    assert (told.form["state"], told.form["verification_result"]) == ("failed", "bad")
    assert is_untouched(requests, live, "pide_ambas", tree)


def test_what_is_not_in_the_copy_is_told_with_the_nearest_names(requests, live):
    told = requests["no_contiene"]
    assert told.state == "failed"
    # A second copy holds the same.
    assert told.ran == {"register", "analyse", "identify"} | CLOSING
    row = told.row
    assert (row["outcome"], row["findings"]["first"]["state"]) == ("not_in_copy", "absent")
    assert row["findings"]["first"]["cause"] == "not_in_copy"
    nearest = str(live.source("pide_bueno") / "carpeta" / "acta 3.txt")
    assert nearest in row["findings"]["first"]["told"]
    assert nearest in told.letter
    assert (row["restored"], row["rerun"]) == ({}, None)
    assert (told.form["kind"], told.form["state"]) == ("restore", "failed")


def test_a_restoration_that_is_killed_is_tried_again_and_is_whole(requests, live, tree):
    told = requests["muerto"]
    assert len(requests.kills) == 1
    assert told.state == "success"
    assert told.tries["restore"] == 2
    assert (told.row["outcome"], told.row["cause"]) == ("satisfied", None)
    assert told.row["attempts"]["restore"] == 2
    assert told.form["state"] == "succeeded"
    assert is_as_saved(requests, live, "muerto", "first", tree)
    assert is_untouched(requests, live, "pide_grande", tree)


def test_a_database_is_restored_beside_the_one_in_use(requests, live):
    told = requests["base"]
    assert told.state == "success"
    [place] = told.row["restored"]["first"]["where"]
    server, database = place.split("/")
    assert server == "ventas_db"
    assert database != "ventas"
    everything = "SELECT * FROM factura ORDER BY numero"
    assert live.sql(database, everything) == live.sql("ventas", everything)
    assert (told.row["outcome"], told.form["state"]) == ("satisfied", "succeeded")
    assert "compared" in told.form["verification_methods"]


@pytest.mark.parametrize("scope", ["pide_bueno", "pide_grande"])
def test_what_is_in_use_is_as_it_was(requests, live, tree, scope):
    assert is_untouched(requests, live, scope, tree)
