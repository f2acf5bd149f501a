"""Faults of files that should be saved."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time

from faults import acts
from faults.case import Case, Scene, each
from live_kit import Outcome, wait_until

BIG_MEGABYTES = 96
MISSED_AT_MOST = {"verify": {"probe_files": 3, "max_missed": 2}}


def _two_paths(name: str) -> dict[str, object]:
    paths = [f"${{RESPALDO_HOME}}/sources/{name}", f"${{RESPALDO_HOME}}/sources/{name}_otra"]
    return {"source": {"kind": "files", "paths": paths}}


def _fill_both(scene: Scene) -> None:
    scene.live.fill(scene.scope)
    scene.live.fill(f"{scene.scope}_otra")


def _lose_the_other(scene: Scene) -> None:
    other = scene.live.source(f"{scene.scope}_otra")
    other.rename(other.with_name(f"{other.name}.apartada"))


def _bring_the_other_back(scene: Scene) -> None:
    other = scene.live.source(f"{scene.scope}_otra")
    other.with_name(f"{other.name}.apartada").rename(other)


def _lose_both(scene: Scene) -> None:
    _lose_the_other(scene)
    scene.source.rename(scene.source.with_name(f"{scene.scope}.apartada"))


def _bring_both_back(scene: Scene) -> None:
    _bring_the_other_back(scene)
    scene.source.with_name(f"{scene.scope}.apartada").rename(scene.source)


def _forbid_the_folder(scene: Scene) -> None:
    """Put a link where the source was: restic would save the link alone."""
    scene.source.rename(scene.source.with_name(f"{scene.scope}.apartada"))
    scene.source.symlink_to("nada")


def _allow_the_folder(scene: Scene) -> None:
    scene.source.unlink()
    scene.source.with_name(f"{scene.scope}.apartada").rename(scene.source)


def _empty(scene: Scene) -> None:
    hidden = scene.live.home / f"{scene.scope}.apartado"
    scene.folder.rename(hidden)
    scene.folder.mkdir()


def _fill_again(scene: Scene) -> None:
    scene.folder.rmdir()
    (scene.live.home / f"{scene.scope}.apartado").rename(scene.folder)


def _shrink(scene: Scene) -> None:
    data = scene.folder / "datos.bin"
    shutil.copy2(data, scene.live.home / f"{scene.scope}.apartado")
    data.write_bytes(b"poco")


def _grow_back(scene: Scene) -> None:
    shutil.copy2(scene.live.home / f"{scene.scope}.apartado", scene.folder / "datos.bin")


def _make_unreadable(scene: Scene) -> None:
    """Put this process's memory in the place of some files: who reads it from its beginning cannot."""
    for name in ("acta 1.txt", "acta 2.txt"):
        subprocess.run(["mount", "--bind", f"/proc/{os.getpid()}/mem", scene.folder / name], check=True)


def _make_readable(scene: Scene) -> None:
    for name in ("acta 1.txt", "acta 2.txt"):
        subprocess.run(["umount", scene.folder / name], check=True)


def _change_one(scene: Scene) -> None:
    """Change a file, so that restic will open it."""
    (scene.folder / "acta 10.txt").write_text("cambiada\n")


def _while_it_opens_one(scene: Scene, names: tuple[str, ...]) -> None:
    """Stop restic where it opens a file, by a lease, and remove files that it comes to later."""
    descriptor = scene.kept["leased"]
    try:
        wait_until(
            lambda: fcntl.fcntl(descriptor, fcntl.F_GETLEASE) != fcntl.F_WRLCK, "restic to open a file", 0.01
        )
        for name in names:
            (scene.folder / name).unlink()
    finally:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        os.close(descriptor)


def _lease_one(scene: Scene) -> None:
    _change_one(scene)
    scene.kept["leased"] = os.open(scene.folder / "acta 10.txt", os.O_RDWR)
    fcntl.fcntl(scene.kept["leased"], fcntl.F_SETLEASE, fcntl.F_WRLCK)


def _add_a_big_one(scene: Scene) -> None:
    with (scene.folder / "zz.bin").open("wb") as file:
        for _ in range(BIG_MEGABYTES):
            file.write(os.urandom(1 << 20))


def _while_it_reads_a_big_one(scene: Scene, size: int) -> None:
    restic = acts.caught(scene, "backup", among_data=scene.first)
    time.sleep(0.2)
    os.truncate(scene.folder / "zz.bin", size)
    restic.resume()


def _cut(scene: Scene) -> None:
    _while_it_reads_a_big_one(scene, 1 << 20)


def _lengthen(scene: Scene) -> None:
    _while_it_reads_a_big_one(scene, (BIG_MEGABYTES + 8) << 20)


def _lists(*names: str):
    def look(scene: Scene, outcome: Outcome) -> None:
        told = outcome.row["warnings"]
        for name in names:
            assert [line for line in told if f"/{name}: " in line], told

    return look


def _few_gone(scene: Scene) -> None:
    _while_it_opens_one(scene, ("acta 7.txt", "acta 8.txt"))


def _many_gone(scene: Scene) -> None:
    _while_it_opens_one(scene, ("acta 6.txt", "acta 7.txt", "acta 8.txt"))


def _is_whole(scene: Scene, outcome: Outcome) -> None:
    """The run's own copy can be restored, whatever became of the file meanwhile."""
    [copy] = outcome.row["copies"]
    with contextlib.ExitStack() as stack:
        target = scene.live.home / f"{scene.scope}.restaurado"
        stack.callback(shutil.rmtree, target)
        scene.live.restic(
            scene.repositories[0], scene.scope, "restore", copy["snapshot_id"], "--target", target
        )
        restored = target / str(scene.folder).lstrip("/")
        assert (restored / "zz.bin").stat().st_size > 0
        assert (restored / "acta 3.txt").read_bytes() == (scene.folder / "acta 3.txt").read_bytes()


CASES = (
    Case(
        "falta_una_ruta",
        "source_partly_missing",
        prepare=_fill_both,
        inject=_lose_the_other,
        mend=_bring_the_other_back,
        step="plan",
        scope=_two_paths("falta_una_ruta"),
    ),
    Case(
        "faltan_todas",
        "source_missing",
        prepare=_fill_both,
        inject=_lose_both,
        mend=_bring_both_back,
        step="plan",
        scope=_two_paths("faltan_todas"),
    ),
    Case(
        "fuente_enlace",
        "source_unreadable",
        inject=_forbid_the_folder,
        mend=_allow_the_folder,
        step="plan",
    ),
    Case("fuente_vacia", "source_empty", inject=_empty, mend=_fill_again, step="plan"),
    Case("fuente_encogida", "copy_shrunk", inject=_shrink, mend=_grow_back, step="verify"),
    Case(
        "ilegibles_pocos",
        None,
        inject=_make_unreadable,
        mend=_make_readable,
        state="succeeded_with_warnings",
        scope=MISSED_AT_MOST,
        also=_lists("acta 1.txt", "acta 2.txt"),
    ),
    Case(
        "ilegibles_muchos",
        "copy_incomplete",
        inject=_make_unreadable,
        mend=_make_readable,
        step="verify",
        scope={"verify": {"probe_files": 3, "max_missed": 1}},
        also=_lists("acta 1.txt", "acta 2.txt"),
    ),
    Case(
        "desaparecen_pocos",
        None,
        inject=_lease_one,
        during=_few_gone,
        state="succeeded_with_warnings",
        scope=MISSED_AT_MOST,
        also=_lists("acta 7.txt", "acta 8.txt"),
    ),
    Case(
        "desaparecen_muchos",
        "copy_incomplete",
        inject=_lease_one,
        during=_many_gone,
        step="verify",
        scope=MISSED_AT_MOST,
        also=_lists("acta 6.txt", "acta 7.txt", "acta 8.txt"),
    ),
    Case(
        "se_corta_al_leer",
        None,
        inject=_add_a_big_one,
        during=_cut,
        # What is cut for good is much less than what was read of it before.
        mended_conf={"accept_shrink": True},
        also=_is_whole,
    ),
    Case("crece_al_leer", None, inject=_add_a_big_one, during=_lengthen, also=_is_whole),
)


@each(CASES)
def test_a_fault_of_a_source_is_told_harms_no_good_copy_and_is_mended(case, campaign):
    campaign.see(case)
