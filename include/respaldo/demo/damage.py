"""What time does to a disk: one bit in the middle of the largest file of a repository, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from respaldo.config.configuration import load
from respaldo.embedded.installation import Installation


@contextlib.contextmanager
def one_flipped_bit(installation: Installation, scope_id: str) -> Iterator[None]:
    """Damage the first repository of a scope as long as this lasts."""
    configuration = load(installation.layout.config)
    settings = configuration.repositories[configuration.scopes[scope_id].settings.repository]
    packs = (Path(settings.location_of(scope_id)) / "data").rglob("*")
    pack = max((path for path in packs if path.is_file()), key=lambda path: path.stat().st_size)
    whole = pack.read_bytes()
    middle = len(whole) // 2
    mode = pack.stat().st_mode
    pack.chmod(0o600)
    try:
        pack.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        yield
    finally:
        pack.write_bytes(whole)
        pack.chmod(mode)
