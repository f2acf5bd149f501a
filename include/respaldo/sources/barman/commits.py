"""Whether anything was committed after a moment: without that PostgreSQL refuses to stop there.

It ends with "recovery ended before configured recovery target was reached", and does not start. Where nothing
was committed later, the end of the WAL is the state of that moment.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from respaldo.hosts.worker import Command, run

_PROGRAM = "pg_waldump"
_ENDING = re.compile(rb"desc: (?:COMMIT|ABORT)\S* (?:\d+: )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC")


def any_after(
    moment: datetime, segments: Sequence[Path], major: int, segment_bytes: int, folder: Path
) -> bool | None:
    """Tell whether a transaction ended after a moment; None: this worker cannot read that WAL.

    :param segments: without a gap, oldest first.
    :param major: PostgreSQL's version: each can read only its own WAL.
    :param folder: takes a link to each: the program wants them in one folder.
    """
    program = shutil.which(_PROGRAM, path=f"/usr/lib/postgresql/{major}/bin") or shutil.which(_PROGRAM)
    if program is None or any(path.stat().st_size != segment_bytes for path in segments):
        # Barman may keep WAL compressed.
        return None
    folder.mkdir(mode=0o700)
    names = []
    for path in segments:
        (folder / path.name).symlink_to(path)
        names.append(path.name)
    # Newest first, each with the one before it: what is written across their border is in neither alone.
    for first, last in zip([names[0], *names][-2::-1], names[::-1], strict=False):
        ended = _endings(program, folder, first, last)
        if ended is None:
            return None
        if any(one > moment for one in ended):
            return True
    return False


def _endings(program: str, folder: Path, first: str, last: str) -> list[datetime] | None:
    """Give when transactions ended, in these segments; None: they cannot be read."""
    found: list[datetime] = []

    def take(line: bytes) -> None:
        if ending := _ENDING.search(line):
            found.append(datetime.fromisoformat(ending[1].decode()).replace(tzinfo=UTC))

    command = Command(
        (program, "--rmgr=Transaction", f"--path={folder}", first, last), {"TZ": "UTC", "LC_ALL": "C"}
    )
    code = run(command, on_output=take, on_error=lambda _: None)
    return found if code == 0 else None
