"""Copies that people make by hand, under a live scheduler: all of them are under way at once."""

import hashlib
import os
import subprocess
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from damage_kit import contents
from live_kit import wait_until
from manual_kit import Answer, People
from respaldo.domain.values import Run
from respaldo.texts import failures as failure_texts

# The first test waits for the installation to start, and for all copies.
pytestmark = pytest.mark.timeout(900)

BOGOTA = ZoneInfo("America/Bogota")
BEGAN = datetime.now(BOGOTA).replace(hour=17, minute=0, second=0, microsecond=0) - timedelta(days=1)
ENDED = BEGAN + timedelta(minutes=30)
STATED = {
    "medium": "Disco azul",
    "place": "Bóveda",
    "started_at": f"{BEGAN:%Y-%m-%d %H:%M}",
    "ended_at": f"{ENDED:%d/%m/%Y %H:%M}",
    "size": "12,5 GB",
    "files": "120",
}
BEFORE_IT_BEGAN = STATED | {
    "ended_at": f"{BEGAN - timedelta(hours=1):%Y-%m-%d %H:%M}",
    "checksum": "abc",
    "size": "0",
}


def copy_in(live, name):
    """Leave a copy where the worker can read it, and its list as sha256sum prints it."""
    folder = live.home / "media" / name
    (folder / "actas").mkdir(parents=True)
    for number in range(5):
        (folder / "actas" / f"acta {number}.txt").write_text(f"{name} {number}\n" * 40)
    (folder / "datos.bin").write_bytes(os.urandom(300_000))
    listed = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum"
    done = subprocess.run(["bash", "-c", listed], cwd=folder, check=True, capture_output=True)
    manifest = live.home / "media" / f"{name}.sha256"
    manifest.write_bytes(done.stdout)
    return folder, manifest


class Copies:
    """The runs when they are over, by name."""

    def __init__(self, live):
        self.people = people = People(live)
        self.folder, self.manifest = copy_in(live, "leida")
        altered, _ = copy_in(live, "alterada")
        read = STATED | {
            "size": None,
            "files": None,
            "path": str(self.folder),
            "manifest": str(self.manifest),
        }
        good = Answer(
            "verify", "tecnica", "good", {"observations": "Abrí tres actas"}, not_by=("tecnico", "soporte")
        )
        begin = people.begin

        def is_performed(run):
            return "perform" in ((live.report.row(run.key) or {}).get("console") or {})

        begun = {
            # Waits for its maker until the next run of its scope got its answer.
            "fallida": begin(
                "mano_leida",
                Answer(
                    "perform",
                    "tecnico",
                    "failed",
                    {"observations": "El disco no monta"},
                    waits_for=lambda: is_performed(begun["leida"].run),
                ),
            ),
            "leida": begin(
                "mano_leida",
                Answer("perform", "tecnico", "made", BEFORE_IT_BEGAN, not_by=("profesional", "soporte")),
                Answer("perform", "tecnico", "made", read | {"observations": "Sin novedad"}),
                good,
            ),
            "rechazada": begin(
                "mano_rechazada",
                Answer("perform", "soporte", "made", STATED),
                Answer("verify", "infraestructura", "bad", {"observations": "No abre"}),
            ),
            "sin_hacer": begin("mano_sin_hacer"),
            "sin_verificar": begin("mano_sin_verificar", Answer("perform", "tecnico", "made", STATED)),
            "alterada": begin(
                "mano_alterada",
                Answer("perform", "tecnico", "made", STATED | {"path": str(altered), "checksum": "b" * 64}),
            ),
        }
        people.serve(list(begun.values()))
        self.begun = begun
        self.outcomes = {name: live.finish(one.run) for name, one in begun.items()}


@pytest.fixture(scope="module")
def copies(live):
    return Copies(live)


def red(copies, name, step, cause, state="failed"):
    """Assert that a run is red for a cause, and give its row."""
    outcome = copies.outcomes[name]
    assert (outcome.state, outcome.tasks[step], outcome.tasks["record"]) == ("failed", "failed", "success")
    assert (outcome.row["state"], outcome.row["cause"], outcome.row["failed_step"]) == (state, cause, step)
    return outcome.row


def test_a_copy_that_the_worker_can_read_is_measured_kept_and_verified_by_somebody_else(copies, live):
    outcome = copies.outcomes["leida"]
    row = outcome.row
    assert outcome.state == "success"
    assert (row["state"], row["mode"], row["verification_result"]) == ("succeeded", "manual", "good")
    assert (row["performed_by"], row["verified_by"]) == ("tecnico", "tecnica")
    assert (row["medium"], row["site"]) == ("Disco azul", "Bóveda")
    assert row["started_at"] == BEGAN
    assert row["ended_at"] == ENDED
    files = [file for file in copies.folder.rglob("*") if file.is_file()]
    assert row["size_bytes"] == sum(file.stat().st_size for file in files)
    assert row["files"] == len(files)
    assert row["checksum"] == hashlib.sha256(copies.manifest.read_bytes()).hexdigest()
    assert row["verification_methods"] == ["checksum", "structure", "sample", "inspected"]
    assert row["observations"] == "Sin novedad\nAbrí tres actas"
    assert row["console"]["perform"]["path"] == str(copies.folder)
    assert (row["console"]["verify"]["by"], row["cause"]) == ("tecnica", None)
    assert [one["item"] for one in row["copies"]] == ["files"]


def test_what_restic_keeps_of_it_is_found_and_restores_equal(copies, live, tmp_path):
    done = live.respaldo("restore", "mano_leida", "--to", "staging")
    assert done.returncode == 0, done.stderr
    [folder] = (live.home / "restored").glob(f"*/{str(copies.folder).lstrip('/')}")
    assert contents(folder) == contents(copies.folder)


def test_an_answer_that_cannot_be_is_refused_and_asked_for_again(copies, live):
    run = copies.begun["leida"].run
    assert copies.outcomes["leida"].tries["perform"] >= 2
    [refused] = live.sql(
        "respaldo",
        "SELECT DISTINCT \"row\" ->> 'cause_detail' FROM respaldo.fm007_history "
        "WHERE run_key = %s AND \"row\" ->> 'cause' = 'invalid_answer'",
        run.key,
    )
    for told in ("Fin: es anterior al inicio", "Tamaño: no puede ser cero", "Suma SHA-256: no es una suma"):
        assert told in refused[0]


def test_who_has_not_the_role_and_who_made_the_copy_may_not_answer(copies):
    refused = copies.begun["leida"].refused
    assert set(refused) == {
        ("perform", "profesional"),
        ("perform", "soporte"),
        ("verify", "tecnico"),
        ("verify", "soporte"),
    }
    assert {("403" in answer or "not authorized" in answer.lower()) for answer in refused.values()} == {
        True
    }, refused


def test_a_second_answer_is_refused(copies):
    run = copies.begun["leida"].run
    again = Answer("verify", "tecnica", "bad", {"observations": "Cambié de parecer"})
    assert "already" in copies.people.refusal(run, again)


def test_a_run_that_waits_does_not_block_the_next(copies):
    waiting, next_one = copies.outcomes["fallida"].row, copies.outcomes["leida"].row
    assert waiting["programmed_for"] < next_one["programmed_for"]
    assert waiting["ended_at"] > datetime.fromisoformat(next_one["console"]["perform"]["at"])


def test_a_copy_whose_maker_says_that_it_failed_is_red(copies):
    row = red(copies, "fallida", "perform", "manual_copy_failed")
    assert row["cause_detail"].endswith("tecnico informa que la copia falló: El disco no monta")
    assert (row["performed_by"], row["verification_result"]) == ("tecnico", "not_done")


def test_a_copy_that_its_verifier_rejects_is_red(copies):
    row = red(copies, "rechazada", "verify", "copy_rejected")
    assert (row["verification_result"], row["verified_by"]) == ("bad", "infraestructura")
    assert (row["size_bytes"], row["files"]) == (12_500_000_000, 120)
    assert "No abre" in row["cause_detail"]


def test_a_copy_that_nobody_makes_in_time_is_not_executed_and_red(copies):
    row = red(copies, "sin_hacer", "perform", "not_performed", state="not_executed")
    assert (row["performed_by"], row["started_at"], row["verification_result"]) == (None, None, "not_done")


def test_a_copy_that_nobody_verifies_in_time_is_red(copies):
    row = red(copies, "sin_verificar", "verify", "not_verified")
    assert (row["performed_by"], row["verified_by"], row["verification_result"]) == (
        "tecnico",
        None,
        "not_done",
    )


def test_a_checksum_that_does_not_match_is_told(copies):
    row = red(copies, "alterada", "execute", "checksum_mismatch")
    assert "b" * 64 in row["cause_detail"]


def test_a_failure_is_analysed_and_its_rerun_asks_for_the_copy_again(copies, live):
    failed = copies.begun["rechazada"].run
    question = Run(dag_id="failure_analysis", run_id=f"failure__{failed.key}", scope_id=failed.scope_id)
    wait_until(lambda: "decide" in copies.people.asked(question), "the analysis", 0.5)
    assert live.report.incident(failed.key)["cause"] == "copy_rejected"
    answer = {
        "corrective": "Se cambió el disco",
        "cause": "as_found",
        "repair": False,
        "accept_shrink": False,
    }
    rerun = None

    def decided():
        nonlocal rerun
        if "decide" in copies.people.asked(question):
            live.installation.api_of("soporte").patch(
                f"dags/failure_analysis/dagRuns/{question.run_id}/taskInstances/decide/-1/hitlDetails",
                {"chosen_options": [failure_texts.CHOICES["rerun"]], "params_input": answer},
            )
        rerun = live.report.incident(failed.key)["rerun_key"]
        return rerun

    wait_until(decided, "the decision", 10)
    wait_until(lambda: live.report.row(rerun), "the re-run", 0.5)
    again = live.report.row(rerun)
    assert again["rerun_of"] == failed.key
    run = Run(dag_id=failed.dag_id, run_id=again["run_id"], scope_id=failed.scope_id)
    wait_until(lambda: "perform" in copies.people.asked(run), "the question", 0.5)
    live.give_up(run)
