"""Which names of an archive are asked for: paths, with all below them, and patterns as restic takes them."""

from __future__ import annotations

import posixpath
import re
import tarfile
from collections.abc import Sequence

from respaldo.domain.errors import InvalidRequestError
from respaldo.restic.argv import plain_path

_ANY_DEPTH = r"(?:.*/)?"


class Selection:
    """Paths and patterns together. With none, everything is meant.

    :raises InvalidRequestError: one of them is no pattern.
    """

    def __init__(self, wanted: Sequence[str]) -> None:
        self.wanted = () if any(plain_path(one) == "/" for one in wanted) else tuple(dict.fromkeys(wanted))
        self._patterns = [_compiled(one) for one in self.wanted]

    def matching(self, path: str) -> list[str]:
        """Name those that a path is asked for by."""
        found = zip(self.wanted, self._patterns, strict=True)
        return [one for one, pattern in found if pattern.fullmatch(path)]

    def __contains__(self, path: str) -> bool:
        return not self.wanted or any(pattern.fullmatch(path) for pattern in self._patterns)


def path_of(name: str) -> str:
    """Give the absolute path that a name in an archive stands for.

    :raises tarfile.TarError: it leads out of the archive.
    """
    if ".." in name.split("/"):
        raise tarfile.ReadError(f"{name!r} leads out of the archive")
    return posixpath.normpath("/" + name.lstrip("/"))


def _compiled(wanted: str) -> re.Pattern[str]:
    if not wanted or "\0" in wanted:
        raise InvalidRequestError(problem="pattern_invalid")
    if (plain := plain_path(wanted)) is not None:
        return re.compile(re.escape(plain) + r"(?:/.*)?", re.DOTALL)
    parts = [part for part in wanted.split("/") if part]
    lead = "/" if wanted.startswith("/") else "/" + _ANY_DEPTH
    text = ""
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        if part == "**":
            text += ".*" if is_last else _ANY_DEPTH
        else:
            text += _component(part) + ("" if is_last else "/")
    return re.compile(lead + text + r"(?:/.*)?", re.DOTALL)


def _component(part: str) -> str:
    """Write one name of a pattern as a regular expression."""
    text, rest = "", part
    while rest:
        head, rest = rest[0], rest[1:]
        match head:
            case "*":
                text += "[^/]*"
            case "?":
                text += "[^/]"
            case "\\" if rest:
                text, rest = text + re.escape(rest[0]), rest[1:]
            case "[":
                inside, end, rest = rest.partition("]")
                negated = inside.startswith("^")
                inside = inside.removeprefix("^")
                if not end or not inside:
                    raise InvalidRequestError(problem="pattern_invalid")
                ranges = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside)
                text += f"[{'^' if negated else ''}{ranges}]"
            case _:
                text += re.escape(head)
    try:
        re.compile(text)
    except re.error as error:
        raise InvalidRequestError(problem="pattern_invalid") from error
    return text
