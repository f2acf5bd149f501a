"""What restic says while it runs: JSON lines among plain ones, on both pipes.

A line counts as an event only when it is a JSON object with a ``message_type``: dump tools whose messages
restic relays can print anything, valid JSON included. Zero fields are left out by restic, so every field
that is read has a default.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_KEPT_LINES = 200


@dataclass(frozen=True)
class Progress:
    """How far a backup or restore has come: bytes and files done and found so far, seconds since it began."""

    percent: float
    bytes_done: int
    bytes_total: int
    files_done: int
    files_total: int
    seconds_elapsed: int
    seconds_remaining: int | None


@dataclass(frozen=True)
class ItemError:
    """A path that restic could not read, and why."""

    item: str
    message: str


@dataclass
class Report:
    """All that one call of restic said, gathered while it ran."""

    on_progress: Callable[[Progress], None] | None = None
    summary: Event = field(default_factory=dict)
    item_errors: list[ItemError] = field(default_factory=list)
    exit_message: str = ""
    plain: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))

    def take(self, line: bytes) -> None:
        """Take one line of either pipe."""
        text = _ANSI.sub("", line.decode(errors="replace")).rstrip("\r\n")
        event = parse(text)
        if event is None:
            if text.strip():
                self.plain.append(text)
            return
        match event["message_type"]:
            case "status":
                if self.on_progress is not None:
                    self.on_progress(progress(event))
            case "summary":
                self.summary = event
            case "error":
                self.item_errors.append(_item_error(event))
            case "exit_error":
                # 0.19 appends a stack trace to some messages: the first line is the message.
                self.exit_message = str(event.get("message", "")).split("\n", 1)[0]

    @property
    def text(self) -> str:
        """All messages in one text, for the classifier."""
        return "\n".join([self.exit_message, *(error.message for error in self.item_errors), *self.plain])


def parse(text: str) -> Event | None:
    """Read one line as an event, or give None when it is none."""
    if not text.startswith("{"):
        return None
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "message_type" in event else None


def document_in(said: bytes) -> object:
    """Give the one JSON document that a call printed, or None when there is none."""
    try:
        return json.loads(said)
    except ValueError:
        return None


def progress(event: Event) -> Progress:
    """Read a status event. The remaining time of a stream of unknown length is nonsense and left out."""

    def number(*names: str) -> int:
        return next((int(event[name]) for name in names if event.get(name)), 0)

    percent = min(100.0, 100 * float(event.get("percent_done", 0.0)))
    return Progress(
        percent=percent,
        bytes_done=number("bytes_done", "bytes_restored"),
        bytes_total=number("total_bytes"),
        files_done=number("files_done", "files_restored"),
        files_total=number("total_files"),
        seconds_elapsed=number("seconds_elapsed"),
        seconds_remaining=number("seconds_remaining") if percent > 0 else None,
    )


def _item_error(event: Event) -> ItemError:
    """``backup`` nests the message, ``check`` does not."""
    error = event.get("error")
    message = error.get("message", "") if isinstance(error, dict) else event.get("message", "")
    return ItemError(item=str(event.get("item", "")), message=str(message).strip())
