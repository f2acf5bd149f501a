"""The folder of this installation's own data: RESPALDO_HOME."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from respaldo.domain.places import DEFAULT_HOME


@dataclass(frozen=True)
class Home:
    """Where a worker keeps what is its own. All of it can be lost, but for facts that wait in the spool."""

    root: Path

    @classmethod
    def find(cls) -> Home:
        return cls(Path(os.environ.get("RESPALDO_HOME") or DEFAULT_HOME))

    @staticmethod
    def is_shared() -> bool:
        """Tell whether all workers without a queue of their own have this one folder: they are as one then.

        Locks, debts and facts that wait are files in it. Where it is shared, whoever installs them says so.
        """
        return os.environ.get("RESPALDO_HOME_SHARED", "").lower() in ("1", "true", "yes")

    @property
    def cache(self) -> Path:
        """restic's cache: what it need not fetch from a repository again. restic makes it, also anew."""
        return self.root / "cache"

    @property
    def locks(self) -> Path:
        return self._folder("locks")

    @property
    def scratch(self) -> Path:
        """Where verification restores to."""
        return self._folder("scratch")

    @property
    def restored(self) -> Path:
        """Where requests are delivered that name no other place, each in a folder of its own."""
        return self._folder("restored")

    @property
    def owed(self) -> Path:
        """Commands that are to run when a copy is over, of the runs that are under way or were killed."""
        return self._folder("owed")

    @property
    def spool(self) -> Path:
        """Where facts wait while the report database is down."""
        return self.root / "spool"

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        return folder
