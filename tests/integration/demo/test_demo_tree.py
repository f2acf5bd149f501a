"""The demonstration's tree holds what a copy must survive, and the comparison sees each way to spoil it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from respaldo.demo import compare, tree
from respaldo.domain.errors import SourceMissingError

IGNORED = () if os.geteuid() == 0 else (tree.UNREADABLE,)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "original"
    tree.make(root)
    return root


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "twin"
    tree.make(root)
    return root


def test_one_seed_makes_one_tree(original: Path, twin: Path) -> None:
    assert compare.trees(original, twin, ignore=IGNORED) == ()


def test_another_seed_makes_another_tree(original: Path, tmp_path: Path) -> None:
    tree.make(tmp_path / "other", seed=7)

    assert compare.trees(original, tmp_path / "other", ignore=IGNORED)


def test_the_tree_holds_what_is_hard_to_copy(original: Path) -> None:
    entries = {path: path.lstat() for path in original.rglob("*")}
    names = [os.fsencode(path.name) for path in entries]
    files = {path: entry for path, entry in entries.items() if stat.S_ISREG(entry.st_mode)}

    assert 2900 < len(files) < 3200
    assert 60e6 < sum(entry.st_blocks * 512 for entry in files.values()) < 90e6
    assert any(entry.st_size > 32e6 and entry.st_blocks * 512 < 1e6 for entry in files.values())
    assert any(entry.st_nlink == 3 for entry in files.values())
    assert any(entry.st_size == 0 for entry in files.values())
    assert any(stat.S_ISDIR(e.st_mode) and not any(p.iterdir()) for p, e in entries.items())
    assert sum(stat.S_ISLNK(entry.st_mode) for entry in entries.values()) == 6
    assert stat.S_IMODE((original / tree.UNREADABLE).stat().st_mode) == 0
    assert min(entry.st_mtime for entry in entries.values()) < 0
    assert all(any(byte in name for name in names) for byte in b"\n\\*?[]$")
    assert any(name.startswith(b"-") for name in names)


def test_nothing_is_overwritten(original: Path) -> None:
    with pytest.raises(FileExistsError):
        tree.make(original)


def test_a_change_is_told_and_can_be_repeated(tmp_path: Path) -> None:
    for name in ("changed", "again"):
        tree.make(tmp_path / name)
    before = {path: path.lstat() for path in (tmp_path / "changed").rglob("*")}

    changes = tree.change(tmp_path / "changed")

    assert all((tmp_path / "changed" / path).exists() for path in (*changes.added, *changes.renamed))
    assert all((tmp_path / "changed" / path).is_file() for path in changes.modified)
    assert not any((tmp_path / "changed" / path).exists() for path in changes.deleted)
    assert not any(tmp_path / "changed" / path in before for path in (*changes.added, *changes.renamed))
    assert changes == tree.change(tmp_path / "again")
    same = compare.trees(tmp_path / "changed", tmp_path / "again", ignore=IGNORED)
    assert {difference.aspect for difference in same} <= {"mtime"}
    assert tree.change(tmp_path / "changed", seed=3) != changes


def test_what_is_not_a_tree_is_not_changed(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError):
        tree.change(tmp_path)


def _a_document(root: Path) -> Path:
    return min((root / "Contratación").glob("*/*/*.pdf"))


def _rewrite(root: Path) -> None:
    path = _a_document(root)
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(stat.S_IMODE(times.st_mode))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _shift_a_nanosecond(root: Path) -> None:
    path = root / "Enlaces" / "roto"
    moment = path.lstat().st_mtime_ns + 1
    os.utime(path, ns=(moment, moment), follow_symlinks=False)


def _fill_the_holes(root: Path) -> None:
    path = root / "Planeación" / "Cartografía" / "disco virtual.img"
    times = path.stat()
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _part_a_hard_link(root: Path) -> None:
    path = root / "Enlaces" / "plano 3 (duro).bin"
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    copy.rename(path)


def _retarget(root: Path) -> None:
    path = root / "Enlaces" / "absoluto"
    path.unlink()
    path.symlink_to("/etc/passwd")


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte changed behind an old date": (_rewrite, "content"),
    "a time off by a nanosecond": (_shift_a_nanosecond, "mtime"),
    "holes filled with zeros": (_fill_the_holes, "sparse"),
    "a hard link that became a copy": (_part_a_hard_link, "hard_links"),
    "a link to another place": (_retarget, "target"),
    "a mode lost": (lambda root: _a_document(root).chmod(0o777), "mode"),
    "a file lost": (lambda root: _a_document(root).unlink(), "missing"),
    "a file too many": (lambda root: (root / "sobra").touch(), "unexpected"),
    "a file that became a folder": (
        lambda root: (
            (_a_document(root).unlink(), (root / "Reservado" / "vacío.txt").unlink())
            and (root / "Reservado" / "vacío.txt").mkdir()
        ),
        "type",
    ),
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_the_comparison_sees(spoil: str, original: Path, tmp_path: Path) -> None:
    action, aspect = SPOILED[spoil]
    tree.make(tmp_path / "spoiled")

    action(tmp_path / "spoiled")

    assert aspect in {found.aspect for found in compare.trees(original, tmp_path / "spoiled", ignore=IGNORED)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_comparison_sees_another_owner(original: Path, tmp_path: Path) -> None:
    tree.make(tmp_path / "spoiled")

    os.chown(_a_document(tmp_path / "spoiled"), 4321, -1)

    assert "owner" in {found.aspect for found in compare.trees(original, tmp_path / "spoiled")}
