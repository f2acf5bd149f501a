"""What changed in a text since its last copy, for the log of the task that made the new one."""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import SecretStr

from respaldo.domain.errors import RespaldoError
from respaldo.domain.values import Copy, scope_tag
from respaldo.hosts.worker import Command, run
from respaldo.restic.repository import Repository
from respaldo.restic.snapshots import item_tag

log = logging.getLogger(__name__)

MOST_BYTES = 4 << 20
"""A larger text is not compared: nobody reads that in a log."""

MOST_LINES = 200
_LONGEST_LINE = 500
_SECONDS = 60


def log_difference(copy: Copy, repository: Repository, folder: Path, secret: SecretStr | None) -> None:
    """Write a unified diff between a copy and the one before it to the log, cut where it is too long.

    :param folder: takes both texts for a while.
    :param secret: never comes into the log.

    It is for people: what goes wrong with it is no reason to fail, and is told in the log.
    """
    try:
        before = _before(copy, repository)
        if before is None:
            log.info("%s: the first copy, nothing to compare with", copy.item)
        elif max(before.size_bytes, copy.size_bytes) > MOST_BYTES:
            log.info("%s: too large to be compared with its last copy", copy.item)
        else:
            texts = _text(before, repository, folder), _text(copy, repository, folder)
            _log_lines(copy, *texts, secret)
    except (RespaldoError, OSError) as error:
        log.warning("%s: not compared with its last copy: %s", copy.item, error)


def _before(copy: Copy, repository: Repository) -> Copy | None:
    listed = repository.snapshots((scope_tag(repository.scope_id), item_tag(copy.item)))
    earlier = [snapshot for snapshot in listed if snapshot.id != copy.snapshot_id]
    return earlier[-1].as_copy() if earlier else None


def _text(copy: Copy, repository: Repository, folder: Path) -> Path:
    text = bytearray()
    repository.stream(copy.snapshot_id, f"/{copy.item}", text.extend)
    path = folder / copy.snapshot_id
    path.write_bytes(text)
    return path


def _log_lines(copy: Copy, before: Path, now: Path, secret: SecretStr | None) -> None:
    lines: list[str] = []
    count = 0

    def take(line: bytes) -> None:
        nonlocal count
        count += 1
        if count <= MOST_LINES:
            lines.append(_hidden(line.decode(errors="replace").rstrip("\r\n"), secret)[:_LONGEST_LINE])

    labels = [part for path in (before, now) for part in ("--label", f"{path.name[:8]}/{copy.item}")]
    # A program, not difflib: that one takes hours over a text without a line in common.
    command = Command(("diff", "--unified", *labels, "--", str(before), str(now)))
    code = run(command, on_output=take, on_error=take, timeout_seconds=_SECONDS)
    if code == 0:
        log.info("%s: equal to its last copy", copy.item)
        return
    if count > MOST_LINES:
        lines.append(f"... {count - MOST_LINES} more lines")
    log.info("%s: changed since its last copy\n%s", copy.item, "\n".join(lines))


def _hidden(line: str, secret: SecretStr | None) -> str:
    return line.replace(secret.get_secret_value(), "***") if secret else line
