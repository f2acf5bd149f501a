"""The installation's own secrets: made once, each in a file of mode 0600, and never written over."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


def write_private(file: Path, content: str) -> None:
    """Put a whole file of mode 0600 in place, in the stead of what was there."""
    written = _temporary(file, content)
    written.replace(file)


def read(file: Path) -> str | None:
    """Read a file, or give None if there is none."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_text()
    return None


def kept(file: Path, make: Callable[[], str]) -> str:
    """Read a secret, or make it if it is not there yet.

    Two processes that make it at once end up with the same one: a link never replaces a file.
    """
    with contextlib.suppress(FileNotFoundError):
        return file.read_text()
    written = _temporary(file, make())
    with contextlib.suppress(FileExistsError):
        os.link(written, file)
    written.unlink()
    return file.read_text()


def fernet_key() -> str:
    """Make a key for Airflow's encryption of connections: 32 random bytes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def token() -> str:
    """Make a secret of 64 letters and digits: as long as a key for SHA-512 should be (RFC 7518, 3.2)."""
    return secrets.token_urlsafe(48)


def passwords(file: Path, users: Iterable[str]) -> dict[str, str]:
    """Read the users' passwords, and make those that are missing.

    Airflow would make them too, but it prints what it makes into its log.
    """
    found: dict[str, str] = json.loads(kept(file, lambda: "{}"))
    missing = {user: secrets.token_urlsafe(12) for user in users if user not in found}
    if missing:
        write_private(file, json.dumps(found | missing, indent=1))
    return found | missing


def _temporary(file: Path, content: str) -> Path:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return Path(name)
