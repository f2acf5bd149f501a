"""Sums of copies: what ``sha256sum`` prints is computed, and what it printed is checked line by line."""

import os
import subprocess

import pytest

from respaldo.actions.measure import measure
from respaldo.domain.errors import SourceEmptyError, SourceUnreadableError
from respaldo.domain.manual import Performed
from respaldo.domain.people_errors import ChecksumMismatchError
from respaldo.hosts.checksums import ManifestError, read_manifest

NAMES = ("b.txt", "a.txt", "carpeta/ñ acta.txt", "carpeta/dos\nlíneas \\ barra.txt")


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "copia"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"contenido de {name}")
    (folder / "enlace").symlink_to("/etc/passwd")
    return folder


def stated(path, **more):
    moment = "2026-03-14T17:00:00-05:00"
    return Performed(by="soporte", at=moment, started_at=moment, ended_at=moment, path=str(path), **more)


def manifest_of(folder, file):
    listed = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum"
    file.write_bytes(
        subprocess.run(["bash", "-c", listed], cwd=folder, check=True, capture_output=True).stdout
    )
    return file


def sum_of(file):
    done = subprocess.run(["sha256sum", file], check=True, capture_output=True, text=True)
    return done.stdout.lstrip("\\").split()[0]


def test_a_folders_sum_is_that_of_what_sha256sum_prints_of_its_files(copy, tmp_path):
    listed = manifest_of(copy, tmp_path / "lista")
    found = measure(stated(copy, checksum=sum_of(listed), manifest=str(listed)))
    assert found.checksum == sum_of(listed)
    assert found.files == len(NAMES)
    assert found.size_bytes == sum((copy / name).stat().st_size for name in NAMES)
    assert found.evidence[0].facts["stated"] == "equal"


def test_a_files_sum_is_its_own(copy):
    found = measure(stated(copy / "a.txt"))
    assert (found.checksum, found.files) == (sum_of(copy / "a.txt"), 1)


def test_what_nobody_can_read_counts_as_it_was_stated():
    found = measure(stated("/").model_copy(update={"path": None, "size_bytes": 12, "checksum": "a" * 64}))
    assert (found.size_bytes, found.files, found.checksum, found.evidence) == (12, None, "a" * 64, ())


def test_a_sum_that_does_not_match_is_told_with_both(copy):
    with pytest.raises(ChecksumMismatchError) as error:
        measure(stated(copy / "a.txt", checksum="b" * 64))
    assert error.value.facts["found"] == sum_of(copy / "a.txt")
    assert error.value.facts["expected"] == "b" * 64


def test_a_file_that_is_not_what_the_list_says_or_is_gone_is_named(copy, tmp_path):
    listed = manifest_of(copy, tmp_path / "lista")
    (copy / "b.txt").write_text("otra cosa")
    with pytest.raises(ChecksumMismatchError) as error:
        measure(stated(copy, manifest=str(listed)))
    assert error.value.facts["path"] == "b.txt"
    (copy / "b.txt").unlink()
    with pytest.raises(ChecksumMismatchError) as error:
        measure(stated(copy, manifest=str(listed)))
    assert (error.value.facts["path"], error.value.facts["found"]) == ("b.txt", "–")


def test_files_that_no_list_has_are_named_but_for_the_list_itself(copy):
    listed = manifest_of(copy, copy / "lista")
    listed.write_text(
        "".join(line for line in listed.read_text().splitlines(keepends=True) if "lista" not in line)
    )
    (copy / "de mas.txt").write_text("de más")
    assert measure(stated(copy, manifest=str(listed))).unlisted == ("de mas.txt",)


def test_a_name_that_is_not_unicode_is_told_in_letters_that_every_report_can_hold(copy, tmp_path):
    strange = copy / os.fsdecode(b"a\xf1o.txt")
    listed = manifest_of(copy, tmp_path / "lista")
    strange.write_text("acta")
    assert measure(stated(copy, manifest=str(listed))).unlisted == ("a\\udcf1o.txt",)
    listed = manifest_of(copy, tmp_path / "lista")
    strange.unlink()
    with pytest.raises(ChecksumMismatchError) as error:
        measure(stated(copy, manifest=str(listed)))
    assert error.value.facts["path"] == "a\\udcf1o.txt"


def test_a_link_that_was_put_in_place_of_a_copy_since_it_was_stated_is_not_followed(copy, tmp_path):
    asked = stated(tmp_path / "medio" / "carpeta", checksum=None)
    (tmp_path / "medio").symlink_to(copy)
    with pytest.raises(SourceUnreadableError) as error:
        measure(asked)
    assert error.value.facts["path"] == str(tmp_path / "medio" / "carpeta")


def test_nothing_is_no_copy_and_what_cannot_be_read_is_named(tmp_path):
    (tmp_path / "vacia").mkdir()
    with pytest.raises(SourceEmptyError):
        measure(stated(tmp_path / "vacia"))
    with pytest.raises(SourceUnreadableError) as error:
        measure(stated(tmp_path / "no hay"))
    assert error.value.facts["path"] == str(tmp_path / "no hay")


def test_a_line_that_sha256sum_does_not_print_is_numbered():
    with pytest.raises(ManifestError) as error:
        read_manifest(b"a" * 64 + b"  bien.txt\nmal\n")
    assert error.value.args == (2,)
    assert read_manifest(b"A" * 64 + b" *./bien.txt\r\n") == {"bien.txt": "a" * 64}
