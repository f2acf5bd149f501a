"""Files to measure with: many small ones and a few large ones, half of it random, half of it text."""

from __future__ import annotations

import random
from pathlib import Path

_BLOCK = 1 << 20
_LINE = b"2026-11-22 08:00:00 radicado 2026-%08d tramitado en la ventanilla %03d\n"


def make(root: Path, files: int, total_bytes: int, seed: int = 1) -> None:
    """Make ``files`` files of ``total_bytes`` in all below ``root``, the same ones for the same seed.

    From 10,000 files on, two thirds of the bytes are in four large ones, as in a file server.
    """
    rng = random.Random(seed)
    large = 4 if files >= 10_000 else 0
    small_bytes = total_bytes // 3 if large else total_bytes
    size = small_bytes // (files - large)
    for number in range(files - large):
        folder = root / f"{number // 1000:03}" / f"{number // 100 % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{number:06}.dat", rng.randint(size // 2, size + size // 2), rng)
    for number in range(large):
        _write(root / f"large{number}.dat", (total_bytes - small_bytes) // large, rng)


def _write(path: Path, size: int, rng: random.Random) -> None:
    first = rng.randrange(10**8)
    lines = size // len(_LINE % (first, 0)) + 1
    with path.open("wb") as file:
        if rng.random() < 0.5:
            file.writelines(rng.randbytes(min(_BLOCK, size - at)) for at in range(0, size, _BLOCK))
        else:
            file.writelines(_LINE % ((first + n) % 10**8, n % 1000) for n in range(lines))
