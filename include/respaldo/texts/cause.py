"""The words of one cause of failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cause:
    """What a cause is called and means, and the words of one case of it.

    ``told`` and ``corrective`` name the facts of the error in braces; ``title`` and ``meaning`` have none.
    ``reasons`` has the words of the fact ``reason`` where that is a code: they name facts in braces too.
    """

    title: str
    meaning: str
    told: str
    corrective: str
    reasons: Mapping[str, str] = field(default_factory=dict)
