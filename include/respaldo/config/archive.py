"""Where the forms of past periods are archived, and who is told (activity 26)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from respaldo.domain.duties import Duty
from respaldo.domain.places import AbsolutePlace
from respaldo.domain.values import Value


class Archive(Value):
    """The archive of the form."""

    folder: Annotated[
        AbsolutePlace,
        Field(
            validate_default=True,
            description="Where the documents are kept; the scope archivo_fm007 backs it up.",
        ),
    ] = "${RESPALDO_HOME}/archivo"
    informed: Annotated[
        tuple[str, ...], Field(description="Roles that are told when a period is archived.")
    ] = ("profesional", "soporte")

    @property
    def root(self) -> Path:
        return Path(self.folder)

    @property
    def roles(self) -> dict[tuple[int | str, ...], str]:
        """The place of each key that names a role, and the role."""
        return {("informed", place): role for place, role in enumerate(self.informed)}

    @property
    def duties(self) -> dict[tuple[int | str, ...], Duty]:
        """The duty that the role at each key must have: who is only informed needs none."""
        return {}
