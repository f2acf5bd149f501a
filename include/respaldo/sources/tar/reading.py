"""An archive of a copy, read to its end while it streams out of restic: nothing of it is put on disk."""

from __future__ import annotations

import contextlib
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any

from respaldo.domain.errors import DumpUnreadableError
from respaldo.hosts.worker import Receiver
from respaldo.sources.output.checker_program import OutputCheck

_BLOCK_BYTES = 1 << 20

Take = Callable[[tarfile.TarFile, tarfile.TarInfo], None]


def read_through(
    item: str,
    snapshot_id: str,
    stream: Callable[[Receiver], None],
    check: OutputCheck,
    take: Take,
    sha256: str | None = None,
) -> dict[str, Any]:
    """Hand each member of an archive on, in its order, and give what `OutputCheck` finds of the whole.

    :param stream: gives the archive's bytes to what it is handed, from another thread.
    :param sha256: of the archive, as it was when the copy was verified.
    :raises DumpUnreadableError: it is not whole, or not that one.
    """
    fault: tarfile.TarError | None = None
    with _streaming(stream, check) as source:
        try:
            _each(source, take)
        except tarfile.TarError as error:
            fault = error
        while source.read(_BLOCK_BYTES):
            pass
    found = check.finish()
    if sha256 is not None and found["sha256"] != sha256:
        found["reason"] = f"sha256 {found['sha256']} != {sha256}"
    elif fault is not None:
        found.setdefault("reason", str(fault))
    if "reason" in found:
        raise DumpUnreadableError(item=item, snapshot=snapshot_id, **found)
    return found


@contextlib.contextmanager
def _streaming(stream: Callable[[Receiver], None], check: OutputCheck) -> Iterator[IO[bytes]]:
    """Have what is streamed read as a file, and checked on its way."""
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def hand_on(block: bytes) -> None:
        check.take(block)
        left = memoryview(block)
        # Who reads may have failed: what that was is told there.
        with contextlib.suppress(BrokenPipeError):
            while left:
                left = left[os.write(writing, left) :]

    def write() -> None:
        try:
            stream(hand_on)
        except BaseException as failure:  # noqa: BLE001  (raised again in the caller's thread)
            failures.append(failure)
        finally:
            os.close(writing)

    streaming = threading.Thread(target=write)
    streaming.start()
    try:
        with os.fdopen(reading, "rb") as source:
            yield source
    finally:
        streaming.join()
    for failure in failures:
        raise failure


def _each(source: IO[bytes], take: Take) -> None:
    with tarfile.open(
        fileobj=source, mode="r|", bufsize=_BLOCK_BYTES, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        while (member := archive.next()) is not None:
            # It would keep all of them.
            archive.members.clear()  # type: ignore[attr-defined]
            take(archive, member)
