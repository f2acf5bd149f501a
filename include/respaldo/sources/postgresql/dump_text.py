"""The SQL text that pg_dump and pg_restore print: its encoding and its quoted names."""

from __future__ import annotations

import codecs
import re

PREAMBLE_BYTES = 4096
"""The settings that the text begins with are within this."""

_ENCODING = re.compile(rb"^SET client_encoding = '(\w+)';$", re.MULTILINE)


def encoding_of(text: bytes) -> str:
    """Give Python's name of the encoding that the text says it is in; UTF-8 when it says nothing known."""
    found = _ENCODING.search(text[:PREAMBLE_BYTES])
    named = found[1].decode() if found else ""
    for name in (named, named.replace("WIN", "cp")):
        try:
            return codecs.lookup(name).name
        except LookupError:
            continue
    return "utf-8"


def unquoted(name: str) -> str:
    """Take the quotes off a name that has them: those within it are doubled."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def one_line(name: str) -> str:
    """Write a name as the comments above the objects have it: without line breaks."""
    return name.replace("\n", " ").replace("\r", " ")
