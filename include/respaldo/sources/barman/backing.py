"""Makes one base backup for a run, however often it is tried.

Barman 3.4 writes the name that a backup is given only when it is over, and forgets it when it waits for WAL
(``--wait``). So a file in the backup's own folder says which run it is of, and goes with the backup; and the
waiting is done here.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from pathlib import Path

from respaldo.domain.database_errors import (
    BaseBackupDamagedError,
    BaseBackupFailedError,
    WalArchiveStoppedError,
)
from respaldo.sources.barman.running import Barman, BarmanError, Places

log = logging.getLogger(__name__)

DONE = "DONE"
WAITING = "WAITING_FOR_WALS"

_POLL_SECONDS = 1.0


def backed_up(barman: Barman, places: Places, run_key: str, wait_seconds: int) -> str:
    """Give the id of the run's backup, made now or by an attempt before this one, whole and with its WAL.

    :param wait_seconds: how long the WAL may take to come.
    :raises BarmanBusyError, BarmanCheckFailedError, BaseBackupFailedError: there is none.
    :raises WalArchiveStoppedError: its WAL does not come.
    """
    made = _made_before(barman, places, run_key)
    good = next((backup_id for backup_id, status in made.items() if status in (DONE, WAITING)), None)
    if good is None:
        good = _make(barman, places, run_key)
        # Only now: none of them can be under way while Barman made another one.
        for backup_id in made:
            _remove(barman, backup_id)
    _wait_for_wal(barman, good, wait_seconds)
    return good


def look_at(barman: Barman, places: Places, backup_id: str) -> str:
    """Have Barman read a backup again, and tell how: ``good``, or ``not_possible`` here.

    Only a backup with a manifest can be read: one that was streamed, and not compressed.

    :raises BaseBackupDamagedError: it is not what it was.
    """
    if not Path(places.bases, backup_id, "data", "backup_manifest").is_file():
        return "not_possible"
    try:
        return "good" if barman.verify_backup(backup_id) else "not_possible"
    except BarmanError as error:
        raise BaseBackupDamagedError(server=barman.server, backup=backup_id, said=error) from error


def _made_before(barman: Barman, places: Places, run_key: str) -> dict[str, str]:
    """Give the backups that earlier attempts of the run began, and their state."""
    own = {mark.parent.name for mark in Path(places.bases).glob(f"*/{_mark(run_key)}")}
    return {backup_id: status for backup_id, status in barman.statuses().items() if backup_id in own}


def _make(barman: Barman, places: Places, run_key: str) -> str:
    there = set(barman.statuses())
    begun = re.compile(rf"{re.escape(places.bases)}/(\d{{8}}T\d{{6}})")
    named: list[str] = []

    def take(line: str) -> None:
        found = begun.search(line)
        if found and found[1] not in there and not named:
            named.append(found[1])
            _note(places, found[1], run_key)

    barman.back_up(f"respaldo-{run_key}", take)
    made = named or [one for one in barman.statuses() if one not in there]
    if not made:
        raise BaseBackupFailedError(server=barman.server, said="no backup_id")
    _note(places, made[0], run_key)
    return made[0]


def _note(places: Places, backup_id: str, run_key: str) -> None:
    # Where this user may only read, a retry makes another backup: no reason to make none.
    with contextlib.suppress(OSError):
        mark = Path(places.bases, backup_id, _mark(run_key))
        mark.touch()
        # Barman opens every file of a backup, and can be another user than root.
        mark.chmod(0o644)


def _mark(run_key: str) -> str:
    return f".respaldo-{run_key}"


def _remove(barman: Barman, backup_id: str) -> None:
    try:
        barman.delete(backup_id)
    except BarmanError as error:
        log.warning("%s: %s", backup_id, error)


def _wait_for_wal(barman: Barman, backup_id: str, seconds: int) -> None:
    """See that a backup has its WAL. One that an attempt left waiting may have got it since."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(BarmanError):
            # What is wrong with either, the state tells.
            barman.collect_wal()
            barman.check_backup(backup_id)
        match barman.statuses().get(backup_id):
            case "DONE":
                return
            case "WAITING_FOR_WALS" if time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            case "WAITING_FOR_WALS":
                raise WalArchiveStoppedError(
                    server=barman.server, reason="missing", backup=backup_id, seconds=seconds
                )
            case status:
                said = f"{backup_id}: {status}"
                raise BaseBackupDamagedError(server=barman.server, backup=backup_id, said=said)
