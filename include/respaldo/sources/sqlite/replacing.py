"""Puts a database in the place of another one, with nobody in it and nothing of the old one beside it."""

from __future__ import annotations

from pathlib import Path

from respaldo.domain.errors import TargetOccupiedError
from respaldo.domain.source_errors import TargetBusyError
from respaldo.sources.one_file import Beside, told
from respaldo.sources.sqlite import running
from respaldo.sources.sqlite.files_program import MAGIC
from respaldo.sources.sqlite.programs import Programs
from respaldo.sources.sqlite.running import SqliteError


def kept_name(place: Path, key: str) -> Path:
    """Name what was at a place before a request replaced it."""
    return place.with_name(f"{place.name}.before-{key}")


def replace(programs: Programs, beside: Beside, place: Path, key: str) -> Path:
    """Put a database in the place of the one there, which is kept under the name that is given back.

    :raises TargetBusyError: a program has the old one open.
    :raises TargetDeniedError, TargetFullError: the disk does not take it.
    """
    kept = kept_name(place, key)
    with told(place):
        if process := programs.files("users", place=str(place))["process"]:
            raise TargetBusyError(target=place, said=process)
        _close(programs, place)
        programs.files("replace", path=str(beside.path), place=str(place), kept=str(kept))
    return kept


def put(programs: Programs, beside: Beside, place: Path, key: str) -> None:
    """Give a database its place, where none is, and put aside what lies beside that.

    :raises TargetOccupiedError: something is there.
    :raises TargetDeniedError, TargetFullError: the disk does not take it.
    """
    with told(place):
        programs.files("clear", place=str(place), kept=str(kept_name(place, key)))
        try:
            programs.files("put", path=str(beside.path), place=str(place))
        except FileExistsError as error:
            raise TargetOccupiedError(target=place) from error


def _close(programs: Programs, place: Path) -> None:
    if programs.files("begin", path=str(place)).get("beginning") != MAGIC:
        # SQLite would throw away what is beside something that is no database.
        return
    try:
        running.close(programs, str(place))
    except SqliteError as error:
        if error.reason == "busy":
            raise TargetBusyError(target=place, said=error.said) from error
        # It is damaged, which may be why it is replaced: what is beside it goes with it as it is.
