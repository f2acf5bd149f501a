"""What every kind of source can do: the whole of what the rest of Respaldo asks of it.

A source is its settings (what a scope's YAML says under ``source:``) and the work on them. A scope's data is
cut into items, one snapshot each: all its files are one, each database is one.
"""

from __future__ import annotations

from typing import Protocol

from respaldo.domain.values import Copy, Endpoint, Evidence
from respaldo.domain.verification import Verification
from respaldo.restic.call import OnProgress
from respaldo.restic.repository import Marks, Repository, Saved


class Source(Protocol):
    """One kind of source. All times are the data's own; all sizes are bytes."""

    @property
    def kind(self) -> str:
        """The name by which YAML chooses this kind."""
        ...

    @property
    def connection(self) -> str | None:
        """The Airflow connection that leads to the data, if one does."""
        ...

    def describe(self) -> str:
        """Say in one line what is saved, for the report."""
        ...

    def probe(self, endpoint: Endpoint | None) -> None:
        """Look whether the data can be read. Raise a `SourceError` that names what cannot."""
        ...

    def items(self, endpoint: Endpoint | None) -> tuple[str, ...]:
        """Name the items there are now, each to become one snapshot."""
        ...

    def save(
        self,
        item: str,
        repository: Repository,
        marks: Marks,
        endpoint: Endpoint | None,
        on_progress: OnProgress,
    ) -> Saved:
        """Save one item as one snapshot. What is not wholly there never stays as a good copy."""
        ...

    def verify(
        self, copy: Copy, repository: Repository, wanted: Verification, scratch: str
    ) -> tuple[Evidence, ...]:
        """Read a copy back and compare it with what it is a copy of (activity 12).

        :param scratch: an empty folder with room for what is restored; its content is removed afterwards.
        :raises CheckError: the copy is not what it should be.
        """
        ...
