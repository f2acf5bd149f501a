"""Write files that are complete or absent, whatever happens to the machine."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a new file, and have it on the disk.

    :param mode: who may do what with it.
    :raises OSError: it could not be written; a part of it may be there.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file beside, and put it in the place of the one that is there, if one is.

    :raises OSError: it could not be written; what was there before is still there.
    """
    # Not with_name: a folder such as "." has none, and is refused as what it is.
    partial = path.parent / f"{path.name}.partial"
    try:
        write(partial, content, mode)
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk.

    :raises OSError: they could not be written.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
