"""What a command prints, as its scope names it: `show running-config`, `slapcat`, any dump."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from respaldo.domain.quantities import Size
from respaldo.sources.output import Expected, OutputSource
from respaldo.sources.output.marks import Mark
from respaldo.sources.reach import Reach

_LONGEST_NAME = 120


def _file_name(name: str) -> str:
    if name in (".", "..") or re.search(r"[/\x00-\x1f\x7f]", name):
        raise PydanticCustomError("file_name", "not a name of a file")
    return name


class CommandSource(OutputSource):
    """``kind: command``: the output of a command on the worker that runs the scope, or on another machine."""

    kind: Literal["command"]
    command: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=1, description="Program and arguments, no shell; no secret among them."),
    ]
    name: Annotated[
        str,
        Field(min_length=1, max_length=_LONGEST_NAME, description="Name of the file in the copy."),
        AfterValidator(_file_name),
    ]
    min_size: Annotated[Size, Field(ge=1, description="A smaller output is a failure.")] = 1
    must_contain: Annotated[
        tuple[Mark, ...], Field(max_length=20, description="Texts, or {regex: ...}, that must all be in it.")
    ] = ()
    must_end_with: Annotated[
        Mark | None, Field(description="What it must end with; blanks and line breaks after it do not count.")
    ] = None
    diff: Annotated[
        bool, Field(description="Write what changed since the last copy to the task's log (texts).")
    ] = True

    def describe(self) -> str:
        return f"{self.name}: {shlex.join(self.command)}"

    @property
    def file_name(self) -> str:
        return self.name

    def argv(self, reach: Reach) -> tuple[str, ...]:  # noqa: ARG002  (it is the same everywhere)
        return self.command

    @property
    def expected(self) -> Expected:
        return Expected(
            min_size=self.min_size,
            must_contain=tuple(mark.asked for mark in self.must_contain),
            must_end_with=self.must_end_with.asked if self.must_end_with else None,
        )

    @property
    def is_compared(self) -> bool:
        return self.diff
