"""What a repository's examination and its repair show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from respaldo.domain.errors import RepositoryDamagedError, RespaldoError
from respaldo.restic.classify import cause_of
from respaldo.restic.events import Report

CHECK_FAILED: Final = 1

_SNAPSHOT = re.compile(r"snapshot ([0-9a-f]{8}) of ")
_HARMED = re.compile(r"would (save new|delete empty) snapshot")
_UNREADABLE = re.compile(r"(?:Ignoring \"|failed to load snapshot )([0-9a-f]{8})")
_PRUNED = re.compile(r"total prune:.* / (.*\S)")


@dataclass(frozen=True)
class Checked:
    """The damage that was found: how many errors, the packs that are not what was written, and its cause."""

    errors: int
    broken_packs: tuple[str, ...]
    cause: type[RespaldoError] = RepositoryDamagedError

    @property
    def is_good(self) -> bool:
        return self.errors == 0

    @classmethod
    def read(cls, report: Report) -> Checked | None:
        """Read a report, or give None when the examination did not come to its end."""
        errors = report.summary.get("num_errors")
        if errors is None or (errors and "repository contains errors" not in report.exit_message):
            return None
        if "permission denied" in report.text:
            # What may not be read is not damaged.
            return None
        cause = cause_of(CHECK_FAILED, report.text) if errors else RepositoryDamagedError
        if not issubclass(cause, RepositoryDamagedError):
            return None
        return cls(errors, tuple(report.summary.get("broken_packs") or ()), cause)


@dataclass
class HarmedReader:
    """Gathers the harmed snapshots from what their repair would do."""

    found: list[str] = field(default_factory=list)
    snapshot: str = ""

    def take(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        if begun := _SNAPSHOT.match(text):
            self.snapshot = begun[1]
        elif _HARMED.match(text) and self.snapshot:
            self.found.append(self.snapshot)

    def harmed(self, report: Report) -> tuple[str, ...]:
        unreadable = (found[1] for line in report.plain if (found := _UNREADABLE.search(line)))
        return tuple(dict.fromkeys((*self.found, *unreadable)))


def pruned(report: Report) -> str:
    """Give the size of what was removed, in restic's words."""
    sizes = [found[1] for line in report.plain if (found := _PRUNED.match(line))]
    return sizes[0] if sizes and sizes[0] != "0 B" else ""
