"""``repositories.yaml``: where copies live. Each scope gets its own restic repository inside."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, RootModel

from respaldo.domain.labels import LabelPattern
from respaldo.domain.places import Place
from respaldo.domain.values import Value

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


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


def pool_of(repository: str) -> str:
    """Name the Airflow pool that limits how many tasks use a repository at once."""
    return f"repositorio_{repository}"
