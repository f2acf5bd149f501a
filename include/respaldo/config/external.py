"""``scopes/<scope_id>.yaml`` of a scope whose copies another product makes (``source: {kind: external}``)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from respaldo.config.console_record import AnyEntries, AnyRecord, Numbers, Times, same_word_twice
from respaldo.config.scope_settings import Label, ScopeSettings, Title
from respaldo.domain.console import ANY_OTHER, word
from respaldo.domain.quantities import Percent, Size
from respaldo.domain.values import Value

EXTERNAL = "external"


def _as_word(given: object) -> object:
    """A result may be a number (0) or a truth: YAML reads it as one, and so does JSON."""
    return word(given) if isinstance(given, str | int | float) else given


Words = tuple[Annotated[str, BeforeValidator(_as_word), Field(min_length=1)], ...]


class ExternalSource(Value):
    """The product, where its console record is, and how it is understood."""

    kind: Literal["external"]
    product: Annotated[Title, Field(description="The product that makes the copies.")]
    record: AnyRecord
    entries: AnyEntries
    job: Annotated[Title | None, Field(description="Which entries are this scope's; none: all.")] = None
    good: Annotated[Words, Field(min_length=1, description="Results that mean a good copy.")]
    warning: Annotated[Words, Field(description="Results that mean a good copy with reservations.")] = ()
    failed: Annotated[
        Words, Field(min_length=1, description="Results that mean a failure; *: whatever is not named.")
    ]
    running: Annotated[Words, Field(description="Results that mean a copy under way.")] = ()
    times: Times = Times()
    numbers: Numbers = Numbers()
    min_size: Annotated[Size | None, Field(description="A smaller copy is a failure.")] = None
    max_shrink: Annotated[
        Percent, Field(description="A copy smaller than the last good one by more than this is a failure.")
    ] = 50.0
    site: Annotated[Label | None, Field(description="Where the product keeps its copies.")] = None
    medium: Annotated[Label | None, Field(description="What they are on.")] = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for key, part in (("job", "job"), ("min_size", "size")):
            if getattr(self, key) is not None and part not in self.entries.named:
                raise PydanticCustomError("part_missing", "{key}", {"key": key, "part": part})
        twice = same_word_twice(self.good, self.warning, self.failed, self.running)
        if twice is not None:
            raise PydanticCustomError("word_twice", "{word}", {"word": twice})
        if ANY_OTHER in (*self.good, *self.warning, *self.running):
            raise PydanticCustomError("any_other", "only a failure may be any other word")
        return self


class ExternalScope(ScopeSettings):
    """What the product saves, and what its console record must say (activities 6 to 8)."""

    mode: Annotated[Literal["software"], Field(description="How copies are made (activity 3).")] = "software"
    source: ExternalSource

    @property
    def source_kind(self) -> str:
        return EXTERNAL

    @property
    def saved(self) -> str:
        return self.source.product

    @property
    def connections(self) -> dict[str, str]:
        record = self.source.record
        named = {"host": record.host, "secret": getattr(record, "secret", None)}
        return {f"source.record.{key}": name for key, name in named.items() if name}
