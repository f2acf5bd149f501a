"""Find a pattern in a text, no longer than so many seconds."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from respaldo.hosts import worker

_PROGRAM = Path(__file__).with_name("pattern_program.py")


class Match(NamedTuple):
    """One place where a pattern was found: its line (the first is 1), its groups, its text."""

    line: int
    groups: dict[str, str | None]
    text: str


def find_all(pattern: str, text: str, *, limit: int, longest: int, seconds: float) -> list[Match]:
    """Give every match of a regular expression; ^ and $ are the ends of lines.

    Python's own engine can take for ever over an unlucky pattern, and nothing in this process could end it.

    :param limit: no more matches than so many.
    :param longest: no more of each match's text than so many characters.
    :raises TimedOutError: it takes too long.
    """
    output = bytearray()
    with tempfile.TemporaryFile() as file:
        asked = {"pattern": pattern, "text": text, "limit": limit, "longest": longest}
        file.write(json.dumps(asked).encode())
        file.seek(0)
        command = worker.Command((sys.executable, "-I", "-S", str(_PROGRAM)))
        worker.run(
            command,
            on_output=output.extend,
            on_error=lambda _: None,
            by_line=False,
            timeout_seconds=seconds,
            stdin=file.fileno(),
        )
    return [Match(*json.loads(line)) for line in output.splitlines()]
