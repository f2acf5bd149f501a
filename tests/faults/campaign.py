"""All cases of a test run: those that disturb no others at once, then those that do, one after another."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import psutil

from faults.case import Case, Scene
from faults.course import play
from live_kit import Live
from mail_kit import Mailbox

AT_ONCE = 4
"""Airflow runs four tasks at a time here; a case that checks its repositories leaves one to another."""

LONG_AT_ONCE = 2
"""A case that waits for minutes holds a worker meanwhile."""


class Campaign:
    """The cases that were selected, in one installation."""

    def __init__(self, live: Live, mailbox: Mailbox, server: Any, cases: Sequence[Case]) -> None:
        self.live = live
        self.mailbox = mailbox
        self.scenes = {case: Scene(live, mailbox, server, case) for case in cases}
        self._short, self._long = ThreadPoolExecutor(AT_ONCE), ThreadPoolExecutor(LONG_AT_ONCE)
        self._played: dict[Case, Future[None]] = {}
        self._begin(case for case in cases if not case.disturbs)

    def see(self, case: Case) -> None:
        """Wait until a case is over. Raise what was not as it must be."""
        if case not in self._played:
            self.wait()
            self._begin(self._hit_with(case))
        self._played[case].result()

    def wait(self) -> None:
        """Wait until the cases that have begun are over."""
        wait(self._played.values())

    def _begin(self, cases: Iterable[Case]) -> None:
        for case in cases:
            pool = self._long if case.is_long else self._short
            self._played[case] = pool.submit(play, self.scenes[case])

    def _hit_with(self, case: Case) -> list[Case]:
        """Give the cases that are hit at once with one, and have them wait for each other."""
        blow = case.blow
        if blow is None:
            return [case]
        scenes = [scene for other, scene in self.scenes.items() if other.blow is blow]
        barrier = threading.Barrier(len(scenes), lambda: blow(scenes))
        for scene in scenes:
            scene.blow = barrier
        return [scene.case for scene in scenes]

    def end(self) -> None:
        """Leave nothing behind that would keep the installation's folder from being removed."""
        for pool in (self._short, self._long):
            pool.shutdown(cancel_futures=True)
        home = f"{self.live.home}/"
        for partition in psutil.disk_partitions(all=True):
            if partition.mountpoint.startswith(home):
                subprocess.run(["umount", "--lazy", partition.mountpoint], check=True)
