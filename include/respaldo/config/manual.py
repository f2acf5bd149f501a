"""``scopes/<scope_id>.yaml`` of a scope that people copy by hand (``mode: manual``, activities 9 to 12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from respaldo.config.scope_settings import ScopeSettings, Title
from respaldo.config.scopes import Scope
from respaldo.domain.duties import Duty
from respaldo.domain.places import AbsolutePlace, unexpanded
from respaldo.domain.quantities import Duration
from respaldo.sources.files import FilesSource

MANUAL = "manual"


class ManualScope(ScopeSettings):
    """What is copied by hand, how, by whom, and who verifies it."""

    mode: Annotated[Literal["manual"], Field(description="How copies are made (activity 3).")]
    what: Annotated[Title, Field(description="What is copied, in one line.")]
    instructions: Annotated[str, Field(min_length=1, description="How the copy is made: Markdown.")]
    verifier: Annotated[str, Field(description="Role that verifies the copy (12).")] = "infraestructura"
    perform_within: Annotated[Duration, Field(description="How long making the copy may take.")] = timedelta(
        days=1
    )
    verify_within: Annotated[Duration, Field(description="How long its verification may take.")] = timedelta(
        days=2
    )
    repository: Annotated[
        str | None, Field(description="Where a copy that the worker can read is kept by restic as well.")
    ] = None
    folder: Annotated[
        AbsolutePlace | None,
        Field(description="Folder below which a worker may read copies; none: it reads none."),
    ] = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.repository is not None and self.folder is None:
            raise PydanticCustomError("folder_missing", "restic keeps what it can read: folder is needed")
        return self

    @property
    def source_kind(self) -> str:
        return MANUAL

    @property
    def saved(self) -> str:
        return self.what

    @property
    def roles(self) -> dict[str, str]:
        return super().roles | {"verifier": self.verifier}

    @property
    def duties(self) -> dict[str, Duty]:
        return {"responsible": "copies", "verifier": "verification"}

    @property
    def repositories(self) -> dict[str, str]:
        return {"repository": self.repository} if self.repository else {}

    def kept(self, path: str | None = None) -> Scope | None:
        """Give the scope as restic keeps its copies: their files below a path. None: it keeps none.

        :param path: of one copy; None: of any.
        """
        path = path or self.folder
        if self.repository is None or path is None:
            return None
        common = {name: getattr(self, name) for name in ScopeSettings.model_fields if name != "mode"}
        source = FilesSource(kind="files", paths=(unexpanded(path),))
        return Scope(**common, source=source, repository=self.repository)
