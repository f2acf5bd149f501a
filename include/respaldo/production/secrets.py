"""The secrets of an installation made of containers: a file each, made once, all of them or none."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from respaldo.hosts import durable
from respaldo.preparing.secret_files import fernet_key
from respaldo.production.connections import REPOSITORY_USER
from respaldo.production.envelope import LETTERS
from respaldo.production.errors import (
    FolderUsedError,
    SecretsMissingError,
    SecretsThereError,
    SecretsUnwrittenError,
)

FOLDER = Path("secrets")
"""In the project's folder."""

FOLDER_MODE = 0o700
FILE_MODE = 0o644
"""A container's program reads its file as another user than who made it; the folder keeps all others out."""

_ALIKE = frozenset("0OoIi1l-_")
"""What somebody who types from paper mistakes, or does not see."""

_PASSWORD_LETTERS = 40
"""198 bits."""

_KEY_LETTERS = 64
"""As many bytes as a key for SHA-512 should have (RFC 7518, 3.2)."""

_ADMIN_LETTERS = 20
"""99 bits: people type this one."""

_ROUNDS = 5
"""Of bcrypt, which is slow for the sake of passwords that can be guessed; the server computes it."""

Made = Mapping[str, str]


class SecretFile(NamedTuple):
    """A secret: the name of its file, how it is made of those before it, whether the envelope keeps it."""

    name: str
    make: Callable[[Made], str]
    in_envelope: bool = False


def _letters(count: int) -> str:
    """Draw letters that need no quoting in an address, an SQL string or a shell."""
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def _password(_: Made) -> str:
    return _letters(_PASSWORD_LETTERS)


def _key(_: Made) -> str:
    return _letters(_KEY_LETTERS)


def _admin(_: Made) -> str:
    return _letters(_ADMIN_LETTERS)


def _fernet_key(_: Made) -> str:
    """Draw keys until one can be typed from paper: one in 500 can, which leaves 246 of its 256 bits."""
    while _ALIKE & set(key := fernet_key()):
        pass
    return key


def _redis_conf(made: Made) -> str:
    # A full broker refuses what is new: it neither drops tasks that wait nor is killed for its memory.
    kept = "appendonly yes\nmaxmemory 384mb\nmaxmemory-policy noeviction\n"
    return f"requirepass {made['redis_password']}\n{kept}"


def _htpasswd(repository: str) -> Callable[[Made], str]:
    def make(made: Made) -> str:
        import bcrypt

        password = made[f"{repository}_password"].encode()
        return f"{REPOSITORY_USER}:{bcrypt.hashpw(password, bcrypt.gensalt(_ROUNDS)).decode()}\n"

    return make


SECRETS = (
    SecretFile("master_principal", _password, in_envelope=True),
    SecretFile("master_secundario", _password, in_envelope=True),
    SecretFile("fernet_key", _fernet_key, in_envelope=True),
    SecretFile("principal_password", _password, in_envelope=True),
    SecretFile("secundario_password", _password, in_envelope=True),
    SecretFile("principal_htpasswd", _htpasswd("principal")),
    SecretFile("secundario_htpasswd", _htpasswd("secundario")),
    SecretFile("api_secret_key", _key),
    SecretFile("jwt_secret", _key),
    SecretFile("session_secret_key", _key),
    SecretFile("postgres_password", _password),
    SecretFile("airflow_database_password", _password),
    SecretFile("report_database_password", _password),
    SecretFile("report_writer_password", _password),
    SecretFile("report_reader_password", _password),
    SecretFile("copy_database_password", _password),
    SecretFile("redis_password", _password),
    SecretFile("redis_conf", _redis_conf),
    SecretFile("admin_password", _admin),
)
IN_ENVELOPE = tuple(secret.name for secret in SECRETS if secret.in_envelope)
"""Without these no copy opens, and Airflow's saved connections neither. The rest can be made anew."""


def ensure_unused(folder: Path) -> None:
    """Refuse a folder that holds anything: nothing is ever written over.

    :raises SecretsThereError, FolderUsedError: it names what is there.
    :raises SecretsUnwrittenError: it cannot be looked into.
    """
    try:
        there = sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise SecretsUnwrittenError(folder=folder, reason=error.strerror) from error
    ours = [secret.name for secret in SECRETS if secret.name in there]
    if ours:
        raise SecretsThereError(folder=folder, name=ours[0])
    if there:
        raise FolderUsedError(folder=folder, name=there[0])


@contextmanager
def alone_in(project: Path) -> Iterator[None]:
    """Let one at a time make what a project begins with; the others wait.

    :raises SecretsUnwrittenError: the folder cannot be opened.
    """
    try:
        descriptor = os.open(project, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SecretsUnwrittenError(folder=project, reason=error.strerror) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make(folder: Path, kept: Made | None = None) -> dict[str, str]:
    """Make every secret and write its file: all of them appear at once, or none. One at a time: ``alone_in``.

    :param kept: secrets that are not made, because an envelope had them.
    :return: all of them, by their names.
    :raises SecretsThereError, FolderUsedError: the folder holds something.
    :raises SecretsUnwrittenError: they could not be written.
    """
    made = dict(kept or {})
    for secret in SECRETS:
        if secret.name not in made:
            made[secret.name] = secret.make(made)
    ensure_unused(folder)
    try:
        _write(folder, made)
    except OSError as error:
        raise SecretsUnwrittenError(folder=folder, reason=error.strerror) from error
    return made


def of_envelope(folder: Path) -> dict[str, str]:
    """Read again the secrets that belong in the envelope.

    :raises SecretsMissingError: one is not there.
    """
    found = {}
    for name in IN_ENVELOPE:
        try:
            found[name] = (folder / name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SecretsMissingError(folder=folder, name=name, reason=error.strerror) from error
    return found


def _write(folder: Path, made: Made) -> None:
    """Write a whole folder beside, then give it its name."""
    partial = folder.parent / f".{folder.name}.partial"
    # One that was killed left it: these secrets have never been used.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(FOLDER_MODE)
    try:
        for name, content in made.items():
            durable.write(partial / name, content.encode())
            # Whatever is masked for new files here.
            (partial / name).chmod(FILE_MODE)
        durable.sync(partial)
        partial.rename(folder)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    durable.sync(folder.parent)
