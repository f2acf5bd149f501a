"""Small scripts that are run on a machine over SSH, and the many names that they are given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_hex

from respaldo.hosts.session import Session
from respaldo.hosts.worker import Command

_AT_ONCE_BYTES = 60_000
"""Names in one command, all together: a longer line would go there as a file."""


def asked(session: Session, script: str, *words: str) -> tuple[int, bytes]:
    """Run a script there, however long it takes, and give its exit status and what it wrote."""
    said = bytearray()
    command = Command(("sh", "-c", script, "respaldo", *words))
    code = session.run(command, on_output=said.extend, on_error=lambda _: None, by_line=False)
    return code, bytes(said)


def in_lots(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut names into as many as one command takes."""
    lot, size = list[str](), 0
    for name in names:
        if lot and size + len(name) > _AT_ONCE_BYTES:
            yield lot
            lot, size = [], 0
        lot.append(name)
        size += len(name)
    if lot:
        yield lot


def listed_there(session: Session, names: Sequence[str]) -> str:
    """Bring a list of names there, each ended by a zero, and give its path. It goes with the session.

    :raises HostFullError: there is no room for it.
    """
    path = f"{session.folder}/names.{token_hex(8)}"
    with tempfile.NamedTemporaryFile(prefix="respaldo-names-") as file:
        for name in names:
            file.write(name.encode(errors="surrogateescape") + b"\0")
        file.flush()
        session.upload(Path(file.name), path)
    return path
