"""What commands print and how they end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from respaldo.domain.errors import ReportSchemaError, ReportTamperedError, RespaldoError
from respaldo.texts import causes
from respaldo.texts import report as report_texts

_WIDTH = 160


@contextmanager
def told() -> Iterator[None]:
    """Tell an error in its words, and end with 1."""
    try:
        yield
    except ReportTamperedError as error:
        stop(report_texts.TAMPERED[error.facts["check"]].format(**error.facts))
    except ReportSchemaError as error:
        stop(report_texts.SCHEMA_PROBLEMS[error.facts["problem"]].format(**error.facts))
    except RespaldoError as error:
        stop(f"{causes.explain(error)} {causes.corrective(error)}")


def console() -> Console:
    """A file or a pipe has no width of its own: the tables' words need one."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)


def stop(text: str) -> NoReturn:
    """Tell why the command cannot go on, and end with 1."""
    sys.stderr.write(f"{text}\n")
    raise typer.Exit(1)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
