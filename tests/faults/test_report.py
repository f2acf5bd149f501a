"""Faults of the report's database, and of the clock that it is told the time by."""

import os
import shutil
import subprocess

from faults import acts
from faults.case import Case, Scene, each
from live_kit import Outcome, wait_until

DISK_MEGABYTES = 96


def _close(scene: Scene) -> None:
    """Close the report's database to everybody, as a server that is down would."""
    scene.live.sql("postgres", "ALTER DATABASE respaldo ALLOW_CONNECTIONS false")
    _put_all_out(scene)


def _put_all_out(scene: Scene) -> None:
    put_out = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'respaldo'"
    scene.live.sql("postgres", put_out)


def _open(scene: Scene) -> None:
    scene.live.sql("postgres", "ALTER DATABASE respaldo ALLOW_CONNECTIONS true")
    scene.live.report.drain()
    assert scene.live.report.spool.waiting() == scene.live.report.spool.rejected() == []


def _in_the_dark(scene: Scene) -> None:
    """Let the run end, and only then open the database again."""
    scene.live.end_of(scene.run)
    scene.kept["waited"] = len(scene.live.report.spool.waiting())
    _open(scene)


def _close_while_it_saves(scene: Scene) -> None:
    restic = acts.caught(scene, "backup")
    _close(scene)
    restic.resume()
    _in_the_dark(scene)


def _close_when_it_is_copied(scene: Scene) -> None:
    acts.wait_for_step(scene, "copy", "success")
    _close(scene)
    _in_the_dark(scene)


def _lose_the_source_and_close(scene: Scene) -> None:
    scene.source.rename(scene.source.with_name(f"{scene.scope}.apartada"))
    _close(scene)


def _bring_the_source_back(scene: Scene) -> None:
    scene.source.with_name(f"{scene.scope}.apartada").rename(scene.source)


def _facts_waited(scene: Scene, _: Outcome) -> None:
    assert scene.kept["waited"] > 0


def _move_to_a_full_disk(scene: Scene) -> None:
    disk = scene.live.home / "disco_del_informe"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", disk], check=True)
    owner = scene.live.installation.layout.data.stat()
    os.chown(disk, owner.st_uid, owner.st_gid)
    scene.live.sql("postgres", f"CREATE TABLESPACE lleno LOCATION '{disk}'")
    _move(scene, "lleno")
    room = shutil.disk_usage(disk).free
    (disk / "ajeno").write_bytes(bytes(room))
    scene.kept["disk"] = disk


def _move(scene: Scene, tablespace: str) -> None:
    _close(scene)

    def moved() -> bool:
        import psycopg

        try:
            scene.live.sql("postgres", f"ALTER DATABASE respaldo SET TABLESPACE {tablespace}")
        except psycopg.errors.ObjectInUse:
            return False
        return True

    wait_until(moved, "the report to be moved", 0.2)
    scene.live.sql("postgres", "ALTER DATABASE respaldo ALLOW_CONNECTIONS true")


def _make_room(scene: Scene) -> None:
    scene.live.end_of(scene.run)
    scene.kept["waited"] = len(scene.live.report.spool.waiting())
    (scene.kept["disk"] / "ajeno").unlink()
    scene.live.report.drain()
    _move(scene, "pg_default")
    scene.live.sql("postgres", "DROP TABLESPACE lleno")


def _date_all_in_the_future(scene: Scene) -> None:
    """Leave copies as a clock would that was a year ahead, and was set back."""
    scene.sql(
        "UPDATE respaldo.fm007 SET started_at = started_at + interval '1 year', "
        "ended_at = ended_at + interval '1 year', verified_at = verified_at + interval '1 year' "
        "WHERE scope_id = %s",
        scene.scope,
    )
    tags = [word for tag in scene.runs[0].tags for word in ("--tag", tag)]
    arguments = ["backup", "--host", scene.scope, *tags, "--time", "2031-01-01 00:00:00", scene.source]
    assert scene.restic(scene.first, *arguments, stdout=subprocess.DEVNULL).wait() == 0


def _is_there_twice(scene: Scene, outcome: Outcome) -> None:
    for repository in scene.repositories:
        tagged = [one for one in scene.live.snapshots(repository, scene.scope)
                  if set(scene.run.tags) <= set(one["tags"])]  # fmt: skip
        assert len(tagged) == 1
    assert outcome.row["verification_result"] == "good"


CASES = (
    Case("reloj_atrasado", None, inject=_date_all_in_the_future, also=_is_there_twice),
    Case(
        "informe_caido_desde_antes",
        None,
        inject=_close,
        during=_in_the_dark,
        also=_facts_waited,
        disturbs=True,
    ),
    Case(
        "informe_caido_en_medio",
        None,
        inject=acts.change_all,
        during=_close_while_it_saves,
        also=_facts_waited,
        disturbs=True,
    ),
    Case(
        "informe_caido_al_final",
        None,
        inject=lambda _: None,
        during=_close_when_it_is_copied,
        also=_facts_waited,
        disturbs=True,
    ),
    Case(
        "informe_caido_y_sin_fuente",
        "source_missing",
        inject=_lose_the_source_and_close,
        during=_in_the_dark,
        mend=_bring_the_source_back,
        step="plan",
        also=_facts_waited,
        disturbs=True,
    ),
    Case("informe_lleno", None, inject=_move_to_a_full_disk, during=_make_room, disturbs=True),
)


@each(CASES)
def test_a_backup_does_not_depend_on_the_report_and_loses_nothing_of_what_it_has_to_say(case, campaign):
    campaign.see(case)
