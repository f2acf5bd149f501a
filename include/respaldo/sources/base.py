"""What every kind of source can do: the whole of what the rest of Respaldo asks of it.

A source is its settings (what a scope's YAML says under ``source:``) and the work on them. A scope's data is
cut into items, one snapshot each: all its files are one, each database is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from respaldo.domain.restoring import Delivery, Holds, Part, Restored, Wanted
from respaldo.domain.values import Copy, Evidence
from respaldo.domain.verification import Verification
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Repository
from respaldo.restic.saved import Marks, Saved
from respaldo.sources.reach import Reach


class Source(Protocol):
    """One kind of source. All times are the data's own; all sizes are bytes."""

    @property
    def kind(self) -> str:
        """The name by which YAML chooses this kind."""
        ...

    @property
    def holds(self) -> Holds:
        """What its copies are of: what can be asked for by name, and where it can be delivered."""
        ...

    @property
    def connection(self) -> str | None:
        """The Airflow connection that leads to the data, if one does."""
        ...

    @property
    def host(self) -> str | None:
        """The Airflow connection of the machine that the data are on, or behind; None: this worker's own."""
        ...

    @property
    def works_on_windows(self) -> bool:
        """Whether its host may be a Windows machine."""
        ...

    def describe(self) -> str:
        """Say in one line what is saved, for the report."""
        ...

    def probe(self, reach: Reach) -> None:
        """Look whether the data can be read. Raise a `SourceError` that names what cannot."""
        ...

    def items(self, reach: Reach) -> tuple[str, ...]:
        """Name the items there are now, each to become one snapshot."""
        ...

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        reach: Reach,
        on_progress: OnProgress,
    ) -> Saved:
        """Save one item as one snapshot. What is not wholly there never stays as a good copy."""
        ...

    def taken_over(self, item: str, reach: Reach) -> tuple[str, ...] | None:
        """Give the notes of an item that an earlier attempt of this run saved, and that will do.

        :return: None: it is saved again, as what is to be known of it was known to that attempt only.
        """
        ...

    def verify(
        self, copy: Copy, repository: Repository, wanted: Verification, reach: Reach, scratch: str
    ) -> tuple[Evidence, ...]:
        """Read a copy back and compare it with what it is a copy of (activity 12).

        :param scratch: an empty folder with room for what is restored; its content is removed afterwards.
        :raises CheckError: the copy is not what it should be.
        """
        ...

    def find(
        self, wanted: Wanted, copies: Sequence[Copy], repository: Repository, recorded: Sequence[Evidence]
    ) -> tuple[Part, ...]:
        """Find what is asked for in a run's copies (activity 19).

        :param recorded: what the verification of these copies had found.
        :raises NotInCopyError: it is not there; the error offers the nearest names that are.
        :raises InvalidRequestError: such a thing cannot be asked of this kind of source.
        """
        ...

    def touches(self, parts: Sequence[Part], delivery: Delivery, reach: Reach) -> tuple[str, ...]:
        """Name the live data that a restoration would change. None: it can harm nothing.

        :raises InvalidRequestError: this kind of source cannot deliver there.
        :raises TargetOccupiedError: it holds data, and nobody asked for them to be replaced.
        """
        ...

    def read(self, part: Part, repository: Repository, scratch: str) -> Evidence:
        """Read every block that restoring a part needs, without restoring it (activity 20).

        :raises RepositoryError, CheckError: something of it cannot be read.
        """
        ...

    def restore(
        self,
        part: Part,
        repository: Repository,
        delivery: Delivery,
        reach: Reach,
        scratch: str,
        on_progress: OnProgress,
    ) -> Restored:
        """Restore a part and verify it (activity 22). Trying again after a kill gives the same result.

        What harms nothing when it is half done may be done at once; live data is only replaced by what was
        restored as a whole.

        :raises RepositoryError, CheckError: the copy is not good.
        :raises RequestError: the destination does not take it.
        """
        ...
