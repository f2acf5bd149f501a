"""Programs of PostgreSQL that misbehave when they are told to, and otherwise do their work."""

from __future__ import annotations

from pathlib import Path

from respaldo.embedded import layout, postgres

WRAPPED = ("pg_dump", "pg_dumpall")

_SCRIPT = """\
#!/bin/sh
[ -e "{faults}/{program}.$PGDATABASE" ] && . "{faults}/{program}.$PGDATABASE"
exec "{real}" "$@"
"""


class Layout(layout.Layout):
    """A layout whose installation finds our programs before its own."""

    @property
    def search_path(self) -> tuple[Path, ...]:
        return (self.wrappers, *super().search_path)

    @property
    def wrappers(self) -> Path:
        return self.home / "bin"

    def wrap_programs(self) -> None:
        faults = self.home / "faults"
        for folder in (self.wrappers, faults):
            folder.mkdir()
        for program in WRAPPED:
            script = _SCRIPT.format(faults=faults, program=program, real=postgres.programs() / program)
            (self.wrappers / program).write_text(script)
            (self.wrappers / program).chmod(0o755)
