"""The commands that the manual offers for snapshots of volumes.

Programs stand in for those of LVM and ZFS, with folders for volumes: this needs no kernel module.
"""

import os
from pathlib import Path

import pytest

from respaldo.hosts.hook import run_hook

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

LVM = {
    # The volume group is the folder vg; a volume is a folder in it; a mount is a link.
    "lvs": 'test -d "$ROOT/$1"',
    "lvcreate": 'test "$1 $2 $4" = "--snapshot --size --name"; cp -r "$ROOT/$6" "$ROOT/${6%/*}/$5"',
    "lvremove": 'test "$1 $2" = "--yes --quiet"; rm -r "$ROOT/$3"',
    "mountpoint": 'test -e "$2/.mounted"',
    "mount": 'test "$1" = -o; cp -r "$ROOT/${3#/dev/}/." "$4"; echo "$2" > "$4/.mounted"',
    "umount": 'test ! -e "$ROOT/busy" || { echo "target is busy" >&2; exit 32; }; rm -r "$1"; mkdir "$1"',
}
ZFS = {
    "zfs": """
at() { echo "$ROOT/${1%@*}/.zfs/snapshot/${1#*@}"; }
case $1 in
list) test -d "$(at "$4")" ;;
destroy) rm -r "$(at "$2")" ;;
snapshot) mkdir -p "$(at "$2")"; cp "$ROOT/${2%@*}"/*.txt "$(at "$2")" ;;
esac""",
}


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Run an example beside the programs that stand in."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in (LVM | ZFS).items():
        path = programs / name
        path.write_text(f"#!/bin/sh\nset -eu\nROOT={tmp_path}\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    def run(example: str, *arguments: object) -> int:
        return run_hook((str(EXAMPLES / example), *map(str, arguments)), {}, 30).exit_code

    return run


@pytest.fixture
def volume(tmp_path) -> Path:
    folder = tmp_path / "vg" / "datos"
    folder.mkdir(parents=True)
    (folder / "libro.txt").write_text("uno")
    return folder


def test_a_snapshot_of_lvm_is_mounted_as_it_was_and_goes_again(call, volume, tmp_path):
    at = tmp_path / "mnt" / "datos"
    assert call("lvm-snapshot", "take", "vg/datos", at, "1G", "ro,nouuid") == 0
    (volume / "libro.txt").write_text("dos")
    assert (at / "libro.txt").read_text() == "uno"
    assert (at / ".mounted").read_text() == "ro,nouuid\n"
    assert call("lvm-snapshot", "drop", "vg/datos", at) == 0
    assert [path.name for path in volume.parent.iterdir()] == ["datos"]
    assert call("lvm-snapshot", "drop", "vg/datos", at) == 0


def test_a_snapshot_of_lvm_that_a_killed_run_left_is_no_hindrance_and_is_not_what_is_saved(
    call, volume, tmp_path
):
    at = tmp_path / "mnt"
    assert call("lvm-snapshot", "take", "vg/datos", at) == 0
    (volume / "libro.txt").write_text("dos")
    assert call("lvm-snapshot", "take", "vg/datos", at) == 0
    assert (at / "libro.txt").read_text() == "dos"


def test_a_snapshot_of_lvm_that_cannot_go_is_told(call, volume, tmp_path):
    at = tmp_path / "mnt"
    assert call("lvm-snapshot", "take", "vg/datos", at) == 0
    (tmp_path / "busy").touch()
    assert call("lvm-snapshot", "drop", "vg/datos", at) == 32


def test_a_snapshot_of_zfs_is_taken_anew_and_goes_again(call, tmp_path):
    system = tmp_path / "tank" / "datos"
    system.mkdir(parents=True)
    (system / "libro.txt").write_text("uno")
    at = system / ".zfs" / "snapshot" / "respaldo"
    assert call("zfs-snapshot", "take", "tank/datos") == 0
    (system / "libro.txt").write_text("dos")
    assert (at / "libro.txt").read_text() == "uno"
    assert call("zfs-snapshot", "take", "tank/datos") == 0
    assert (at / "libro.txt").read_text() == "dos"
    assert call("zfs-snapshot", "drop", "tank/datos") == 0
    assert not at.exists()
    assert call("zfs-snapshot", "drop", "tank/datos") == 0


@pytest.mark.parametrize("example", ["lvm-snapshot", "zfs-snapshot"])
def test_another_word_is_refused(call, example):
    assert call(example, "tomar", "vg/datos", "/nonexistent") == 2
