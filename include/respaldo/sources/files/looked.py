"""What a machine over SSH says of paths that it looked at, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from respaldo.domain.errors import SourceUnreadableError


def gone_of(paths: Sequence[str], said: Sequence[str], gone: str) -> list[str]:
    """Give the paths that are not there.

    :param said: of each path why it cannot be saved, or nothing.
    :param gone: what is said of one that is not there.
    :raises SourceUnreadableError: anything else was said of one.
    """
    for path, one in zip(paths, said, strict=True):
        if one not in ("", gone):
            raise SourceUnreadableError(path=path, reason=one)
    return [path for path, one in zip(paths, said, strict=True) if one == gone]
