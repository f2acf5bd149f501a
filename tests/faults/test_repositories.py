"""Faults of the places where copies live."""

import json
import shutil
import time

from faults import acts
from faults.case import Case, Scene, each
from live_kit import wait_until

READ_ALL = {"verify": {"probe_files": 30}}
"""Every file is read back: damage anywhere is met."""

ONE_ATTEMPT = {"retries": {"attempts": 1, "delay": "1s"}}


def _give_another_secret(scene: Scene) -> None:
    _give_the_secret(scene, "no es este")


def _give_the_secret_back(scene: Scene) -> None:
    _give_the_secret(scene, scene.live.installation.master_secret("clave"))


def _give_the_secret(scene: Scene, secret: str) -> None:
    scene.live.installation.api.patch(
        "connections/respaldo_clave",
        {"connection_id": "respaldo_clave", "conn_type": "restic", "password": secret},
        update_mask="password",
    )


def _put_anothers_in_its_place(scene: Scene) -> None:
    acts.hide(".")(scene)
    owner = min(path.stem for path in (scene.live.config / "scopes").iterdir() if path.stem != scene.scope)
    scene.kept["owner"] = owner
    made = scene.live.start_restic(scene.repositories[0], owner, "init", at=scene.first)
    assert made.wait() == 0


def _take_the_cache(scene: Scene) -> None:
    """Put a file where restic keeps what it knows of the repository."""
    config = json.loads(scene.live.restic(scene.repositories[0], scene.scope, "cat", "config"))
    cache = scene.live.home / "cache" / config["id"]
    shutil.rmtree(cache)
    cache.write_text("no es una carpeta")


def _lose_the_new_snapshot(scene: Scene) -> None:
    """Remove the run's own snapshot before anybody looks at it."""
    acts.wait_for_step(scene, "execute", "success")
    for file in set((scene.first / "snapshots").iterdir()) - set(scene.kept["snapshots"]):
        file.unlink()


def _let_go_when_it_waits(scene: Scene) -> None:
    """Let the maintenance go on when the run has stood before its lock for some seconds."""
    wait_until(
        lambda: scene.live.restic_process("backup", scene.scope), "the run to come to the lock", acts.PAUSE
    )
    time.sleep(5)
    acts.let_go(scene)


def _remember_the_snapshots(scene: Scene) -> None:
    scene.kept["snapshots"] = list((scene.first / "snapshots").iterdir())


CASES = (
    Case(
        "clave",
        "wrong_password",
        inject=_give_another_secret,
        mend=_give_the_secret_back,
        step="execute",
        scope={"repository": "clave"},
        repositories={"clave": {}},
    ),
    Case(
        "sin_llaves",
        "key_files_missing",
        inject=acts.hide_files("keys"),
        mend=acts.unhide,
        step="execute",
        whole=(1,),
    ),
    Case(
        "sin_repositorio",
        "repository_missing",
        inject=acts.hide("."),
        mend=acts.unhide,
        step="execute",
        whole=(1,),
        also=lambda scene, _: _is_not_there(scene),
    ),
    Case(
        "solo_lectura",
        "repository_read_only",
        prepare=acts.on_a_disk(32),
        inject=acts.protect,
        mend=acts.unprotect,
        step="execute",
        is_long=True,
    ),
    Case(
        "disco_lleno",
        "repository_full",
        prepare=acts.on_a_disk(32),
        inject=acts.both(acts.leave_rests, acts.leave_room(2048)),
        mend=acts.make_room,
        step="execute",
        applied=("prune",),
    ),
    Case(
        "segunda_llena",
        "repository_full",
        prepare=acts.on_a_disk(32, second=True),
        inject=acts.both(acts.leave_rests, acts.leave_room(2048)),
        mend=acts.make_room,
        step="copy",
        applied=("prune",),
    ),
    Case(
        "bit_volteado",
        "repository_damaged",
        inject=acts.flip,
        step="verify",
        scope=READ_ALL,
        is_rerun=True,
        whole=(1,),
    ),
    Case(
        "paquete_cortado",
        "repository_damaged",
        inject=acts.cut,
        step="verify",
        scope=READ_ALL,
        is_rerun=True,
        whole=(1,),
    ),
    Case(
        "paquete_perdido",
        "repository_damaged",
        inject=acts.lose_a_pack,
        step="verify",
        scope=READ_ALL,
        is_rerun=True,
        whole=(1,),
    ),
    Case("indice_perdido", "index_damaged", inject=acts.lose_the_index, applied=("repair",)),
    Case(
        "config_ilegible",
        "config_damaged",
        inject=acts.flip_the_config,
        mend=acts.restore_the_config,
        step="execute",
        whole=(1,),
    ),
    Case(
        "instantanea_perdida",
        "snapshot_missing",
        inject=_remember_the_snapshots,
        during=_lose_the_new_snapshot,
        step="verify",
        is_rerun=True,
    ),
    Case("cache_inservible", "cache_unusable", inject=_take_the_cache, applied=("new_cache",)),
    Case("bloqueo_compartido_muerto", None, inject=acts.lock("backup", "--stdin")),
    Case(
        "bloqueo_exclusivo_muerto",
        "repository_locked",
        inject=acts.lock("check", "--read-data"),
        applied=("unlock",),
        is_long=True,
    ),
    Case(
        "bloqueo_compartido_vivo",
        None,
        inject=acts.hold_a_lock("backup", "--stdin"),
        mend=acts.let_go,
    ),
    Case(
        "bloqueo_exclusivo_vivo",
        "repository_locked",
        inject=acts.hold_a_lock("check", "--read-data"),
        mend=acts.let_go,
        step="execute",
        scope=ONE_ATTEMPT,
        is_long=True,
    ),
    Case(
        "durante_un_mantenimiento",
        None,
        inject=acts.hold_a_lock("prune"),
        during=_let_go_when_it_waits,
    ),
    Case(
        "inmutable",
        "repository_denied",
        inject=acts.make_immutable,
        mend=acts.make_mutable,
        step="execute",
        is_long=True,
    ),
    Case(
        "segunda_fingida",
        "second_copy_missing",
        inject=acts.lie('*"/secundario/{scope} "*" copy "*', "exit 0"),
        mend=acts.behave,
        step="copy",
    ),
    Case(
        "motor_desconocido",
        "unknown",
        inject=acts.lie('*"/principal/{scope} "*" backup "*', "exit 77"),
        mend=acts.behave,
        step="execute",
    ),
    Case(
        "de_otro_alcance",
        "foreign_repository",
        inject=_put_anothers_in_its_place,
        mend=acts.unhide,
        step="execute",
        whole=(1,),
        also=lambda scene, outcome: _names_the_owner(scene, outcome),
    ),
)


def _is_not_there(scene: Scene) -> None:
    assert not scene.first.exists()


def _names_the_owner(scene: Scene, outcome) -> None:
    assert scene.kept["owner"] in outcome.row["cause_detail"]


@each(CASES)
def test_a_fault_of_a_repository_is_told_harms_no_good_copy_and_is_mended(case, campaign):
    campaign.see(case)
