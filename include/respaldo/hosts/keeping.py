"""Hear from the keeper on a machine where its private folder is, or why there is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from respaldo.domain.host_errors import HostFullError
from respaldo.hosts.dialects import NO_ROOM
from respaldo.hosts.ssh import Host, SshError

if TYPE_CHECKING:
    import asyncssh

_SAID_BYTES = 2000

_FOLDER = re.compile(r"(/|[A-Za-z]:/)(.*/)?respaldo\.[A-Za-z0-9]{10}")
"""What a keeper makes. The machine may write what is above it otherwise than we do."""


async def folder_of(keeper: asyncssh.SSHClientProcess[str], host: Host, base: str) -> str:
    """Give the folder's path, as the first thing that the keeper says.

    :param base: the folder that it is made in.
    :raises HostFullError: there is no room for it.
    :raises SshError: it cannot be made, or something else is said first.
    """
    told = await keeper.stdout.readline()
    if _FOLDER.fullmatch(told.strip()):
        return told.strip()
    if told:
        # A shell that greets: its words would be in all that is heard there.
        raise SshError("ssh_failed", repr(told[:_SAID_BYTES]))
    said = (await keeper.stderr.read(_SAID_BYTES)).strip()
    await keeper.wait_closed()
    if keeper.exit_status == NO_ROOM:
        raise HostFullError(host=host.name, folder=base, said=said)
    raise SshError("ssh_failed", said or keeper.exit_status)
