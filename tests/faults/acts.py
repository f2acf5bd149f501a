"""What is done to a scope, and undone: to its repositories, its source, its locks and its processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from damage_kit import biggest_pack, flip_a_bit
from faults.case import Act, Scene
from live_kit import Outcome, wait_until
from lock_kit import written
from respaldo.embedded.errors import ApiError

PAUSE = 0.005


def both(*acts: Act) -> Act:
    """Do one thing after another."""

    def do(scene: Scene) -> None:
        for act in acts:
            act(scene)

    return do


# --- what is in a repository


def hide(name: str, *, second: bool = False) -> Act:
    """Take a part of a repository away (all of it: a dot)."""

    def do(scene: Scene) -> None:
        part = (scene.second if second else scene.first) / name
        hidden = scene.live.home / f"{scene.scope}.apartado"
        part.rename(hidden)
        scene.kept["hidden"] = (part, hidden)

    return do


def unhide(scene: Scene) -> None:
    part, hidden = scene.kept["hidden"]
    if part.is_dir():
        shutil.rmtree(part)
    hidden.rename(part)


def hide_files(name: str) -> Act:
    """Empty a folder of the first repository."""

    def do(scene: Scene) -> None:
        hide(name)(scene)
        scene.kept["hidden"][0].mkdir()

    return do


def flip(scene: Scene) -> None:
    flip_a_bit(scene.first)


def cut(scene: Scene) -> None:
    pack = biggest_pack(scene.first)
    pack.chmod(0o600)
    os.truncate(pack, pack.stat().st_size // 2)


def lose_a_pack(scene: Scene) -> None:
    biggest_pack(scene.first).unlink()


def lose_the_index(scene: Scene) -> None:
    for file in (scene.first / "index").iterdir():
        file.unlink()


def flip_the_config(scene: Scene) -> None:
    config = scene.first / "config"
    scene.kept["config"] = config.read_bytes()
    config.chmod(0o600)
    flipped = bytearray(scene.kept["config"])
    flipped[len(flipped) // 2] ^= 1
    config.write_bytes(flipped)


def restore_the_config(scene: Scene) -> None:
    (scene.first / "config").write_bytes(scene.kept["config"])


def make_immutable(scene: Scene) -> None:
    subprocess.run(["chattr", "-R", "+i", scene.first], check=True)


def make_mutable(scene: Scene) -> None:
    subprocess.run(["chattr", "-R", "-i", scene.first], check=True)


# --- the disk that a repository is on


def on_a_disk(megabytes: int, *, second: bool = False) -> Act:
    """Make the source, and put a repository on a disk of its own."""

    def do(scene: Scene) -> None:
        scene.live.fill(scene.scope, scene.case.megabytes)
        place = scene.second if second else scene.first
        place.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place], check=True)
        scene.kept["disk"] = place

    return do


def protect(scene: Scene) -> None:
    subprocess.run(["mount", "-o", "remount,ro", scene.kept["disk"]], check=True)


def unprotect(scene: Scene) -> None:
    subprocess.run(["mount", "-o", "remount,rw", scene.kept["disk"]], check=True)


def leave_room(kilobytes: int) -> Act:
    """Fill a disk, and let the source grow by more than what is left of it."""

    def do(scene: Scene) -> None:
        disk = scene.kept["disk"]
        room = shutil.disk_usage(disk).free - (kilobytes << 10)
        (disk / "ajeno").write_bytes(bytes(room))
        grow(scene)

    return do


def leave_rests(scene: Scene) -> None:
    """Leave in the repository on the disk what an upload leaves that ends before its snapshot.

    Whether restic itself leaves any on a full disk depends on which of its packs is refused first.
    """
    disk = scene.kept["disk"]
    before = set((disk / "snapshots").iterdir())
    rest = scene.live.home / f"{scene.scope}.rest"
    rest.write_bytes(os.urandom(256 << 10))
    assert scene.restic(disk, "backup", rest, stdout=subprocess.DEVNULL).wait() == 0
    for snapshot in set((disk / "snapshots").iterdir()) - before:
        snapshot.unlink()


def make_room(scene: Scene) -> None:
    (scene.kept["disk"] / "ajeno").unlink()


def grow(scene: Scene, megabytes: int = 4) -> None:
    (scene.folder / "nuevo.bin").write_bytes(os.urandom(megabytes << 20))


def change_all(scene: Scene) -> None:
    """Change the source, so that there is something to save and to copy."""
    size = (scene.folder / "datos.bin").stat().st_size
    (scene.folder / "datos.bin").write_bytes(os.urandom(size))


# --- locks


@contextlib.contextmanager
def _locking(scene: Scene, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Stop a restic that has just locked the first repository."""
    locks = scene.first / "locks"
    for _ in range(20):
        process = scene.restic(
            scene.first,
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and not written(locks):
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        if process.poll() is None and written(locks):
            yield process
            return
        process.kill()
        process.wait()
    raise AssertionError(f"restic {arguments} could not be caught")


def lock(*arguments: str) -> Act:
    """Leave the lock of a restic that was killed."""

    def do(scene: Scene) -> None:
        with _locking(scene, *arguments) as process:
            process.kill()
            process.wait()
        assert any((scene.first / "locks").iterdir())

    return do


def hold_a_lock(*arguments: str) -> Act:
    """Leave the lock of a restic that lives and does not get on."""

    def do(scene: Scene) -> None:
        with _locking(scene, *arguments) as process:
            scene.kept["holder"] = process

    return do


def let_go(scene: Scene) -> None:
    process = scene.kept["holder"]
    process.send_signal(signal.SIGCONT)
    process.communicate()


# --- processes


def caught(scene: Scene, verb: str, *, among_data: Path | None = None) -> psutil.Process:
    """Wait for the restic that does something for the scope, and stop it.

    :param among_data: not before it has written some data there.
    """
    before = set(among_data.glob("data/*/*")) if among_data else set()
    found: list[psutil.Process] = []

    def is_there() -> bool:
        if among_data and not set(among_data.glob("data/*/*")) - before:
            return False
        process = scene.live.restic_process(verb, scene.scope)
        with contextlib.suppress(psutil.Error):
            if process is not None:
                process.suspend()
                found.append(process)
                scene.stopped.append(process)
        return bool(found)

    wait_until(is_there, f"restic {verb} of {scene.scope}", PAUSE)
    return found[0]


def wait_for_step(scene: Scene, step: str, state: str) -> None:
    """Wait until a step has a state, and lose no time: the next one begins at once."""
    asked = "SELECT state FROM task_instance WHERE dag_id = %s AND run_id = %s AND task_id = %s"
    of = (scene.run.dag_id, scene.run.run_id, step)
    wait_until(lambda: scene.live.sql("airflow", asked, *of) == [(state,)], f"{step} of {scene.scope}", PAUSE)


def task_of(scene: Scene, step: str) -> psutil.Process:
    """Wait for the process of a step of the run, and give it."""
    path = f"dags/{scene.run.dag_id}/dagRuns/{scene.run.run_id}/taskInstances/{step}"
    found: list[psutil.Process] = []

    def runs() -> bool:
        task = scene.live.installation.api.get(path)
        if task["state"] == "running" and task["pid"]:
            with contextlib.suppress(psutil.Error):
                found.append(psutil.Process(task["pid"]))
        return bool(found)

    wait_until(runs, f"{step} of {scene.scope}", 0.1)
    return found[0]


def killed(
    verb: str, victim: Callable[[psutil.Process], psutil.Process], number: int = signal.SIGKILL
) -> Act:
    """Signal a process while restic does something: restic itself, or the task that called it."""

    def do(scene: Scene) -> None:
        restic = caught(scene, verb)
        victim(restic).send_signal(number)
        with contextlib.suppress(psutil.Error):
            restic.resume()

    return do


# --- programs


def misbehave(program: str, script: str, of: str = "") -> Act:
    """Have a program do something else for the scope.

    :param of: what tells its calls from others, as a test of the shell; none: it dumps the scope's database.
    """

    def do(scene: Scene) -> None:
        its_own = (of or '[ "$PGDATABASE" = "{scope}" ]').format(scope=scene.scope)
        fault = scene.live.home / "faults" / f"{program}.{scene.scope}"
        fault.write_text(f"if {its_own}; then\n{script}\nfi\n")
        scene.kept["fault"] = fault

    return do


def lie(words: str, script: str) -> Act:
    """Have restic do something else where its arguments match a pattern of the shell."""
    return misbehave("restic", script, of=f'case "$*" in {words}) true;; *) false;; esac')


def behave(scene: Scene) -> None:
    scene.kept["fault"].unlink()


# --- runs that end without a word

GONE = "gone"


def watch(scene: Scene) -> None:
    """Have the watch look at all runs now, not at its next turn."""
    api = scene.live.installation.api
    made = api.post("dags/failure_watch/dagRuns", {"logical_date": None, "conf": {}})
    path = f"dags/failure_watch/dagRuns/{made['dag_run_id']}"
    wait_until(lambda: api.get(path)["state"] in ("success", "failed"), "the watch", 0.5)
    assert api.get(path)["state"] == "success"


def finished_by_the_watch(scene: Scene) -> Outcome:
    """Wait until a run is over that nobody closes the row of but the watch."""

    def state() -> str:
        try:
            return scene.live.state(scene.run)
        except ApiError:
            return GONE

    wait_until(lambda: state() in ("success", "failed", GONE), f"{scene.scope} to be over", 0.5)
    watch(scene)
    row = scene.live.report.row(scene.run.key)
    return Outcome(state=state(), tasks={}, tries={}, row=row)
