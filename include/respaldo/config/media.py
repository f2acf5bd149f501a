"""``media:`` of ``organization.yaml``: labels of media that people copy to, and how labels are printed."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from respaldo.domain.labels import LabelPattern
from respaldo.domain.values import Value

_A4_MM = (210, 297)


class Sheet(Value):
    """A sheet A4 of labels that stick, which are all of one size, in the middle of the sheet."""

    columns: Annotated[int, Field(ge=1, le=10)] = 3
    rows: Annotated[int, Field(ge=1, le=30)] = 8
    width_mm: Annotated[float, Field(ge=45, le=210, description="Of one label.")] = 70
    height_mm: Annotated[float, Field(ge=25, le=297, description="Of one label.")] = 37

    @model_validator(mode="after")
    def _fits(self) -> Self:
        needed = (self.columns * self.width_mm, self.rows * self.height_mm)
        for name, needs, has in zip(("columns", "rows"), needed, _A4_MM, strict=True):
            if needs > has:
                raise PydanticCustomError(
                    "sheet_too_big",
                    "the {side} need {needed} mm of {has}",
                    {"side": name, "needed": f"{needs:g}", "has": has},
                )
        return self


class Media(Value):
    """What holds for all media (activity 16)."""

    label: Annotated[
        LabelPattern,
        Field(description="Pattern of the labels of media that are in no repository: {year}, {number:06}."),
    ] = "MAN-{year}-{number:06}"
    sheet: Sheet = Sheet()
