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


def packs(folder: Path) -> list[Path]:
    """Give the packs, the largest first: that one has the files' data, the smallest the folders."""
    found = (path for path in folder.glob("data/*/*") if path.is_file())
    return sorted(found, key=lambda path: path.stat().st_size, reverse=True)


def biggest_pack(folder: Path) -> Path:
    return packs(folder)[0]


def flip(path: Path) -> None:
    """Turn one bit in the middle of a file."""
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    """Keep the first half of a file."""
    path.chmod(0o600)
    os.truncate(path, path.stat().st_size // 2)


def flip_a_bit(folder: Path) -> None:
    flip(biggest_pack(folder))
