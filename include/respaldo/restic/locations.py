"""What the location of a repository says: of which kind it is, and which server answers for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

Kind = Literal["local", "rest", "sftp", "s3", "other"]

_PORTS: Final = {"http": 80, "https": 443}
_SSH_PORT: Final = 22


@dataclass(frozen=True)
class Server:
    """A machine and a port that something listens on, as far as the location says it."""

    host: str
    port: int
    user: str | None = None


@dataclass(frozen=True)
class Sftp:
    """A folder on a machine that is entered over SSH: absolute, or below the user's own folder."""

    server: Server
    path: str


def kind_of(location: str) -> Kind:
    """Tell the kind of a location: what restic does not take by a prefix is a folder of this machine."""
    prefix, colon, _ = location.partition(":")
    if not colon or "/" in prefix or prefix == "local":
        return "local"
    match prefix:
        case "rest" | "sftp" | "s3":
            return prefix
        case _:
            return "other"


def server_of(location: str) -> Server | None:
    """Give the server that must answer; None: a folder, a UNIX socket, or a kind that names none.

    :raises ValueError: the location is of its kind and cannot be read.
    """
    match kind_of(location):
        case "rest":
            return _of_url(url_of(location))
        case "sftp":
            return sftp_of(location).server
        case "s3":
            url = url_of_store(location)
            if not url.path.strip("/"):
                raise ValueError("no bucket")
            return _of_url(url)
        case _:
            return None


def _of_url(url: SplitResult) -> Server | None:
    if url.scheme not in _PORTS:
        return None
    if not url.hostname:
        raise ValueError("no host")
    return Server(url.hostname, url.port or _PORTS[url.scheme], url.username)


def url_of(location: str) -> SplitResult:
    """Give the URL of a REST server."""
    return urlsplit(location.removeprefix("rest:"))


def url_of_store(location: str) -> SplitResult:
    """Give the URL of a store of objects: its path begins with the bucket."""
    address = location.removeprefix("s3:")
    if not address.startswith(("http://", "https://")):
        # s3:host/bucket and s3://host/bucket are the same, and always over TLS.
        address = f"https://{address.removeprefix('//')}"
    return urlsplit(address)


def has_secret(location: str) -> bool:
    """Whether a password is written in a location, where everybody who reads the configuration sees it."""
    match kind_of(location):
        case "rest" | "s3":
            return urlsplit(location.split(":", 1)[1]).password is not None
        case _:
            return False


def with_login(location: str, user: str, password: str) -> str:
    """Write a REST server's location with the login that restic finds in it."""
    url = url_of(location)
    address = url.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"rest:{urlunsplit(url._replace(netloc=f'{login}@{address}'))}"


def sftp_of(location: str) -> Sftp:
    """Read ``sftp:user@host:path`` or ``sftp://user@host:port/path``, as restic does.

    :raises ValueError: it names no host or no path.
    """
    if location.startswith("sftp://"):
        url = urlsplit(location)
        server = Server(url.hostname or "", url.port or _SSH_PORT, url.username)
        # restic takes one slash away: //srv is absolute, and /srv is below the user's own folder.
        path = url.path.removeprefix("/")
    else:
        login, _, path = location.removeprefix("sftp:").partition(":")
        user, at, host = login.rpartition("@")
        server = Server(host, _SSH_PORT, user if at else None)
    if not server.host or not path:
        raise ValueError("no host or no path")
    return Sftp(server, path)
