"""Trees of files: what is in them, and what can happen to those that are a repository of restic."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any


def contents(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Describe all that is in a folder: content, owner, mode and time of each file, folder and link."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        seen = path.lstat()
        if stat.S_ISLNK(seen.st_mode):
            content = str(path.readlink())
        elif stat.S_ISREG(seen.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            content = ""
        found[str(path.relative_to(folder))] = (seen.st_mode, seen.st_uid, seen.st_mtime_ns, content)
    return found


def biggest_pack(folder: Path) -> Path:
    return max((path for path in folder.glob("data/*/*")), key=lambda path: path.stat().st_size)


def flip_a_bit(folder: Path) -> None:
    pack = biggest_pack(folder)
    pack.chmod(0o600)
    with pack.open("r+b") as file:
        file.seek(pack.stat().st_size // 2)
        [byte] = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
