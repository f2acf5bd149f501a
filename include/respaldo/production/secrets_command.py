"""``python -m respaldo.production secrets``: make the secrets once, or one of them anew, and print the sheet.

Standard output is the sheet and nothing else; what there is to tell goes beside it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from respaldo.cli.console import stop, warn
from respaldo.production import envelope, template
from respaldo.production.errors import (
    EnvelopeError,
    EnvelopeUnreadableError,
    LineProblem,
    ProductionError,
    SecretKeptError,
)
from respaldo.production.renewing import renew
from respaldo.production.secrets import FOLDER, IN_ENVELOPE, alone_in, ensure_unused, make, of_envelope
from respaldo.production.sheet import ensure_new, save, sheet
from respaldo.texts import production as texts

_STANDARD_INPUT = "-"

SUPERUSER = "postgres_password"
"""No container starts with it but the first time: ``scripts/init-secrets`` tells it to PostgreSQL."""


def secrets(
    project: Annotated[Path, typer.Argument(metavar=texts.FOLDER, help=texts.PROJECT)],
    from_envelope: Annotated[
        str | None, typer.Option("--from-envelope", metavar=texts.FILE, help=texts.FROM_ENVELOPE)
    ] = None,
    to: Annotated[Path | None, typer.Option("--sheet", metavar=texts.FILE, help=texts.TO_SHEET)] = None,
    again: Annotated[bool, typer.Option("--again", help=texts.AGAIN)] = False,  # noqa: FBT002  (an option)
    renewed: Annotated[str | None, typer.Option("--renew", metavar=texts.NAME, help=texts.RENEW)] = None,
) -> None:
    """Exit with 1 when something is refused: then no secret is written."""
    if sum((again, from_envelope is not None, renewed is not None)) > 1:
        stop(texts.ONE_ALONE)
    _enter(project)
    try:
        if to is not None:
            ensure_new(to)
        if again:
            _hand_over(of_envelope(FOLDER), template.entity_of(Path()), to)
        elif renewed is not None:
            _renew(renewed, to)
        else:
            _make(from_envelope, to)
    except EnvelopeError as error:
        for problem in error.problems:
            warn(_told(problem))
        stop(texts.NOTHING_WRITTEN)
    except SecretKeptError as error:
        name = error.facts["name"]
        stop(texts.ERRORS[error.code].format(name=name, why=texts.KEPT[name]))
    except ProductionError as error:
        stop(texts.ERRORS[error.code].format(**error.facts))


def _enter(project: Path) -> None:
    """Tell all as seen from the project's folder: in a container it has another path."""
    try:
        os.chdir(project)
    except OSError as error:
        stop(texts.NO_PROJECT.format(folder=project, reason=error.strerror))


def _make(from_envelope: str | None, to: Path | None) -> None:
    ensure_unused(FOLDER)
    kept = None if from_envelope is None else _read(from_envelope)
    with alone_in(Path()):
        ensure_unused(FOLDER)
        # Before the secrets: when it cannot be copied, nothing was begun.
        is_copied = template.put_configuration(Path())
        made = make(FOLDER, kept)
    if is_copied:
        warn(texts.CONFIGURED.format(folder=template.FOLDER))
    warn((texts.MADE if kept is None else texts.TAKEN).format(folder=FOLDER))
    # What the template calls the entity is nobody's name.
    entity = None if is_copied else template.entity_of(Path())
    _hand_over({name: made[name] for name in IN_ENVELOPE}, entity, to, is_printed=kept is None)


def _renew(name: str, to: Path | None) -> None:
    with alone_in(Path()):
        renew(FOLDER, name)
    warn(texts.RENEWED.format(name=name))
    if name != SUPERUSER:
        warn(texts.RECREATE)
    if name in texts.AFTERWARDS:
        warn(texts.AFTERWARDS[name])
    if name in IN_ENVELOPE:
        warn(texts.PRINT_AGAIN)
    if name in IN_ENVELOPE or to is not None:
        _hand_over(of_envelope(FOLDER), template.entity_of(Path()), to, is_printed=name in IN_ENVELOPE)


def _hand_over(
    kept: Mapping[str, str], entity: str | None, to: Path | None, *, is_printed: bool = True
) -> None:
    """Print the sheet, and save it where somebody asked for it."""
    now = datetime.now(UTC)
    if is_printed:
        _print(sheet(kept, now, entity, in_colors=sys.stdout.isatty()))
    if to is not None:
        save(to, sheet(kept, now, entity, in_colors=False))
        warn(texts.SHEET_SAVED.format(file=to))


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        stop(texts.SHEET_UNPRINTED)


def _read(source: str) -> dict[str, str]:
    """Read the envelope's secrets from a file, from standard input, or as somebody types them."""
    if source == _STANDARD_INPUT and sys.stdin.isatty():
        return _typed()
    try:
        raw = sys.stdin.buffer.read() if source == _STANDARD_INPUT else Path(source).read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise EnvelopeUnreadableError(file=source, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise EnvelopeUnreadableError(file=source, reason=texts.NO_TEXT) from error
    return envelope.read(text, IN_ENVELOPE)


def _typed() -> dict[str, str]:
    """Take line after line; a mistyped one is told at once and typed again.

    :raises EnvelopeError: whoever types ended before all were there.
    """
    warn(texts.TYPE_LINES)
    taken = envelope.Envelope(IN_ENVELOPE)
    for number, line in enumerate(sys.stdin, 1):
        problem = taken.take(line, number)
        if problem is not None:
            warn(_told(problem))
        if taken.is_complete:
            return taken.secrets
    raise EnvelopeError(taken.absent)


def _told(problem: LineProblem) -> str:
    return texts.LINE_PROBLEMS[problem.code].format(**problem._asdict())
