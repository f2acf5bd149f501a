"""Find a pattern in a text, as a program of its own: a pattern that would search for ever can be ended.

Reads one JSON object from standard input (``pattern``, ``text``, ``limit`` of matches, the ``longest`` text
of one) and writes one line for each match: its line number, its groups, its text. Needs nothing but Python.
"""

from __future__ import annotations

import json
import re
import sys


def main() -> None:
    asked = json.load(sys.stdin)
    text, line, seen = asked["text"], 1, 0
    for count, match in enumerate(re.finditer(asked["pattern"], text, re.MULTILINE)):
        if count >= asked["limit"]:
            break
        line += text.count("\n", seen, match.start())
        seen = match.start()
        sys.stdout.write(json.dumps([line, match.groupdict(), match[0][: asked["longest"]]]) + "\n")


if __name__ == "__main__":
    main()
