"""A repository in a folder of an SFTP server, given out as restic's REST server would.

It is entered with Airflow's own SSH stack. A file gets its name only when all of it is there: a connection
that is lost on the way must not leave half of one under a name that nothing can be written under again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal

from respaldo.domain.values import Value
from respaldo.hosts import ssh
from respaldo.hosts.bridging_gate import UNTRUSTED, Answer, Asked
from respaldo.hosts.ssh import Host, SshError

if TYPE_CHECKING:
    import asyncssh

_BLOCK_BYTES = 1 << 20
_LIST = "application/vnd.x.restic.rest.v2"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_STATUS: dict[ssh.Reason, int] = {
    "no_file": 404,
    "no_permission": 403,
    "login_refused": 403,
    "private_key": 403,
    "host_key": UNTRUSTED,
    "known_hosts": UNTRUSTED,
}


class SftpPlace(Value):
    """Where an SFTP server has a repository."""

    kind: Literal["sftp"] = "sftp"
    host: Host
    folder: str
    """Absolute, or below the user's own."""


class SftpStore:
    """Keeps one connection, and makes another when that is lost."""

    def __init__(self, place: SftpPlace) -> None:
        self._place = place
        self._opening = asyncio.Lock()
        self._entered = contextlib.AsyncExitStack()
        self._sftp: asyncssh.SFTPClient | None = None

    async def answer(self, asked: Asked) -> Answer:
        """Do what is asked with the files there."""

        used = None

        async def done() -> Answer:
            nonlocal used
            used = await self._client()
            return await self._done(used, asked)

        try:
            return await ssh.translated(done)
        except SshError as error:
            status = _STATUS.get(error.reason, 502)
            if status not in (403, 404):
                sys.stderr.write(f"{error.reason}: {error.said}\n")
                # Another question may have made a new one already.
                if used is self._sftp:
                    self._sftp = None
            return Answer(status)

    async def _client(self) -> asyncssh.SFTPClient:
        async with self._opening:
            if self._sftp is None:
                await self._entered.aclose()
                connection = await self._entered.enter_async_context(ssh.connected(self._place.host))
                self._sftp = await connection.start_sftp_client()
            return self._sftp

    async def _done(self, sftp: asyncssh.SFTPClient, asked: Asked) -> Answer:
        path = self._path(asked)
        match asked.method:
            case "GET" if asked.kind != "config" and asked.name is None:
                return await _listed(sftp, path, deep=asked.kind == "data")
            case "GET":
                return await _read(sftp, path, asked.headers.get("range", ""))
            case "HEAD":
                return Answer(200, {"Content-Length": str((await sftp.stat(path)).size)})
            case "DELETE":
                await sftp.remove(path)
                return Answer(200)
            case _:
                return await _written(sftp, path, asked)

    def _path(self, asked: Asked) -> str:
        """Give the path of what restic's own programs call so."""
        below = f"data/{asked.name[:2]}/{asked.name}" if asked.kind == "data" and asked.name else asked.path
        return f"{self._place.folder}/{below}"


async def _listed(sftp: asyncssh.SFTPClient, folder: str, *, deep: bool) -> Answer:
    found = [one async for one in sftp.scandir(folder)]
    if deep:
        folders = [str(one.filename) for one in found if len(one.filename) == 2 and one.filename != ".."]
        found = [one for name in folders async for one in sftp.scandir(f"{folder}/{name}")]
    names = [{"name": one.filename, "size": one.attrs.size} for one in found if _is_name(str(one.filename))]

    async def body() -> AsyncIterator[bytes]:
        yield json.dumps(names).encode()

    return Answer(200, {"Content-Type": _LIST}, body())


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", name) is not None


async def _read(sftp: asyncssh.SFTPClient, path: str, asked: str) -> Answer:
    file = await sftp.open(path, "rb", encoding=None)
    try:
        size = (await file.stat()).size or 0
    except BaseException:
        await file.close()
        raise
    wanted = _RANGE.fullmatch(asked)
    first = int(wanted[1]) if wanted else 0
    end = min(size, int(wanted[2]) + 1) if wanted and wanted[2] else size
    if wanted and first >= end:
        await file.close()
        return Answer(416, {"Content-Range": f"bytes */{size}"})

    async def body() -> AsyncIterator[bytes]:
        try:
            at = first
            while at < end:
                piece: Any = await file.read(min(_BLOCK_BYTES, end - at), at)
                if not piece:
                    raise EOFError(path)
                yield piece
                at += len(piece)
        finally:
            with contextlib.suppress(OSError):
                await file.close()

    headers = {"Content-Length": str(end - first), "Content-Type": "application/octet-stream"}
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return Answer(206 if wanted else 200, headers, body())


async def _written(sftp: asyncssh.SFTPClient, path: str, asked: Asked) -> Answer:
    import asyncssh

    half = f"{path}-restic-temp-{token_hex(8)}"
    try:
        async with sftp.open(half, "xb", encoding=None) as file:
            async for block in _blocks(asked):
                await file.write(block)
        # It fails where something has the name meanwhile.
        await sftp.rename(half, path)
    except asyncssh.SFTPFailure as error:
        await _removed(sftp, half)
        sys.stderr.write(f"{error}\n")
        return Answer(507 if await _is_full(sftp, path, asked.size) else 500)
    except BaseException:
        await _removed(sftp, half)
        raise
    return Answer(200)


async def _removed(sftp: asyncssh.SFTPClient, path: str) -> None:
    import asyncssh

    with contextlib.suppress(asyncssh.Error, OSError):
        await sftp.remove(path)


async def _is_full(sftp: asyncssh.SFTPClient, path: str, size: int) -> bool:
    """Whether a folder has no room: the protocol has no word for it."""
    import asyncssh

    try:
        found = await sftp.statvfs(path.rpartition("/")[0])
    except (asyncssh.Error, OSError):
        return False
    return found.bavail * found.frsize < size


async def _blocks(asked: Asked) -> AsyncIterator[bytes]:
    """Put pieces together: each write waits for the one before it."""
    block = bytearray()
    assert asked.body is not None  # noqa: S101  (the gate gives one to what is added)
    async for piece in asked.body:
        block += piece
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)
