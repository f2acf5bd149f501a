"""A private folder of this worker for UNIX sockets: their paths must be short."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]


@contextlib.contextmanager
def socket_folder(prefix: str) -> Iterator[Path]:
    """Make a folder that goes again. One that a killed worker left behind goes with the next.

    :param prefix: what its name begins with.
    """
    base = Path(tempfile.gettempdir())
    for old in base.glob(f"{prefix}*"):
        with contextlib.suppress(OSError, ValueError):
            owner = int(old.name.removeprefix(prefix).partition("-")[0])
            if old.lstat().st_uid == os.geteuid() and not psutil.pid_exists(owner):
                shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=f"{prefix}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)
