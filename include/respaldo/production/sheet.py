"""The sheet for the envelope: what opens the copies when nothing else is left, for people and scanners."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from respaldo.production import envelope
from respaldo.production.errors import SheetThereError, SheetUnwrittenError
from respaldo.texts import production as texts

_VERSION = 13
"""Of the QR code: with its quiet zone it is 77 columns wide, and a page has 80. A seventh may be stained."""

_QUIET = 4
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
"""Two modules that stand on each other, as one letter."""

_BLACK_ON_WHITE = "\x1b[30;107m{row}\x1b[0m"


def sheet(secrets: Mapping[str, str], made_at: datetime, entity: str | None, *, in_colors: bool) -> str:
    """Write the sheet: one page of 80 columns, with the lines and a QR code that says the same.

    :param in_colors: for a terminal, which may be dark; paper is white by itself.
    """
    lines = "\n".join(envelope.on_paper(name, secret) for name, secret in secrets.items())
    words = texts.SHEET.format(
        made_at=f"{made_at:%Y-%m-%d %H:%M %Z}", entity=entity or texts.NO_ENTITY, lines=lines
    )
    rows = qr_rows(envelope.in_short(secrets))
    drawn = [_BLACK_ON_WHITE.format(row=row) for row in rows] if in_colors else rows
    return "\n".join((words, *drawn)) + "\n"


def qr_rows(content: str) -> list[str]:
    """Draw a QR code with its quiet zone in letters that are half a square each: ink is dark."""
    import segno

    try:
        code = segno.make(content, version=_VERSION, error="l", boost_error=True)
    except segno.DataOverflowError:
        # Secrets of another installation, longer than ours: wider than a page is better than none.
        code = segno.make(content, error="l", micro=False)
    modules = [list(row) for row in code.matrix_iter(border=_QUIET)]
    if len(modules) % 2:
        modules.append([0] * len(modules[0]))
    pairs = zip(modules[::2], modules[1::2], strict=True)
    return ["".join(_HALVES[pair] for pair in zip(above, below, strict=True)) for above, below in pairs]


def ensure_new(file: Path) -> None:
    """Refuse to write a sheet over anything.

    :raises SheetThereError: there is something of this name.
    """
    if os.path.lexists(file):
        raise SheetThereError(file=file)


def save(file: Path, text: str) -> None:
    """Write the sheet for its reader's eyes alone, and never over another file.

    :raises SheetThereError, SheetUnwrittenError: nothing of it is there.
    """
    ensure_new(file)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SheetUnwrittenError(file=file, reason=error.strerror) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(text)
    except OSError as error:
        with contextlib.suppress(OSError):
            file.unlink()
        raise SheetUnwrittenError(file=file, reason=error.strerror) from error
