"""How far a restoration has come: a bar on a terminal, lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from respaldo.cli.console import warn
from respaldo.report.export import size
from respaldo.restic.call import OnProgress
from respaldo.restic.events import Progress
from respaldo.texts import cli as texts

LINE_SECONDS = 5.0


@contextmanager
def shown() -> Iterator[OnProgress]:
    """Give what takes progress events and shows them, beside the command's own output."""
    if not sys.stderr.isatty():
        yield _Lines().take
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(texts.RESTORING, total=None)

        def take(progress: Progress) -> None:
            bar.update(task, completed=progress.bytes_done, total=progress.bytes_total or None)

        yield take


class _Lines:
    """Passes on every few seconds what restic says every second."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def take(self, progress: Progress) -> None:
        if time.monotonic() - self._told < LINE_SECONDS:
            return
        self._told = time.monotonic()
        done, total = size(progress.bytes_done), size(progress.bytes_total)
        warn(texts.PROGRESS.format(percent=progress.percent, done=done, total=total))
