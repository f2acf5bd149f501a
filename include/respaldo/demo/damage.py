"""What time does to a disk: one bit in the middle of the largest file of a repository."""

from __future__ import annotations

from pathlib import Path

from respaldo.config.configuration import load
from respaldo.embedded.installation import Installation


def flip_one_bit(installation: Installation, scope_id: str) -> None:
    """Damage the first repository of a scope."""
    configuration = load(installation.layout.config)
    settings = configuration.repositories[configuration.scopes[scope_id].settings.repository]
    packs = (Path(settings.location_of(scope_id)) / "data").rglob("*")
    pack = max((path for path in packs if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
