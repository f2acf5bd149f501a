"""The kind of source that docs/new-source.md shows, imported from the page; and a directory for it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from debian_kit import program

PAGE = Path(__file__).parents[1] / "docs" / "new-source.md"
NAME = "documented_source"
SUFFIX = "dc=prueba"


def example() -> str:
    """Give the page's one block of Python."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(block)


def imported(folder: Path) -> ModuleType:
    """Import the example from a folder, as a module among the others is."""
    path = folder / f"{NAME}.py"
    path.write_text(example())
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Annotations are looked up where the module is known.
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return module


class Directory:
    """A real one, of OpenLDAP, that no server serves."""

    def __init__(self, folder: Path, seen_as: str) -> None:
        """Make an empty one.

        :param seen_as: the folder's path where `slapcat` will run.
        """
        self.slapadd = program("slapadd", "slapd")
        self.settings = f"{seen_as}/slapd.conf"
        self._here = folder / "slapd-here.conf"
        (folder / "ldap").mkdir(parents=True)
        text = (
            "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
            f"database mdb\nsuffix {SUFFIX}\ndirectory "
        )
        (folder / "slapd.conf").write_text(f"{text}{seen_as}/ldap\n")
        self._here.write_text(f"{text}{folder}/ldap\n")

    def begin(self) -> None:
        """Give it its first entry."""
        self._add(
            f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: prueba\no: Alcaldía\n"
        )

    def add(self, *names: str) -> None:
        self._add(
            "".join(f"dn: cn={name},{SUFFIX}\nobjectClass: person\ncn: {name}\nsn: x\n\n" for name in names)
        )

    def names(self) -> list[str]:
        """Name all that is in it."""
        return entries(self._run("slapcat"))

    def _add(self, ldif: str) -> None:
        self._run("slapadd", ldif)

    def _run(self, tool: str, given: str = "") -> str:
        command = [program(tool, "slapd"), "-f", self._here]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def entries(ldif: str) -> list[str]:
    return [line for line in ldif.splitlines() if line.startswith(("dn: ", "entryUUID: "))]
