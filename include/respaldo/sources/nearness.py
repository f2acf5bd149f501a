"""Which names of a copy look most like one that was asked for and is not there."""

from __future__ import annotations

import heapq
import posixpath
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

from respaldo.restic.argv import literal

NEAREST_NAMES = 5
_NEAR_ENOUGH = 0.3


def nearest(missing: Iterable[str], there: Iterable[str], least: float = 0.6) -> list[str]:
    """Offer names that are there instead of those that are not.

    :param least: how much alike they must be, from 0 to 1.
    """
    names = sorted(there)
    found = [near for name in missing for near in get_close_matches(name, names, NEAREST_NAMES, least)]
    return list(dict.fromkeys(found))[:NEAREST_NAMES]


class Nearness:
    """Keeps the names that are most like one name, of a listing of any length."""

    def __init__(self, wanted: str) -> None:
        self.best: list[tuple[float, str]] = []
        plain = wanted.replace("*", "").replace("\\", "").rstrip("/").casefold()
        self._name = SequenceMatcher(autojunk=False, b=posixpath.basename(plain) or plain)
        self._path = SequenceMatcher(autojunk=False, b=plain)

    def take(self, path: str) -> None:
        least = self.best[0][0] if len(self.best) == NEAREST_NAMES else _NEAR_ENOUGH
        folded = path.casefold()
        self._name.set_seq1(posixpath.basename(folded))
        # Bounds that cost little, before what costs much: most names are nothing like it.
        if self._name.real_quick_ratio() < least or self._name.quick_ratio() < least:
            return
        score = self._name.ratio()
        if score < least:
            return
        # The same name in a folder that looks alike is nearer than in any other.
        self._path.set_seq1(folded)
        heapq.heappush(self.best, (score + self._path.quick_ratio() / 1000, path))
        if len(self.best) > NEAREST_NAMES:
            heapq.heappop(self.best)


def best_of(searches: Iterable[Nearness]) -> list[str]:
    """Give what several searches kept as a request names it (see `literal`), the most alike first."""
    found = sorted((score for search in searches for score in search.best), reverse=True)
    return [literal(path) for path in dict.fromkeys(path for _, path in found)][:NEAREST_NAMES]
