"""How much of a copy is looked at before it counts as good (activity 12)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from respaldo.domain.quantities import Percent
from respaldo.domain.values import Value


class Verification(Value):
    """What a scope asks of ``verify``."""

    probe_files: Annotated[
        int, Field(ge=0, le=10_000, description="Files restored and compared with the source.")
    ] = 20
    max_shrink: Annotated[
        Percent, Field(description="A copy smaller than the last good one by more than this is a failure.")
    ] = 50.0
    max_missed: Annotated[
        int,
        Field(ge=0, description="A copy without more files than this, unreadable or gone, is a failure."),
    ] = 10
    read_data: Annotated[
        Percent | None, Field(description="Share of the repository's data that is read each time.")
    ] = None


def has_shrunk(before_bytes: int, now_bytes: int, max_shrink: float) -> bool:
    """Tell whether a copy of ``now_bytes`` lost more than ``max_shrink`` percent of ``before_bytes``."""
    return now_bytes < before_bytes * (1 - max_shrink / 100)
