"""Programs that misbehave when they are told to, and otherwise do their work."""

from __future__ import annotations

from pathlib import Path

from respaldo.embedded import layout, postgres

_SCRIPT = """\
#!/bin/sh
real="{real}"
for fault in "{faults}/{program}."*; do [ -e "$fault" ] && . "$fault"; done
exec "$real" "$@"
"""


class Layout(layout.Layout):
    """A layout whose installation finds our programs before its own."""

    @property
    def search_path(self) -> tuple[Path, ...]:
        return (self.home / "bin", *super().search_path)

    def wrap_programs(self) -> None:
        """Make the programs: each first does what the files in ``faults`` say that are named after it."""
        faults = self.home / "faults"
        for folder in (self.home / "bin", faults):
            folder.mkdir()
        real = {program: postgres.programs() / program for program in ("pg_dump", "pg_dumpall")}
        real["restic"] = self.project / "var" / "bin" / "restic"
        for program, path in real.items():
            wrapper = self.home / "bin" / program
            wrapper.write_text(_SCRIPT.format(real=path, faults=faults, program=program))
            wrapper.chmod(0o755)
