"""As whom PostgreSQL runs. It refuses root; an ordinary user just runs it.

For root there are two ways, tried in this order, and neither opens a folder to others or makes a user:

1. A user namespace in which root is called ``nobody``. To PostgreSQL it is an ordinary user, to the kernel
   its files are root's: a data folder under /root, with mode 0700 all the way, works. Containers often
   forbid namespaces.
2. ``setpriv`` to ``nobody``, or to the user whose project it is (``sudo`` in one's own clone). Then that
   user owns the data folder, and must be able to reach it.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from respaldo.embedded.errors import ServerUserError


@dataclass(frozen=True)
class ServerUser:
    """What goes before each server program, and who owns what it writes (uid, gid)."""

    prefix: tuple[str, ...]
    owner: tuple[int, int]

    def runs(self, argv: Sequence[str]) -> bool:
        """Tell whether this user can run a program, and the program is content."""
        try:
            return subprocess.run([*self.prefix, *argv], capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def take(self, folder: Path) -> None:
        """Make this user the owner of a folder and all that is in it."""
        if _owner(folder) == self.owner:
            return
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent, name), *self.owner, follow_symlinks=False)
        # The folder itself comes last: its owner says that all is done.
        os.chown(folder, *self.owner)


def choose(program: Path, folders: Sequence[Path], project: Path) -> ServerUser:
    """Find a user who can run ``program`` and write in each folder; the folders become that user's.

    :raises ServerUserError: nobody can.
    """
    if os.geteuid() != 0:
        return ServerUser((), (os.geteuid(), os.getegid()))
    for user in _candidates(project):
        if not user.runs((str(program), "--version")):
            continue
        for folder in folders:
            user.take(folder)
        # A new file, not `test -w`: only the kernel knows what a mapped user may do.
        if all(user.runs(("sh", "-c", 'touch "$1" && rm "$1"', "sh", f"{f}/.probe")) for f in folders):
            return user
    raise ServerUserError(program=program, folders=", ".join(map(str, folders)))


def _candidates(project: Path) -> Iterator[ServerUser]:
    nobody = pwd.getpwnam("nobody")
    namespace = ("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--")
    yield ServerUser(namespace, (os.geteuid(), os.getegid()))
    owners = [(nobody.pw_uid, nobody.pw_gid)]
    if project.stat().st_uid != 0:
        owners.append(_owner(project))
    for uid, gid in owners:
        setpriv = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs", "--")
        yield ServerUser(setpriv, (uid, gid))


def _owner(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return (found.st_uid, found.st_gid)
