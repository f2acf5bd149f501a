"""A real tree of files for the demonstration: all that the copy of an old file server must bring back.

Names, contents, modes, links and times are a function of the seed alone. It takes about 75 MB on disk.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from respaldo.demo.names import DEPARTMENTS, KINDS, ODD_NAMES, SENTENCES, SERIES
from respaldo.domain.errors import SourceMissingError

UNREADABLE = Path("Reservado", "sin permiso.txt")
"""The file that only root can read (mode 000): an ordinary user's scope has to exclude it."""

DOCUMENTS = 2900
LARGE_FILES = 7
SPARSE_BYTES = 64 << 20

_LINK_OWNER, _LINK_GROUP = 1234, 5678
_FIRST_SECOND = 473_385_600  # 1985-01-01
_LAST_SECOND = 1_735_689_600  # 2025-01-01
_CHANGED_SECOND = 1_750_000_000
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Changes:
    """What a change did, as paths below the root. A renamed path is told by its new name."""

    added: tuple[Path, ...]
    modified: tuple[Path, ...]
    deleted: tuple[Path, ...]
    renamed: tuple[Path, ...]


def make(root: Path, seed: int = 1) -> None:
    """Make the tree in ``root``, which must not exist.

    :raises FileExistsError: ``root`` is there: nothing of anybody's is overwritten.
    """
    rng = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    root.mkdir(parents=True)
    _make_documents(root, rng)
    _make_large_files(root / "Planeación" / "Cartografía", rng)
    _make_odd_names(root / "Nombres difíciles", rng)
    _make_links(root / "Enlaces", rng)
    _make_special_modes(root, rng)
    _set_times(root, rng)


def change(root: Path, seed: int = 2) -> Changes:
    """Add, modify, delete and rename some of the documents, and rename a folder of them.

    The folders that this touches get the time of the clock.

    :raises SourceMissingError: there is no tree in ``root``.
    """
    rng = random.Random(seed)  # noqa: S311
    if not any(_documents(root)):
        raise SourceMissingError(path=root)
    series = _rename_series(root, seed, rng)
    chosen = rng.sample(sorted(_documents(root)), 65)
    modified, deleted, moved = chosen[:30], chosen[30:50], chosen[50:]
    added = [path.with_name(f"nuevo {seed}-{at:02}{path.suffix}") for at, path in enumerate(modified[:25])]
    for path in added:
        path.write_bytes(_content(rng, path.suffix))
    for path in modified:
        _modify(path, rng)
    for path in (*added, *modified):
        _stamp(path, _CHANGED_SECOND + rng.randrange(86_400), rng)
    for path in deleted:
        path.unlink()
    renamed = [path.rename(path.with_name(f"renombrado {path.name}")) for path in moved]

    def below(paths: list[Path]) -> tuple[Path, ...]:
        return tuple(path.relative_to(root) for path in paths)

    return Changes(below(added), below(modified), below(deleted), below([*renamed, series]))


def _rename_series(root: Path, seed: int, rng: random.Random) -> Path:
    series = rng.choice(sorted(path for name in DEPARTMENTS for path in (root / name).iterdir()))
    return series.rename(series.with_name(f"{series.name.partition(' (')[0]} (archivo {seed})"))


def _documents(root: Path) -> Iterator[Path]:
    for department in DEPARTMENTS:
        for path in (root / department).glob("*/*/*"):
            if path.suffix in KINDS and path.is_file():
                yield path


def _make_documents(root: Path, rng: random.Random) -> None:
    folders = [
        root / department / series / str(year)
        for department in DEPARTMENTS
        for series in SERIES
        for year in range(2016, 2025)
    ]
    for folder in folders:
        folder.mkdir(parents=True)
    for number in range(DOCUMENTS):
        kind = rng.choice(KINDS)
        path = rng.choice(folders) / f"{number:05} {rng.choice(SERIES).lower()}{kind}"
        path.write_bytes(_content(rng, kind))
        path.chmod(rng.choice((0o644, 0o644, 0o640, 0o600, 0o444, 0o775)))


def _content(rng: random.Random, kind: str) -> bytes:
    """Text as an office writes it, or bytes that do not compress, as a scanner gives them."""
    if kind in (".txt", ".csv"):
        return "\n".join(rng.choices(SENTENCES, k=int(rng.lognormvariate(4, 1)))).encode()
    return rng.randbytes(int(rng.lognormvariate(9, 1)))


def _modify(path: Path, rng: random.Random) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content) + 1)
    content[at : at + 16] = rng.randbytes(16)
    path.write_bytes(content)


def _make_large_files(folder: Path, rng: random.Random) -> None:
    folder.mkdir(parents=True)
    for number in range(LARGE_FILES):
        (folder / f"ortofoto {number}.tif").write_bytes(rng.randbytes(rng.randrange(2 << 20, 8 << 20)))
    with (folder / "disco virtual.img").open("wb") as disk:
        disk.truncate(SPARSE_BYTES)
        for offset in (0, 24 << 20, SPARSE_BYTES - 4096):
            disk.seek(offset)
            disk.write(rng.randbytes(4096))


def _make_odd_names(folder: Path, rng: random.Random) -> None:
    folder.mkdir()
    for name in ODD_NAMES:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(rng.randbytes(200))
    within = folder / "carpeta\ncon salto" / "[a-z]*" / "-rf"
    within.mkdir(parents=True)
    (within / "ñandú.txt").write_text("El archivo está al fondo.\n")


def _make_links(folder: Path, rng: random.Random) -> None:
    shared = folder / "compartido"
    shared.mkdir(parents=True)
    for number in range(10):
        original = shared / f"plano {number}.bin"
        original.write_bytes(rng.randbytes(20_000))
        (folder / f"plano {number} (duro).bin").hardlink_to(original)
    (folder / "tercer nombre.bin").hardlink_to(shared / "plano 0.bin")
    (folder / "relativo").symlink_to("compartido/plano 1.bin")
    (folder / "hacia arriba").symlink_to("../Planeación")
    (folder / "carpeta").symlink_to("compartido")
    (folder / "absoluto").symlink_to("/etc/hostname")
    (folder / "roto").symlink_to("no/existe\ny tiene salto")
    (folder / "a sí mismo").symlink_to("a sí mismo")


def _make_special_modes(root: Path, rng: random.Random) -> None:
    reserved = root / "Reservado"
    (reserved / "vacía").mkdir(parents=True)
    (reserved / "vacío.txt").touch()
    (root / UNREADABLE).write_bytes(rng.randbytes(500))
    (reserved / "guion.sh").write_text("#!/bin/sh\necho hola\n")
    if os.geteuid() == 0:
        # Owners that no account of this machine has: only numbers can bring them back.
        os.chown(reserved / "guion.sh", _LINK_OWNER, _LINK_GROUP)
        os.chown(reserved / "vacía", _LINK_OWNER, _LINK_GROUP)
        os.chown(root / "Enlaces" / "roto", _LINK_OWNER, _LINK_GROUP, follow_symlinks=False)
    (root / UNREADABLE).chmod(0o000)
    (reserved / "guion.sh").chmod(0o4750)
    (reserved / "vacía").chmod(0o3770)
    reserved.chmod(0o700)


def _set_times(root: Path, rng: random.Random) -> None:
    """Give each entry its own time, to the nanosecond. A folder comes after what is in it."""
    entries = [Path(parent, name) for parent, *names in os.walk(root) for name in (*names[0], *names[1])]
    for path in sorted(entries, reverse=True):
        _stamp(path, rng.randrange(_FIRST_SECOND, _LAST_SECOND), rng)
    before_the_epoch = -86_400
    _stamp(root / UNREADABLE.with_name("vacío.txt"), before_the_epoch, rng)
    _stamp(root, _LAST_SECOND, rng)


def _stamp(path: Path, second: int, rng: random.Random) -> None:
    moment = second * _NANOSECONDS + rng.randrange(_NANOSECONDS)
    os.utime(path, ns=(moment, moment), follow_symlinks=False)
