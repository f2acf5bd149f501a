"""The secrets that a container was given: a file each."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("/run/secrets")


def has(name: str) -> bool:
    """Whether this container was given a secret."""
    return (FOLDER / name).is_file()


def secret(name: str) -> str:
    """Read a secret.

    :raises FileNotFoundError: this container was not given it.
    """
    return (FOLDER / name).read_text(encoding="utf-8").rstrip("\n")
