"""How the server of a repository is entered: with what its connection holds, and in no argument.

restic takes the login of a REST server from the location, which is handed to it in a pipe that can be read
once. For ``sftp:`` it calls OpenSSH's client, which gets a configuration of its own: one with a ``Host`` for
each repository, so that a copy from one server to another enters each as that one wants it. Keys lie in
memory, those of a store of objects (``s3:``) too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import SecretStr

from respaldo.domain.values import Value
from respaldo.hosts.memory import MemoryFile
from respaldo.hosts.objects import StorePlace
from respaldo.hosts.worker import Argument
from respaldo.restic.locations import Server, kind_of, server_of, sftp_of, with_login
from respaldo.restic.stores import entering, key_file, store_place

CONNECT_SECONDS = 15
_KEEPALIVE_SECONDS = 15
_SSH_PORT = 22


class Login(Value):
    """What a connection of type ``restic`` holds beside its master secret."""

    user: str | None = None
    """Of a REST server; of a store of objects, the key's id."""
    secret: SecretStr | None = None
    """That user's password; of a store of objects, the key itself."""
    private_key: SecretStr | None = None
    """For ``sftp:``, without a passphrase."""
    host_key: str | None = None
    """The server's public key; None: what this worker's user has in ``known_hosts``."""
    jump: str | None = None
    """``user@host:port`` that leads to the server, entered with the same key."""
    jump_host_key: str | None = None


@dataclass(frozen=True)
class Ssh:
    """A configuration of OpenSSH's client, and the files that it names."""

    alias: str
    """What the server is called there."""
    text: str
    files: tuple[MemoryFile, ...]

    @property
    def path(self) -> str:
        """The configuration's own file is the last one."""
        return self.files[-1].path

    def joined(self, other: Ssh) -> Ssh:
        """Give one configuration with the hosts of both."""
        text = self.text + other.text
        return Ssh(self.alias, text, (*self.files, *other.files, MemoryFile(text)))

    @property
    def trial(self) -> tuple[str, ...]:
        """Give the command that enters the server and does nothing more."""
        return ("ssh", "-F", self.path, self.alias, "-s", "sftp")


@dataclass(frozen=True)
class Access:
    """What restic is told of a repository's server."""

    location: Argument
    """A secret where it holds one."""
    door: Server | None = None
    """Who must answer before restic is asked to wait for it."""
    options: tuple[str, ...] = ()
    authority: str | None = None
    """The file of the certificate authority that the server's certificate is to be from."""
    environment: Mapping[str, Argument] = field(default_factory=dict)
    files: tuple[MemoryFile, ...] = ()
    """Those that it names."""
    ssh: Ssh | None = None
    login: Login | None = None
    """All of it: for who enters the server in restic's place."""

    @classmethod
    def to(
        cls,
        location: str,
        login: Login,
        *,
        name: str,
        options: Mapping[str, str] | None = None,
        authority: str | None = None,
    ) -> Access:
        """Put together how a location is entered.

        :param name: the repository's own, which tells it from others for OpenSSH.
        :raises ValueError: the location cannot be read.
        """
        access = cls(
            location,
            server_of(location),
            options=tuple(f"{key}={value}" for key, value in (options or {}).items()),
            authority=authority,
            login=login,
        )
        match kind_of(location):
            case "rest" if login.user and login.secret:
                address = with_login(location, login.user, login.secret.get_secret_value())
                return replace(access, location=SecretStr(address))
            case "sftp":
                return _over_ssh(access, location, login, name)
            case "s3":
                keys = key_file(login.user, login.secret)
                return replace(access, environment=entering(keys), files=(keys,))
            case _:
                return access


def place_in_store(access: Access, location: str) -> StorePlace:
    """Give a location of the kind ``s3`` as `respaldo.hosts.objects` asks its store.

    :raises ValueError: it names no server or no bucket.
    """
    login = access.login or Login()
    return store_place(location, login.user, login.secret, access.options, access.authority)


def _over_ssh(access: Access, location: str, login: Login, name: str) -> Access:
    target, alias = sftp_of(location), f"respaldo-{name}"
    key = MemoryFile(login.private_key) if login.private_key else None
    text, files = _host(alias, target.server, key, login.host_key)
    door = target.server
    if login.jump:
        door = server_named(login.jump)
        jump, more = _host(f"{alias}-jump", door, key, login.jump_host_key)
        text += f"  ProxyJump {alias}-jump\n{jump}"
        files += more
    ssh = Ssh(alias, text, (*files, *((key,) if key else ()), MemoryFile(text)))
    return replace(access, location=f"sftp:{alias}:{target.path}", door=door, ssh=ssh)


def _host(
    alias: str, server: Server, key: MemoryFile | None, host_key: str | None
) -> tuple[str, tuple[MemoryFile, ...]]:
    """Write what OpenSSH is told of one machine. Nobody is there to answer a question of it."""
    known = MemoryFile(f"{alias} {host_key.strip()}\n") if host_key else None
    lines = {
        "HostName": server.host,
        "Port": server.port,
        "User": server.user,
        "IdentityFile": key and key.path,
        "IdentitiesOnly": "yes" if key else None,
        "IdentityAgent": "none",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "HostKeyAlias": alias if known else None,
        "UserKnownHostsFile": known and known.path,
        "GlobalKnownHostsFile": "/dev/null" if known else None,
        "ConnectTimeout": CONNECT_SECONDS,
        "ServerAliveInterval": _KEEPALIVE_SECONDS,
    }
    text = "".join(f"  {word} {value}\n" for word, value in lines.items() if value is not None)
    return f"Host {alias}\n{text}", (known,) if known else ()


def server_named(text: str) -> Server:
    """Read ``user@host:port``, of which only the host must be there."""
    user, at, address = text.rpartition("@")
    host, colon, port = address.rpartition(":")
    if not colon:
        host, port = address, str(_SSH_PORT)
    return Server(host, int(port), user if at else None)
