"""The configuration that an installation begins with, and whose it is."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import yaml

from respaldo.production.errors import ConfigurationUnwrittenError, TemplateMissingError

FOLDER = Path("config")
"""In the project's folder."""

TEMPLATE = Path("include", "production", "config")
"""In the project's folder too: the image does not hold it."""

_FOLDER_MODE = 0o755
_FILE_MODE = 0o644
"""Containers read the configuration as another user."""


def put_configuration(project: Path) -> bool:
    """Copy the template where there is no configuration; one that is there stays as it is.

    :return: whether it was copied.
    :raises TemplateMissingError, ConfigurationUnwrittenError: nothing was written.
    """
    folder, template = project / FOLDER, project / TEMPLATE
    if os.path.lexists(folder) and not _is_empty(folder):
        return False
    if not template.is_dir():
        raise TemplateMissingError(folder=folder, template=template)
    partial = project / f".{FOLDER.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(template, partial)
        # Whatever the files' modes are where the project was cloned.
        for path in (partial, *partial.rglob("*")):
            path.chmod(_FOLDER_MODE if path.is_dir() else _FILE_MODE)
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ConfigurationUnwrittenError(folder=folder, reason=_reason(error)) from error
    return True


def entity_of(project: Path) -> str | None:
    """Give the name of whose configuration this is, as far as it can be read."""
    with contextlib.suppress(OSError, ValueError, yaml.YAMLError):
        said = yaml.safe_load((project / FOLDER / "organization.yaml").read_text(encoding="utf-8"))
        name = said.get("name") if isinstance(said, dict) else None
        return name if isinstance(name, str) else None
    return None


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _reason(error: OSError) -> str:
    """Of several files that could not be copied, tell the first."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    return error.strerror or str(error)
