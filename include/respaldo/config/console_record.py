"""Where the console record of another product is, and how its entries are read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from respaldo.config.zone import TimeZone
from respaldo.domain.console import Part
from respaldo.domain.places import Place
from respaldo.domain.quantities import Duration
from respaldo.domain.values import Value

_LONGEST_PATTERN = 2000
_A_MOMENT = datetime(2031, 4, 25, 16, 38, 59, tzinfo=UTC)
"""No two of its numbers can be taken for each other."""
KNOWN_FORMATS = ("iso", "epoch", "epoch_ms")

Name = Annotated[str, Field(min_length=1, max_length=200)]


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise PydanticCustomError("encoding_unknown", "not an encoding of texts") from error
    return name


def _time_format(text: str) -> str:
    if text in KNOWN_FORMATS:
        return text
    try:
        read = datetime.strptime(_A_MOMENT.strftime(text), text)  # noqa: DTZ007  (its zone is told apart)
    except ValueError as error:
        raise PydanticCustomError("time_format", "not a format of times") from error
    if read.date() != _A_MOMENT.date() or read.hour != _A_MOMENT.hour:
        raise PydanticCustomError("time_format", "does not tell day and hour")
    return text


def _compiled(pattern: str) -> str:
    try:
        found = re.compile(pattern, re.MULTILINE).groupindex
    except (re.error, RecursionError, OverflowError) as error:
        raise PydanticCustomError("pattern_invalid", "{reason}", {"reason": str(error)}) from error
    if unknown := sorted(found.keys() - set(get_args(Part))):
        facts = {"groups": ", ".join(unknown), "known": ", ".join(get_args(Part))}
        raise PydanticCustomError("pattern_groups", "unknown groups: {groups}", facts)
    return pattern


class _Place(Value):
    host: Annotated[
        str | None, Field(description="Airflow connection of type ssh to the machine; none: this worker.")
    ] = None
    encoding: Annotated[
        Annotated[str, AfterValidator(_known_encoding)],
        Field(description="Of its text; one that begins with a mark of Unicode tells itself."),
    ] = "utf-8"
    within: Annotated[Duration, Field(description="How long it may take to read it.")] = timedelta(minutes=5)


class ConsoleFile(_Place):
    """A file that the product writes. Of several (``*``), the newest."""

    from_: Literal["file"] = Field(alias="from")
    path: Annotated[Place, Field(min_length=1, description="Where it is; * stands for any part of a name.")]

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        if self.host is None and not self.path.startswith("/"):
            raise PydanticCustomError("record_relative", "{path}", {"path": self.path})
        return self

    @property
    def where(self) -> str:
        return self.path


class ConsoleCommand(_Place):
    """A command whose output is the record. On a host, a single word is the whole line for its shell."""

    from_: Literal["command"] = Field(alias="from")
    command: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    secret: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Airflow connection whose password is a line of the command's standard input.",
        ),
    ] = None

    @property
    def where(self) -> str:
        return " ".join(self.command)


class Fields(Value):
    """The column, or the dotted key, of each thing that an entry tells."""

    job: Name | None = None
    result: Name
    start: Name | None = None
    end: Name | None = None
    size: Name | None = None
    files: Name | None = None
    message: Name | None = None


class _Named(Value):
    fields: Fields

    @model_validator(mode="after")
    def _tells_when(self) -> Self:
        if self.fields.start is None and self.fields.end is None:
            raise PydanticCustomError("times_missing", "neither start nor end")
        return self

    @property
    def named(self) -> Mapping[str, str]:
        return self.fields.model_dump(exclude_none=True)


class CsvEntries(_Named):
    """A table with its columns' names in the first line."""

    format: Literal["csv"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class JsonEntries(_Named):
    """A list of objects, or one object."""

    format: Literal["json"]
    list_: Annotated[
        Name | None, Field(alias="list", description="Dotted key of the list; none: the whole document.")
    ] = None


class TextEntries(Value):
    """Whatever a regular expression finds in a text: one match is one entry."""

    format: Literal["text"]
    pattern: Annotated[
        str,
        Field(min_length=1, max_length=_LONGEST_PATTERN, description="Groups named like the keys of fields."),
        AfterValidator(_compiled),
    ]

    @model_validator(mode="after")
    def _tells_enough(self) -> Self:
        if "result" not in self.named:
            raise PydanticCustomError("result_missing", "no group named result")
        if not {"start", "end"} & self.named.keys():
            raise PydanticCustomError("times_missing", "neither start nor end")
        return self

    @property
    def named(self) -> Mapping[str, str]:
        return {group: group for group in re.compile(self.pattern).groupindex}


AnyRecord = Annotated[ConsoleFile | ConsoleCommand, Field(discriminator="from_")]
AnyEntries = Annotated[CsvEntries | JsonEntries | TextEntries, Field(discriminator="format")]


class Times(Value):
    """How the console writes moments."""

    format: Annotated[
        Annotated[str, AfterValidator(_time_format)],
        Field(description="iso, epoch (seconds), epoch_ms, or as strptime: %d/%m/%Y %H:%M:%S"),
    ] = "iso"
    zone: Annotated[
        TimeZone | None, Field(description="Of moments that tell none; none: the organization's.")
    ] = None


class Numbers(Value):
    """How the console writes sizes and counts."""

    unit: Annotated[
        Literal["B", "KB", "MB", "GB", "TB"], Field(description="Of sizes that tell none. 1 KB = 1024 B.")
    ] = "B"
    decimal: Annotated[Literal[".", ","], Field(description="Sign before a fraction.")] = "."


def same_word_twice(*lists: tuple[str, ...]) -> str | None:
    """Give a word that is in two lists, or twice in one."""
    seen: set[Any] = set()
    for one in (word for words in lists for word in words):
        if one in seen:
            return str(one)
        seen.add(one)
    return None
