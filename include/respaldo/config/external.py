"""``scopes/<scope_id>.yaml`` of a scope whose copies another product makes (``source: {kind: external}``)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from respaldo.config.scope_settings import ScopeSettings, Title
from respaldo.domain.values import Value

EXTERNAL = "external"


class ExternalSource(Value):
    """The product, and where its console record is."""

    kind: Literal["external"]
    product: Annotated[Title, Field(description="The product that makes the copies.")]


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
