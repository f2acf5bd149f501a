"""Folders that nobody has written to for long: logs of tasks and programs, what restic has set aside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from respaldo.production.old_runs import RunsOf

_DAG, _RUN = "dag_id=", "run_id="


class Removed(NamedTuple):
    """How many are gone, and which would not go, each with its reason."""

    folders: int
    refused: tuple[str, ...]


def remove(folders: Iterable[Path]) -> Removed:
    """Remove folders with all that is in them; one that refuses does not keep the others."""
    count, refused = 0, []
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            refused.append(str(error))
        else:
            count += 1
    return Removed(count, tuple(refused))


def logs_of_runs(logs: Path, before: float, runs_of: RunsOf) -> Iterator[Path]:
    """Give the folders of runs that Airflow does not know any more.

    :param before: in seconds since 1970; what was written later stays, whosever it is.
    """
    for dag in _folders(logs):
        if not dag.name.startswith(_DAG):
            continue
        known = runs_of(dag.name.removeprefix(_DAG))
        for run in _folders(dag):
            if run.name.removeprefix(_RUN) not in known and _newest(run) < before:
                yield run


def logs_of_programs(logs: Path, before: float) -> Iterator[Path]:
    """Give the folders of days: the DAG processor writes one a day."""
    for program in _folders(logs):
        if not program.name.startswith(_DAG):
            yield from unused(program, before)


def unused(folder: Path, before: float) -> Iterator[Path]:
    """Give the folders within a folder in which nothing was written since then."""
    return (each for each in _folders(folder) if _newest(each) < before)


def _folders(folder: Path) -> list[Path]:
    """List the folders in a folder, links to folders aside; none where there is none."""
    try:
        found = list(folder.iterdir())
    except FileNotFoundError:
        return []
    return sorted(each for each in found if each.is_dir() and not each.is_symlink())


def _newest(folder: Path) -> float:
    """Say when a folder or anything in it was last written; what is just going away is new."""
    try:
        found = folder.lstat().st_mtime
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                found = max(found, Path(place, name).lstat().st_mtime)
    except FileNotFoundError:
        return float("inf")
    return found
