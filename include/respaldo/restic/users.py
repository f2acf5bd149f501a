"""Who uses a scope's repositories from one home, on whichever of the machines that share it.

Containers of one server have one home, names of their own and process numbers that come again. So restic
takes a lock of another container for living until it is half an hour old, and a number that came again for
the lock's owner. Here each process that runs restic holds a file of the home in common with the others,
together with all that it starts, and leaves its machine's name in it. Whoever holds it alone knows that none
of those machines has anything of ours that works: what they locked, dead processes locked.
"""

from __future__ import annotations

import fcntl
import os
import socket
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_KNOWN: weakref.WeakValueDictionary[Path, Users] = weakref.WeakValueDictionary()
"""One for each file: two of one process would keep each other from being alone."""


class Users:
    """A file that all who use a scope's repositories hold. It is let go when nobody here needs it more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @classmethod
    def of(cls, path: Path) -> Users:
        found = _KNOWN.get(path)
        if found is None:
            found = _KNOWN[path] = cls(path)
        return found

    def join(self) -> tuple[int, ...]:
        """Hold the file in common from now on, and give its descriptor, for what is started to hold it too.

        It is none where this user may not write to the home: who only reads can do without.
        """
        if self._descriptor is None:
            try:
                self._descriptor = os.open(
                    self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
                )
            except OSError:
                return ()
            weakref.finalize(self, os.close, self._descriptor)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
            if socket.gethostname() not in self._machines(self._descriptor):
                os.write(self._descriptor, f"{socket.gethostname()}\n".encode())
        return (self._descriptor,)

    @contextmanager
    def alone(self) -> Iterator[frozenset[str]]:
        """Hold the file alone, and name the machines of this home: nothing of ours works there but this.

        None where something does. Nobody begins to use the repositories meanwhile.
        """
        joined = self.join()
        if not joined:
            yield frozenset()
            return
        [descriptor] = joined
        try:
            yield self._machines(descriptor) if _is_held_alone(descriptor) else frozenset()
        finally:
            # Also where it was refused: what was held in common may be gone then.
            fcntl.flock(descriptor, fcntl.LOCK_SH)

    @staticmethod
    def _machines(descriptor: int) -> frozenset[str]:
        said = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        return frozenset(said.decode(errors="replace").split())


def _is_held_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
