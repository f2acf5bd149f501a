"""What every row that steps state has in common: only what is given is written."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, JsonValue, model_validator

from respaldo.domain.values import Run, Value

Count = Annotated[int, Field(ge=0, lt=2**63)]


class Row(Value):
    """Columns of one row that a step knows now: only those that are given are written.

    A given ``None`` empties its column. The columns are described where they are made: in ``migrations``.
    """

    TABLE: ClassVar[str]
    KEY: ClassVar[str]
    """The column that tells the row from others."""
    MERGED: ClassVar[frozenset[str]]
    """Objects to which each step adds its own entry."""
    OUTCOME: ClassVar[frozenset[str]]
    """How it ended: an old word about it never completes a newer one."""
    REASON: ClassVar[frozenset[str]] = frozenset()
    """Why it ended. Of a run that was interrupted, a step that outlived it does not empty them."""

    @model_validator(mode="before")
    @classmethod
    def _hold_any_text(cls, given: object) -> object:
        return storable(given)

    def columns(self) -> dict[str, JsonValue]:
        """Return the given columns as JSON can hold them."""
        return self.model_dump(mode="json", include=self.model_fields_set)


class RunRow(Row):
    """The row of a run: its key is the run's."""

    dag_id: str
    run_id: str
    scope_id: str

    @classmethod
    def of(cls, run: Run, **columns: object) -> Self:
        """Build the update of a run's row."""
        key = {cls.KEY: run.key, "dag_id": run.dag_id, "run_id": run.run_id, "scope_id": run.scope_id}
        return cls.model_validate(key | columns)


def storable(value: object) -> object:
    r"""Make every text one that PostgreSQL can hold, deep in values, dicts and lists.

    A file name need not be Unicode, and a message may carry a NUL: both become visible escapes (``\udce9``,
    ``\x00``).
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
    if isinstance(value, Value):
        return type(value).model_validate(storable(value.model_dump()))
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
