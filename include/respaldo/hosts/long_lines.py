"""Lines for a machine's shell that its SSH server would not take."""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path

LONGEST_BYTES = 100_000
"""Linux takes 128 KiB in one argument, and a line is one argument of the user's shell."""


def fit(line: str, script: str, upload: Callable[[Path, str], None]) -> str:
    """Give a line as it is taken. One that is too long, or names files that are no text, goes there as a
    script: a shell reads lines of any length.

    :param script: the path that it has there. It removes itself when it begins.
    :param upload: brings a file there.
    """
    with contextlib.suppress(UnicodeEncodeError):
        if len(line.encode()) <= LONGEST_BYTES:
            return line
    with tempfile.NamedTemporaryFile(prefix="respaldo-line-") as file:
        file.write(b'rm -f -- "$0"\n' + os.fsencode(line) + b"\n")
        file.flush()
        upload(Path(file.name), script)
    return shlex.join(["exec", "sh", script])
