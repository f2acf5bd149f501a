"""The words of one cause of failure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """What a cause is called and means, and the words of one case of it.

    ``told`` and ``corrective`` name the facts of the error in braces; ``title`` and ``meaning`` have none.
    """

    title: str
    meaning: str
    told: str
    corrective: str
