"""A secret made anew, with those that are made of it: for the day on which somebody else may know it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from respaldo.hosts import durable
from respaldo.production.errors import (
    SecretDerivedError,
    SecretForeignError,
    SecretKeptError,
    SecretsAbsentError,
    SecretUnrenewedError,
)
from respaldo.production.secrets import FILE_MODE, SECRETS

KEPT = ("master_principal", "master_secundario", "fernet_key", "admin_password")
"""A new file would open nothing of what the former closed, or nobody would read it. Each has its own way."""

DERIVED = {
    "redis_conf": "redis_password",
    "principal_htpasswd": "principal_password",
    "secundario_htpasswd": "secundario_password",
}
"""Those that are made of another, and change with it."""

RENEWABLE = tuple(secret.name for secret in SECRETS if secret.name not in (*KEPT, *DERIVED))


def renew(folder: Path, name: str) -> None:
    """Make a secret anew, and what is made of it; the former are gone. One at a time: ``secrets.alone_in``.

    One whose file is missing is made: a new version may want a secret that there was not.

    :raises SecretKeptError, SecretDerivedError, SecretForeignError, SecretsAbsentError: nothing was written.
    :raises SecretUnrenewedError: it could not be written; the file holds the former.
    """
    if name in KEPT:
        raise SecretKeptError(name=name)
    if name in DERIVED:
        raise SecretDerivedError(name=name, of=DERIVED[name])
    if name not in RENEWABLE:
        raise SecretForeignError(name=name, names=", ".join(RENEWABLE))
    if not any((folder / secret.name).is_file() for secret in SECRETS):
        raise SecretsAbsentError(folder=folder)
    made: dict[str, str] = {}
    for secret in SECRETS:
        if name in (secret.name, DERIVED.get(secret.name)):
            made[secret.name] = secret.make(made)
    try:
        _replace(folder, made)
    except OSError as error:
        raise SecretUnrenewedError(folder=folder, name=name, reason=error.strerror) from error


def _replace(folder: Path, made: Mapping[str, str]) -> None:
    """Write all beside, then give them their names.

    One that is killed between two names told nobody that it is done: done again, it makes all of them anew.
    """
    partial = {name: folder / f".{name}.partial" for name in made}
    try:
        for name, path in partial.items():
            durable.write(path, made[name].encode())
            # Whatever is masked for new files here.
            path.chmod(FILE_MODE)
        for name, path in partial.items():
            path.rename(folder / name)
    except OSError:
        for path in partial.values():
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    durable.sync(folder)
