"""Texts that the fonts of typst can show: PDF/A admits no character without its glyph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

from pydantic import JsonValue

_SHOWN = (
    (0x20, 0x7E),  # Basic Latin, and below: its supplement and two extensions
    (0xA0, 0x24F),
    (0x391, 0x3A1),  # Greek
    (0x3A3, 0x3C9),
    (0x400, 0x45F),  # Cyrillic
    (0x200B, 0x200B),  # where a word may go on in the next line: nothing is shown
    (0x2010, 0x2026),  # dashes, quotation marks, bullets; not what turns the direction of writing
    (0x2030, 0x203A),
    (0x20AC, 0x20AC),
    (0x2122, 0x2122),
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x221E, 0x221E),
    (0x2260, 0x2260),
    (0x2264, 0x2265),
    (0xFFFD, 0xFFFD),
)
"""First and last of each range; a test has typst show them all."""

_UNSHOWN = "\\u{{{code:x}}}"


@overload
def printable(value: str) -> str: ...
@overload
def printable(value: Mapping[str, JsonValue]) -> dict[str, JsonValue]: ...
@overload
def printable(value: JsonValue) -> JsonValue: ...
def printable(value: object) -> object:
    r"""Put ``\u{1f600}`` in the place of each character that no font of typst has, deep in data.

    Line breaks stay; a file's name or a person's message may hold anything else.
    """
    match value:
        case str():
            return value if value.isascii() and value.isprintable() else "".join(map(_shown, value))
        case Mapping():
            return {name: printable(item) for name, item in value.items()}
        case Sequence():
            return [printable(item) for item in value]
    return value


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\n" or any(first <= code <= last for first, last in _SHOWN):
        return character
    return " " if character.isspace() else _UNSHOWN.format(code=code)
