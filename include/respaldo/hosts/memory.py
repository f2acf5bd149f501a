"""Small files in memory: what a program wants as a path, and what must not lie on a disk.

The program's children inherit nothing of them, and no child of this process either: a path leads through
this process's own descriptor, so it ends with this process, however that ends.
"""

from __future__ import annotations

import os
import weakref

from pydantic import SecretStr


class MemoryFile:
    """One file of mode 0600, for as long as this object is referred to."""

    def __init__(self, content: SecretStr | str) -> None:
        text = content.get_secret_value() if isinstance(content, SecretStr) else content
        descriptor = os.memfd_create("respaldo", os.MFD_CLOEXEC)
        weakref.finalize(self, os.close, descriptor)
        os.fchmod(descriptor, 0o600)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(text.encode())
        self.path = f"/proc/{os.getpid()}/fd/{descriptor}"
        """Where this user's other processes find it."""
