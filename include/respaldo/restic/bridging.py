"""Where a repository is, for what carries it to a machine: with all that its server wants to know."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlunsplit

from pydantic import SecretStr

from respaldo.hosts.bridging_http import HttpPlace
from respaldo.hosts.bridging_sftp import SftpPlace
from respaldo.hosts.carrying import Place
from respaldo.hosts.ssh import Host
from respaldo.restic import argv
from respaldo.restic.access import Access, Login, place_in_store, server_named
from respaldo.restic.locations import kind_of, sftp_of, url_of


def place_of(place: argv.Place) -> Place:
    """Give a repository's place in the terms of what carries it.

    :raises ValueError: it is of a kind that cannot be carried.
    """
    access = place.entered
    match kind_of(place.location):
        case "local":
            return Path(place.location.removeprefix("local:"))
        case "rest":
            return _over_http(access, place.location)
        case "sftp":
            return _over_sftp(access.login or Login(), place.location)
        case "s3":
            return place_in_store(access, place.location)
        case _:
            raise ValueError(f"it cannot be carried to a machine: {place.location}")


def _over_http(access: Access, location: str) -> HttpPlace:
    secret = access.location
    url = url_of(secret.get_secret_value() if isinstance(secret, SecretStr) else location)
    return HttpPlace(
        url=urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2])),
        user=unquote(url.username) if url.username else None,
        secret=SecretStr(unquote(url.password)) if url.password else None,
        authority=access.authority,
    )


def _over_sftp(login: Login, location: str) -> SftpPlace:
    target = sftp_of(location)
    jump = None
    if login.jump:
        door = server_named(login.jump)
        jump = Host(
            name=door.host,
            address=door.host,
            port=door.port,
            user=door.user,
            private_key=login.private_key,
            host_key=login.jump_host_key,
        )
    server = target.server
    host = Host(
        name=server.host,
        address=server.host,
        port=server.port,
        user=server.user,
        private_key=login.private_key,
        host_key=login.host_key,
        jump=jump,
    )
    return SftpPlace(host=host, folder=target.path.rstrip("/"))
