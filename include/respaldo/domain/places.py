"""Paths in the configuration: ``${RESPALDO_HOME}/...`` lets one file serve every installation."""

from __future__ import annotations

import os
from string import Template
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

DEFAULT_HOME = "/var/lib/respaldo"
"""Where an installation keeps its own data when RESPALDO_HOME says nothing else."""


def expand(text: str) -> str:
    """Replace ``${NAME}`` by the variable of the environment. Raise a validation error for an unset one."""
    try:
        return Template(text).substitute({"RESPALDO_HOME": DEFAULT_HOME} | os.environ)
    except KeyError as error:
        raise PydanticCustomError(
            "variable_unset", "the variable {name} is not set", {"name": error.args[0]}
        ) from error
    except ValueError as error:
        raise PydanticCustomError(
            "variable_malformed", "a $ must be written $$ or begin ${{NAME}}"
        ) from error


def unexpanded(path: str) -> str:
    """Write a path so that `expand` gives it as it is: one that is no configuration names no variable."""
    return path.replace("$", "$$")


Place = Annotated[str, AfterValidator(expand)]


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise PydanticCustomError("path_relative", "a path must be absolute")
    return os.path.normpath(path)


AbsolutePlace = Annotated[Place, AfterValidator(_absolute)]
