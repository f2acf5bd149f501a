"""What is imported along with packages, seen in a process that has imported nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

_IMPORT = """
import importlib, pkgutil, sys
for package in map(importlib.import_module, sys.argv[1:]):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
print(*sys.modules)
"""


def imported_with(*packages: str, environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Name all that is imported once every module of some packages is."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, *packages],
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(done.stdout.split())
