"""``scopes/<scope_id>.yaml`` of a scope that restic saves: one backup scope, one DAG."""

from __future__ import annotations

from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from respaldo.config.scope_settings import ScopeSettings
from respaldo.domain.hooks import Hook
from respaldo.domain.verification import Verification
from respaldo.sources import AnySource


class Scope(ScopeSettings):
    """What is saved, how often, where to, and how sure one must be of it."""

    mode: Annotated[Literal["software"], Field(description="How copies are made (activity 3).")] = "software"
    source: AnySource
    repository: Annotated[str, Field(description="A repository of repositories.yaml.")]
    second_copy: Annotated[str | None, Field(description="Another one, at the secondary site.")] = None
    verify: Verification = Verification()
    pre: Annotated[
        tuple[Hook, ...],
        Field(description="Commands before the copy, where the data are; one fails: no copy."),
    ] = ()
    post: Annotated[
        tuple[Hook, ...], Field(description="Commands after the copy, where the data are, however it ended.")
    ] = ()

    @model_validator(mode="after")
    def _two_places(self) -> Self:
        if self.second_copy == self.repository:
            raise PydanticCustomError("second_copy_same", "the second copy must be in another repository")
        return self

    @property
    def source_kind(self) -> str:
        return self.source.kind

    @property
    def saved(self) -> str:
        source = self.source
        # Of ten machines /etc is ten things.
        return source.describe() if source.host is None else f"{source.host}:{source.describe()}"

    @property
    def repositories(self) -> dict[str, str]:
        places = {"repository": self.repository}
        return places | {"second_copy": self.second_copy} if self.second_copy else places

    @property
    def connections(self) -> dict[str, str]:
        source, found = self.source, {}
        if source.connection is not None:
            fields = cast("type[BaseModel]", type(source)).model_fields
            key = fields["connection"].alias or "connection"
            found[f"source.{key}"] = source.connection
        return found | ({"source.host": source.host} if source.host is not None else {})
