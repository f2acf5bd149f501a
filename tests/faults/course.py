"""The course of every case: a good copy, a fault, what it is taken for, what is left, the way back."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import psutil

from damage_kit import contents
from faults import acts, databases
from faults.case import Scene
from live_kit import Outcome, wait_until

NAME = "Alcance {scope}"


def play(scene: Scene) -> None:
    """Play a case from its beginning to its end."""
    try:
        _play(scene)
    finally:
        # Whoever still waits for this case waits in vain.
        scene.blow.abort()
        for process in scene.stopped:
            with contextlib.suppress(psutil.Error):
                process.resume()


def _play(scene: Scene) -> None:
    case, live = scene.case, scene.live
    case.prepare(scene)
    first_run = live.trigger(scene.scope)
    scene.runs.append(first_run)
    scene.good = live.finish(first_run)
    assert (scene.good.state, scene.good.row["state"]) == ("success", "succeeded"), scene.good
    scene.saved = saved(scene)

    case.inject(scene)
    scene.runs.append(live.trigger(scene.scope, **case.conf))
    case.during(scene)
    outcome = case.finish(scene)
    see_the_end(scene, outcome)
    case.also(scene, outcome)
    see_the_copies(scene)
    if case.is_red:
        see_that_it_is_told(scene)

    back = rerun_of(scene) if case.is_rerun else mended(scene)
    assert (back.state, back.row["cause"]) == ("success", None), back
    assert back.row["state"] in ("succeeded", "succeeded_with_warnings")
    for repository in scene.repositories:
        live.restic(repository, scene.scope, "check", "--read-data")
    if case.is_red:
        see_that_it_is_over(scene, back)
    else:
        assert incidents(scene) == []


# --- the run that meets the fault


def see_the_end(scene: Scene, outcome: Outcome) -> None:
    case, row = scene.case, outcome.row
    assert outcome.state in (("failed", acts.GONE) if case.is_red else ("success",)), outcome
    assert row is not None, outcome
    assert row["state"] == case.ends, row
    assert [one["remedy"] for one in row["applied"] or ()] == list(case.applied), row["applied"]
    assert row["ended_at"]
    if case.is_red:
        assert (row["failed_step"], row["cause"]) == (case.step, case.cause), row
        assert row["cause_detail"]
        assert row["corrective"]
        if case.finish is not acts.finished_by_the_watch:
            assert outcome.tasks["watcher"] == "failed"
            assert outcome.tries[case.step] == case.tries, outcome
    else:
        assert row["cause"] is None, row
        assert case.cause in (None, *(one["cause"] for one in row["applied"] or ())), row["applied"]
    rows = scene.sql("SELECT count(*) FROM respaldo.fm007 WHERE run_key = %s", scene.run.key)
    assert rows == [(1,)]


def see_the_copies(scene: Scene) -> None:
    """The good copy of before is still good, wherever the fault has not hit it."""
    good = (scene.good.row["copies"], scene.good.row["second_copies"])
    for place in scene.case.whole:
        repository = scene.repositories[place]
        scene.live.restic(repository, scene.scope, "check", "--read-data")
        for copy in good[place]:
            see_that_it_restores(scene, repository, copy)


# --- what is saved, and what is restored


def saved(scene: Scene) -> Any:
    """Describe what the copy is of."""
    if of_databases(scene):
        return databases.rows_of(scene)
    return contents(scene.source)


def see_that_it_restores(scene: Scene, repository: str, copy: dict[str, Any]) -> None:
    if of_databases(scene):
        if databases.is_a_dump(copy["item"]):
            assert databases.restored_rows(scene, repository, copy["snapshot_id"]) == scene.saved
        return
    target = Path(tempfile.mkdtemp(dir=scene.live.home))
    try:
        scene.live.restic(repository, scene.scope, "restore", copy["snapshot_id"], "--target", target)
        assert contents(Path(f"{target}{scene.source}")) == scene.saved
    finally:
        shutil.rmtree(target)


def of_databases(scene: Scene) -> bool:
    return scene.case.scope.get("source", {}).get("kind") == "postgresql"


# --- the way back


def mended(scene: Scene) -> Outcome:
    scene.case.mend(scene)
    scene.runs.append(scene.live.trigger(scene.scope, **scene.case.mended_conf))
    return scene.live.finish(scene.runs[-1])


def rerun_of(scene: Scene) -> Outcome:
    """Wait for the run by which Respaldo mends the fault itself."""
    key = "SELECT run_id FROM respaldo.fm007 WHERE rerun_of = %s"
    wait_until(lambda: scene.sql(key, scene.run.key), f"{scene.scope} to be run again", 0.5)
    [(run_id,)] = scene.sql(key, scene.run.key)
    run = scene.run.model_copy(update={"run_id": run_id})
    scene.runs.append(run)
    return scene.live.finish(run)


# --- who is told


def incidents(scene: Scene) -> list[dict[str, Any]]:
    """Give the failures of the scope."""
    asked = "SELECT to_jsonb(one) FROM respaldo.incident AS one WHERE scope_id = %s ORDER BY number"
    return [one for (one,) in scene.sql(asked, scene.scope)]


def letters(scene: Scene) -> list[tuple[str, str]]:
    """Give recipient and subject of what people were told of the scope."""
    return scene.mailbox.about(f"«{NAME.format(scope=scene.scope)}»")


def see_that_it_is_told(scene: Scene) -> None:
    """The failure is opened, with its cause, and the people are told before anybody is asked."""
    wait_until(lambda: letters(scene), f"a letter of the failure of {scene.scope}", 0.5)
    [incident] = incidents(scene)
    assert incident["incident_key"] == scene.run.key
    assert (incident["cause"], incident["failed_step"]) == (scene.case.cause, scene.case.step), incident
    assert incident["cause_detail"]
    assert incident["analysis_run_id"] == f"failure__{scene.run.key}"
    assert bool(incident["is_automatic"]) == scene.case.is_rerun, incident


def see_that_it_is_over(scene: Scene, back: Outcome) -> None:
    wait_until(lambda: len(letters(scene)) > 1, f"a letter of the end of {scene.scope}", 0.5)
    told = letters(scene)
    assert [subject.partition(" ")[0] for _, subject in told] == ["Falló", "Resuelta:"], told
    assert {recipient for recipient, _ in told} == {"soporte@example.org"}
    [incident] = incidents(scene)
    assert (incident["state"], incident["resolved_by"]) == ("resolved", back.row["run_key"]), incident
    assert incident["resolution"] == ("rerun" if scene.case.is_rerun else "next_good")
    analysis = f"dags/failure_analysis/dagRuns/{incident['analysis_run_id']}"
    wait_until(
        lambda: scene.live.installation.api.get(analysis)["state"] in ("success", "failed"),
        f"the analysis of {scene.scope} to end",
        0.5,
    )
    assert scene.live.installation.api.get(analysis)["state"] == "success"
