"""What commands print and how they end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from respaldo.domain.errors import RespaldoError
from respaldo.texts.telling import in_words

_WIDTH = 160


@contextmanager
def told() -> Iterator[None]:
    """Tell an error in its words, and end with 1."""
    try:
        yield
    except RespaldoError as error:
        stop(in_words(error))


def console() -> Console:
    """A file or a pipe has no width of its own: the tables' words need one."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)


def stop(text: str) -> NoReturn:
    """Tell why the command cannot go on, and end with 1."""
    warn(text)
    raise typer.Exit(1)


def warn(text: str) -> None:
    """Tell what is not as it should be, beside what the command was asked for."""
    sys.stderr.write(f"{text}\n")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
