"""``repositories.yaml``: where copies live. Each scope gets its own restic repository inside."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, RootModel, field_validator
from pydantic_core import PydanticCustomError

from respaldo.domain.labels import LabelPattern
from respaldo.domain.places import AbsolutePlace, Place
from respaldo.domain.values import Value
from respaldo.restic.locations import has_secret, server_of

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]

Option = Annotated[str, Field(pattern=r"^(rest\.connections|sftp\.connections|s3\.[a-z0-9-]+)$")]
"""Not those that name a program, or how its server is entered."""


class RepositorySettings(Value):
    """One place for copies."""

    location: Annotated[Place, Field(description="A folder, or what restic takes: rest:, sftp:, s3:.")]
    connection: Annotated[str, Field(description="Airflow connection of type restic: the master secret.")]
    site: Annotated[str, Field(description="Where it is, as the form says it.")]
    medium: Annotated[str, Field(description="What it is on: disco, objeto, cinta.")]
    label: Annotated[
        LabelPattern | None,
        Field(
            description="Pattern of its copies' labels: {year}, {site}, {number:06}; "
            "none: PRI-{year}-{number:06}, with the name's first three letters."
        ),
    ] = None
    slots: Annotated[int, Field(ge=1, le=64, description="Tasks that may use it at once.")] = 2
    append_only: Annotated[
        bool,
        Field(description="Its server removes nothing: copies are not pruned or repaired from here."),
    ] = False
    ca: Annotated[
        AbsolutePlace | None,
        Field(description="File of the authority that the server's certificate is from; none: the system's."),
    ] = None
    options: Annotated[
        dict[Option, str],
        Field(description="Extended options of restic, such as s3.region: us-east-1."),
    ] = Field(default_factory=dict)

    @field_validator("location")
    @classmethod
    def _is_readable(cls, location: str) -> str:
        if has_secret(location):
            raise PydanticCustomError("location_secret", "a password is no part of a location")
        try:
            server_of(location)
        except ValueError as error:
            raise PydanticCustomError("location_malformed", "it names no server or no folder") from error
        return location

    def location_of(self, scope_id: str) -> str:
        """Give the location of one scope's repository."""
        return f"{self.location.rstrip('/')}/{scope_id}"

    def label_of(self, name: str) -> str:
        """Give the pattern of its copies' labels.

        :param name: the repository's own.
        """
        letters = "".join(letter for letter in name if letter.isalpha())
        return self.label or f"{letters[:3].upper()}-{{year}}-{{number:06}}"


class Repositories(RootModel[Annotated[dict[Name, RepositorySettings], Field(min_length=1)]]):
    """All of them, by name. The name is part of every password derived for it: it does not change."""
