"""What is wrong makes the run red, at once, with its cause in the row, and leaves all copies as they were."""

import pytest

# The first test waits for the installation to start and for a round of runs.
pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize(
    ("scope", "step", "cause"),
    [
        ("clave", "execute", "wrong_password"),
        ("perdido", "execute", "repository_missing"),
        ("mudado", "execute", "foreign_repository"),
        ("encogido", "verify", "copy_shrunk"),
        ("sin_ruta", "plan", "source_missing"),
        ("vacio", "plan", "source_empty"),
        ("sin_segunda", "copy", "connection_missing"),
    ],
)
def test_what_cannot_pass_by_itself_is_red_at_once(second_round, scope, step, cause):
    outcome = second_round[scope]
    assert outcome.state == "failed"
    assert outcome.tasks[step] == "failed"
    assert outcome.tasks["record"] == "success"
    assert outcome.tasks["watcher"] == "failed"
    assert outcome.tries[step] == 1
    row = outcome.row
    assert (row["state"], row["cause"], row["failed_step"]) == ("failed", cause, step)
    assert row["attempts"][step] == 1
    assert row["cause_detail"]
    assert row["corrective"]
    assert row["ended_at"]


def test_a_second_repository_that_cannot_be_written_makes_the_run_red_and_keeps_the_first_copy(
    second_round, live
):
    outcome = second_round["segunda_bloqueada"]
    assert (outcome.state, outcome.tasks["copy"]) == ("failed", "failed")
    assert (outcome.row["state"], outcome.row["failed_step"]) == ("failed", "copy")
    assert outcome.row["cause"] in ("repository_denied", "repository_read_only")
    assert outcome.row["cause_detail"]
    assert outcome.row["verification_result"] == "good"
    assert len(live.snapshots("principal", "segunda_bloqueada")) == 1


def test_a_missing_connection_of_the_second_repository_keeps_the_first_copy(second_round, live):
    assert "respaldo_sin_conexion" in second_round["sin_segunda"].row["cause_detail"]
    assert len(live.snapshots("principal", "sin_segunda")) == 1


def test_a_wrong_secret_writes_nothing(second_round, live):
    assert len(live.snapshots("otro", "clave")) == 1


def test_a_lost_repository_is_not_replaced_by_an_empty_one(second_round, live):
    assert not live.location("principal", "perdido").exists()
    assert len(live.snapshots("secundario", "perdido")) == 1


def test_another_scopes_repository_is_told_by_its_owner_and_left_alone(second_round, live):
    assert "bueno" in second_round["mudado"].row["cause_detail"]
    assert not live.location("secundario", "mudado").exists()
    moved, own = live.location("principal", "mudado"), live.location("principal", "bueno")
    written = [path for path in moved.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if not (own / path.relative_to(moved)).exists()]


def test_a_shrunken_source_is_taken_when_somebody_accepts_it(second_round, live):
    assert second_round["encogido"].row["verification_result"] == "bad"
    assert not second_round["encogido"].row["second_copies"]
    accepted = live.finish(live.trigger("encogido", reason="Depuración", accept_shrink=True))
    assert accepted.state == "success"
    assert accepted.row["state"] == "succeeded"
    assert accepted.row["reason"] == "Depuración"
    assert len(live.snapshots("secundario", "encogido")) == 2


def test_lint_names_the_connection_that_airflow_does_not_have(second_round, live):
    done = live.respaldo("lint")
    assert done.returncode == 1
    assert "sin_conexion.connection: la conexión «respaldo_sin_conexion» no existe en Airflow" in done.stdout
