"""How `tar` is asked for an archive, and what it means by what it says: each `tar` has other words."""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from collections.abc import Sequence
from typing import Literal

from respaldo.domain.errors import SourceMissingError, SourcePartlyMissingError, SourceUnreadableError
from respaldo.domain.values import Value
from respaldo.hosts import relaying, ssh, worker
from respaldo.sources.reach import Reach

Flavour = Literal["gnu", "other"]

_SECONDS = 60.0
_SAID_BYTES = 2000
_HEADERS_BYTES = 4 << 20
_GONE = "No such file or directory"
_ESCAPED = re.compile(rb"\\(?:([0-3][0-7]{2})|([:\\]))")
_EXPLAINS_NOTHING = re.compile(
    r"socket ignored|file is on a different filesystem|Exiting with failure status|error exit delayed"
)

ENGLISH = {"LC_ALL": "C"}
"""What it says is read, so it must say it so. In C.UTF-8 it would heed LANGUAGE, and speak that."""

PASSING: dict[Flavour, dict[int, str]] = {
    # Files changed or vanished while it read; what it cannot read at all is 2.
    "gnu": {1: ""},
    # It has one code for all: what vanished is told apart by its words.
    "other": {1: f"{_GONE}|error exit delayed"},
}


class Asked(Value):
    """What is to be in the archive."""

    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    one_file_system: bool = False


def flavour(reach: Reach) -> Flavour:
    """Ask which `tar` there is.

    :raises HostError, ToolMissingError: it cannot be asked.
    """
    asked = _answer(("tar", "--version"), reach)
    return "gnu" if b"GNU tar" in asked.output else "other"


def archiving(asked: Asked, kind: Flavour) -> tuple[str, ...]:
    """Give the command that writes an archive of all that is asked for to its output."""
    return (*_options(asked, kind), *_named(_tops(asked)))


def _options(asked: Asked, kind: Flavour) -> tuple[str, ...]:
    """Give it without its paths.

    GNU tar is told to give the same bytes for the same files, so that a copy takes little room beside the
    one before it.
    """
    exact = (
        "--format=posix",
        "--sort=name",
        "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
        "--no-wildcards-match-slash",
    )
    return (
        *("tar", "-c", "-f", "-"),
        *(exact if kind == "gnu" else ()),
        *(("--one-file-system",) if asked.one_file_system else ()),
        *(f"--exclude={_below_root(pattern)}" for pattern in asked.exclude),
    )


def _named(paths: Sequence[str]) -> tuple[str, ...]:
    # So none is an option, and no leading slash has to be taken away, which would be told each time.
    return ("-C", "/", "--", *(f"./{path.lstrip('/')}" for path in paths))


def probe(asked: Asked, kind: Flavour, reach: Reach) -> None:
    """Look at each path, with the very `tar` that will read it.

    :raises SourceMissingError, SourcePartlyMissingError: some, or all, are not there.
    :raises SourceUnreadableError: one cannot be read, is a link, or this `tar` does not know an option.
    """
    done = _answer((*_options(asked, kind), "--no-recursion", *_named(asked.paths)), reach)
    said = [line for line in done.said.splitlines() if line.strip()]
    missed = [told for line in said if _GONE in line for told in (line, _readable(line))]
    gone = [path for path in asked.paths if any(f".{path.rstrip('/')}: " in line for line in missed)]
    if gone and len(gone) == len(asked.paths):
        raise SourceMissingError(path=", ".join(gone))
    if gone:
        raise SourcePartlyMissingError(missing=", ".join(gone))
    if done.exit_code != 0:
        reason = _readable(said[0].removeprefix("tar: ")) if said else f"exit status {done.exit_code}"
        raise SourceUnreadableError(path=", ".join(asked.paths), reason=reason)
    try:
        members = _members(done.output)
    except tarfile.TarError as error:
        # Some machines say what they do not know to their output, and that all is well.
        said = [
            line for line in done.output[:_SAID_BYTES].decode(errors="replace").splitlines() if line.strip()
        ]
        raise SourceUnreadableError(path=", ".join(asked.paths), reason=(said or [str(error)])[0]) from error
    for member in members:
        if member.issym():
            path = "/" + member.name.removeprefix("./")
            raise SourceUnreadableError(path=path, reason=f"symbolic link to {member.linkname}")


def complaints(lines: Sequence[str], in_all: int) -> tuple[str, ...]:
    """Give what `tar` said of files that it did not read as they were, a line each."""
    told = [_readable(line.removeprefix("tar: ")) for line in lines if not _EXPLAINS_NOTHING.search(line)]
    more = in_all - len(lines)
    return (*told, *([f"... {more} more lines"] if more > 0 else []))


def _tops(asked: Asked) -> list[str]:
    """Leave out what is in another path already, and would be in the archive twice."""
    if asked.one_file_system:
        # It may be named because it is on another one.
        return list(asked.paths)
    folders = {path.rstrip("/") + "/": path for path in asked.paths}
    return [
        path
        for folder, path in folders.items()
        if not any(folder.startswith(other) for other in folders if other != folder)
    ]


def _below_root(pattern: str) -> str:
    return f".{pattern}" if pattern.startswith("/") else pattern


def _readable(line: str) -> str:
    """Give names as they are: some escape letters beyond ASCII, colons and backslashes."""
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]) if found[1] else found[2], line.encode())
    return plain.decode(errors="replace")


def _members(archive: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|", encoding="utf-8") as opened:
        return list(opened)


def _answer(command: tuple[str, ...], reach: Reach) -> ssh.Output:
    """Run it where the data are, for a short answer."""
    if reach.machine is not None:
        return relaying.run(reach.machine.host, shlex.join(command), _HEADERS_BYTES, _SECONDS, ENGLISH)
    output, said = bytearray(), bytearray()
    code = worker.run(
        worker.Command(command, ENGLISH),
        on_output=output.extend,
        on_error=said.extend,
        by_line=False,
        timeout_seconds=_SECONDS,
    )
    return ssh.Output(exit_code=code, output=bytes(output), said=said.decode(errors="replace"))
