"""What a restoration to people does, and what keeps it from being done: restic's words on its target."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from respaldo.domain.errors import (
    InvalidRequestError,
    RespaldoError,
    RestoreMismatchError,
    TargetDeniedError,
    TargetFullError,
    UnknownEngineError,
)
from respaldo.restic.classify import cause_of
from respaldo.restic.events import Event, Report, parse

Action = Literal["restored", "updated", "unchanged"]

_TREES = re.compile(r"<(data|index|snapshot|key|lock)/")
_NO_ROOM = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_NO_FOLDER = "cannot create target directory"
_COUNT = re.compile(r"(Fatal: )?There were \d+ errors")
_OTHER_SIZE = re.compile(
    r"Invalid file size for (?P<what>.*): expected (?P<expected>\d+), got (?P<actual>\d+)", re.DOTALL
)
_OTHER_CONTENT = re.compile(
    r"Unexpected content in (?P<what>.*), starting at offset (?P<actual>\d+)", re.DOTALL
)


@dataclass(frozen=True)
class Entry:
    """One file, folder or link of a preview, its path as in the snapshot.

    ``action`` is ``unchanged`` for a file that is left as it is at the target, ``updated`` for one that is
    there and is replaced. The size is of content not named before: 0 for a second name of the same file.
    """

    action: Action
    path: str
    size_bytes: int


@dataclass(frozen=True)
class Delivered:
    """What was restored, in restic's count: files, folders and links, also the folders above them.

    ``skipped`` were there already and were left as they are.
    """

    restored: int
    skipped: int
    restored_bytes: int
    skipped_bytes: int

    @classmethod
    def read(cls, summary: dict[str, Any]) -> Delivered:
        # Success without a summary is no success; restic leaves out every zero of it.
        if not summary:
            raise UnknownEngineError(exit_code=0, said="no summary of the restoration")
        return cls(
            restored=summary.get("files_restored", 0),
            skipped=summary.get("files_skipped", 0),
            restored_bytes=summary.get("bytes_restored", 0),
            skipped_bytes=summary.get("bytes_skipped", 0),
        )

    @property
    def entries(self) -> int:
        return self.restored + self.skipped

    @property
    def size_bytes(self) -> int:
        return self.restored_bytes + self.skipped_bytes


@dataclass(frozen=True)
class Preview:
    """What a restoration would do: each entry of it, and its count."""

    entries: tuple[Entry, ...]
    count: Delivered


@dataclass
class PreviewReader:
    """Gathers a preview from the lines of a dry run."""

    entries: list[Entry] = field(default_factory=list)
    summary: Event = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        event = parse(line.decode(errors="replace")) or {}
        match event.get("message_type"):
            case "verbose_status":
                action = cast("Action", event["action"])
                self.entries.append(Entry(action, event["item"], event.get("size", 0)))
            case "summary":
                self.summary = event

    def preview(self) -> Preview:
        return Preview(tuple(self.entries), Delivered.read(self.summary))


def explain_patterns(_code: int, report: Report) -> RespaldoError | None:
    if "invalid pattern(s) provided" in report.text:
        return InvalidRequestError(problem="pattern_invalid")
    return None


def explain_delivery(target: str, location: str) -> Callable[[int, Report], RespaldoError | None]:
    """Tell the target's troubles from the repository's: restic's words for both are the same.

    A message is on the target when it names a path there, and neither the repository nor what is in it.
    How much is free there is left to whoever knows the machine that it is on.
    """
    named = re.compile(rf"(^|\s){re.escape(target.rstrip('/'))}(/|:|\s|$)")

    def is_on_target(message: str) -> bool:
        if _NO_FOLDER in message:
            return True
        return bool(named.search(message)) and not _TREES.search(message) and location not in message

    def explain(code: int, report: Report) -> RespaldoError | None:
        if code != 1:
            return None
        messages = [report.exit_message, *(error.message for error in report.item_errors), *report.plain]
        here = [message for message in messages if is_on_target(message)]
        elsewhere = [message for message in messages if message not in here and not _COUNT.match(message)]
        if full := next(filter(_NO_ROOM.search, here), None):
            return TargetFullError(
                target=target,
                needed=report.summary.get("total_bytes", 0),
                free="?",
                said=full,
            )
        # A damaged copy leaves holes at the target too, and restic trips over them.
        if cause_of(code, "\n".join(elsewhere)) is not UnknownEngineError:
            return None
        return next(filter(None, map(_mismatch(target), here)), None) or (
            TargetDeniedError(target=target, said=here[0]) if here else None
        )

    return explain


def free_bytes(folder: str) -> int | None:
    """Tell how much the file system of a folder, there or not yet, still takes; None when it does not say."""
    usage = shutil.disk_usage(nearest_folder(folder))
    return usage.free if usage.total else None


def nearest_folder(path: str) -> str:
    """Give a path, or the first above it that this user can see."""
    # Not Path.exists: it raises where a folder is closed.
    while not os.path.exists(path):  # noqa: PTH110
        path = posixpath.dirname(path)
    return path


def _mismatch(target: str) -> Callable[[str], RestoreMismatchError | None]:
    def read(message: str) -> RestoreMismatchError | None:
        if found := _OTHER_SIZE.search(message):
            return RestoreMismatchError(target=target, **found.groupdict())
        if found := _OTHER_CONTENT.search(message):
            # Neither side of a comparison of contents can be written down: only where they part.
            where = f"{found['what']} @ {found['actual']}"
            return RestoreMismatchError(target=target, what=where, expected="=", actual="≠")
        return None

    return read
