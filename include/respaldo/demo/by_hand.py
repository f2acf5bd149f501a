"""Run docs/restore-by-hand.md as it is written: the page that someone follows at 3 a.m. must work."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Part = Literal["files", "database"]

BLOCKS: dict[Part, tuple[str, ...]] = {
    "files": ("datos", "clave", "momento", "traer", "archivos"),
    "database": ("datos", "clave", "momento", "traer", "base-de-datos", "comprobar-base"),
}
"""The marks of the blocks that each kind of restore takes, in the page's order."""

_GIVEN = "datos"
_BLOCK = re.compile(r"^<!-- bloque: ([\w-]+) -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: str) -> dict[str, str]:
    """Give the marked shell blocks of the page by their marks, in the page's order."""
    return dict(_BLOCK.findall(document))


def script(document: str, part: Part, variables: Mapping[str, str]) -> str:
    """Give the blocks of one part as one script; ``variables`` replace the values of the page's first block.

    :raises KeyError: the page lost one of the blocks.
    """
    found = blocks(document)
    given = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    return "\n".join(found[name] + (given if name == _GIVEN else "") for name in BLOCKS[part])


def run(
    document: Path, part: Part, variables: Mapping[str, str], *, home: Path, timeout_seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """Follow the page in a new shell that knows nothing but PATH and HOME; any failed line ends it.

    Standard output of the result holds all that a person would see. Its return code is 0 when every line
    succeeded.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sh", encoding="utf-8") as written:
        written.write(script(document.read_text(encoding="utf-8"), part, variables))
        written.flush()
        return subprocess.run(
            ("bash", "-euo", "pipefail", written.name),  # noqa: S607  (the one on PATH, as a person would)
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=timeout_seconds,
            check=False,
        )
