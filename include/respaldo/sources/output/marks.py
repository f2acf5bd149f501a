"""What an output must hold, as a scope says it: a text, or a regular expression."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from respaldo.domain.values import Value

_LONGEST = 500


def _compiled(pattern: str) -> str:
    try:
        re.compile(pattern.encode())
    except (re.error, RecursionError, OverflowError) as error:
        raise PydanticCustomError("pattern_invalid", "{reason}", {"reason": str(error)}) from error
    return pattern


class TextOrPattern(Value):
    """One of both. A regular expression is over bytes and sees one line at a time: ^ and $ are its ends."""

    text: Annotated[str | None, Field(min_length=1, max_length=_LONGEST)] = None
    regex: Annotated[
        Annotated[str, Field(min_length=1, max_length=_LONGEST), AfterValidator(_compiled)] | None, Field()
    ] = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.text is None) is (self.regex is None):
            raise PydanticCustomError("mark", "a text, or regex")
        return self

    @property
    def asked(self) -> dict[str, str]:
        """As the checker takes it."""
        return self.model_dump(exclude_none=True)


def _as_model(given: object) -> object:
    return {"text": given} if isinstance(given, str) else given


Mark = Annotated[TextOrPattern, BeforeValidator(_as_model, json_schema_input_type=str | TextOrPattern)]
