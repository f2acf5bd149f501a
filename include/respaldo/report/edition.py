"""What a document of the form says of itself: whose form it is, and which edition of the period's."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from respaldo.domain.values import Value


class FormHeader(Value):
    """The form as the quality system has it, and whose it is."""

    entity: str
    process: str
    code: str
    version: str
    date: date


class Edition(Value):
    """One archived version of a period's form; one after the first says which it replaces, and why."""

    version: Annotated[int, Field(ge=1)]
    replaces: int | None = None
    reason: str | None = None
