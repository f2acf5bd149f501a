"""What can be saved: one module a kind of source, all of them named here.

A new kind is one module with one class that does what `respaldo.sources.base.Source` asks, and its name in
`SOURCES`. docs/new-source.md has a whole one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from respaldo.sources.barman import BarmanSource
from respaldo.sources.base import Source
from respaldo.sources.command import CommandSource
from respaldo.sources.files import FilesSource
from respaldo.sources.mariadb import MariadbSource
from respaldo.sources.postgresql import PostgresqlSource
from respaldo.sources.sqlite import SqliteSource
from respaldo.sources.tar import TarSource

__all__ = ["SOURCES", "AnySource", "Source"]

SOURCES: tuple[type[Source], ...] = (
    FilesSource,
    MariadbSource,
    PostgresqlSource,
    SqliteSource,
    CommandSource,
    BarmanSource,
    TarSource,
)

if TYPE_CHECKING:
    AnySource = Source
else:
    AnySource = Annotated[Union[SOURCES], Field(discriminator="kind")]  # noqa: UP007  (it takes a tuple)
