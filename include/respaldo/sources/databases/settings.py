"""What a scope says of the databases of a server, whichever server that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from respaldo.domain.values import Value

_ALL = "all"


def _named(databases: object) -> object:
    """Read ``all`` as no name at all. An empty list says nothing, and is refused."""
    if databases == _ALL:
        return ()
    if databases in ([], ()):
        raise PydanticCustomError("databases_empty", "name the databases, or write all")
    return databases


DatabaseNames = Annotated[
    tuple[str, ...], BeforeValidator(_named, json_schema_input_type=Literal["all"] | list[str])
]
"""Names of databases; none: all of the server's."""


class DatabasesSettings(Value):
    """The keys and the answers that are the same for every kind of server."""

    host: Annotated[
        str | None,
        Field(description="Airflow connection (ssh) of the machine that the server is entered through."),
    ] = None
    connection: str
    databases: DatabaseNames
    exclude: Annotated[
        tuple[str, ...], Field(description="Names of databases that are left out of all of them.")
    ] = ()

    @property
    def holds(self) -> Literal["databases"]:
        return "databases"

    @property
    def works_on_windows(self) -> bool:
        return True

    def describe(self) -> str:
        names = ", ".join((*(self.databases or "*"), *(f"-{name}" for name in self.exclude)))
        return f"{self.connection}: {names}"

    def chosen(self, there: Sequence[str]) -> tuple[str, ...]:
        """Give the names of what is saved.

        :param there: what the server has; it does not count where the scope names databases.
        """
        return tuple(name for name in self.databases or there if name not in self.exclude)
