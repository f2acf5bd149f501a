"""Paths and patterns that a file lists: what is saved of them, and which mistakes are told before that."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from respaldo.domain.errors import (
    SourceEmptyError,
    SourceMissingError,
    SourcePartlyMissingError,
    SourceUnreadableError,
)
from respaldo.domain.source_errors import PathListInvalidError
from respaldo.sources.files import FilesSource
from respaldo.sources.files.listed import MOST_BYTES, paths_in, patterns_in
from respaldo.sources.files.on_worker import WorkerGround
from respaldo.sources.reach import Reach
from respaldo.texts.causes import explain

pytestmark = pytest.mark.one_restic


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("uno/a", "uno/b.tmp", "dos/c", ".oculta/d", "un[o]/e", "con espacio/f"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "data"


@pytest.fixture
def listing(tmp_path: Path):
    """Write a list and give its path."""

    def write(content: str | bytes, name: str = "lista") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def matched(file: str) -> tuple[str, ...]:
    return paths_in(file, WorkerGround().matches)


@pytest.fixture
def saved_of(repository, marks):
    """Save a source, and name the files in the copy."""

    def save(**settings: object) -> set[str]:
        source = FilesSource(kind="files", **settings)
        saved = source.save("files", repository, marks, Reach(), lambda _: None)
        names: set[str] = set()
        repository.walk(saved.copy.snapshot_id, lambda node: names.add(node.path))
        return names

    return save


def test_what_the_lists_name_is_saved_and_left_out_beside_what_the_scope_names(data, listing, saved_of):
    paths = listing(f"# comentario\n\n{data}/uno\n  {data}/con espacio\r\n")
    left_out = listing("# temporales\n*.tmp\n", "fuera")
    found = saved_of(paths=(str(data / "dos"),), paths_from=paths, exclude_from=left_out)
    assert found == {f"{data}/{name}" for name in ("uno/a", "dos/c", "con espacio/f")}


def test_the_list_is_read_anew_for_each_copy(data, listing, saved_of):
    paths = listing(f"{data}/uno\n")
    assert f"{data}/dos/c" not in saved_of(paths_from=paths)
    listing(f"{data}/uno\n{data}/dos\n")
    assert f"{data}/dos/c" in saved_of(paths_from=paths)


def test_what_is_saved_is_what_was_looked_at(data, listing, saved_of, monkeypatch):
    file = listing(f"{data}/uno\n")
    looked_at = WorkerGround.gone

    def gone(*words: object) -> list[str]:
        listing(f"{data}/uno\n{data}/falta\n")
        return looked_at(*words)

    monkeypatch.setattr(WorkerGround, "gone", gone)
    assert saved_of(paths_from=file) == {f"{data}/uno/a", f"{data}/uno/b.tmp"}
    with pytest.raises(SourcePartlyMissingError):
        saved_of(paths_from=file)


def test_a_pattern_stands_for_what_it_matches_hidden_or_not(data, listing):
    assert set(matched(listing(f"{data}/*o*\n"))) == {
        f"{data}/{name}" for name in ("uno", "dos", ".oculta", "un[o]", "con espacio")
    }


def test_a_path_that_is_there_is_no_pattern(data, listing):
    assert matched(listing(f"{data}/un[o]\n")) == (f"{data}/un[o]",)


def test_a_path_named_twice_is_saved_once(data, listing):
    assert matched(listing(f"{data}/uno\n{data}/uno/\n{data}/u?o\n")) == (f"{data}/uno",)


def test_nothing_in_a_list_is_a_variable(listing):
    assert patterns_in(listing("$HOME/*\n${X}\n")) == ("$HOME/*", "${X}")


def test_a_line_that_is_no_absolute_path_is_told_with_its_number(data, listing):
    file = listing(f"{data}/uno\n\n# algo\ndocumentos\n")
    with pytest.raises(PathListInvalidError) as caught:
        FilesSource(kind="files", paths_from=file).probe(Reach())
    assert f" {file}, línea 4: «documentos» no es una ruta absoluta." in explain(caught.value)


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (b"/srv\n/a\xff\n", "no_text", "2"),
        (b"/srv\n/\n/a\0b\n", "no_path", "3"),
        (b"/" + b"a" * 5000, "no_path", "1"),
        (b"/srv\n" * (MOST_BYTES // 5 + 1), "too_long", str(MOST_BYTES // 5 + 1)),
    ],
)
def test_what_can_be_no_list_is_told(listing, content, reason, line):
    with pytest.raises(PathListInvalidError) as caught:
        matched(listing(content))
    assert (caught.value.facts["reason"], caught.value.facts["line"]) == (reason, line)


@pytest.mark.parametrize("key", ["paths_from", "exclude_from"])
def test_a_list_that_is_not_there_is_told_and_nothing_is_saved(data, repository, saved_of, key):
    with pytest.raises(SourceUnreadableError) as caught:
        saved_of(**({"paths": (str(data),)} | {key: "/nonexistent/lista"}))
    assert caught.value.facts["path"] == "/nonexistent/lista"
    assert not repository.snapshots(())


def test_a_listed_path_that_is_not_there_is_told_like_any_other(data, listing):
    file = listing(f"{data}/uno\n{data}/falta*\n")
    with pytest.raises(SourcePartlyMissingError) as caught:
        FilesSource(kind="files", paths_from=file).probe(Reach())
    assert caught.value.facts["missing"] == f"{data}/falta*"
    with pytest.raises(SourceMissingError):
        FilesSource(kind="files", paths_from=listing(f"{data}/falta\n")).probe(Reach())


def test_a_list_of_nothing_is_an_empty_source(listing):
    with pytest.raises(SourceEmptyError) as caught:
        FilesSource(kind="files", paths_from=(file := listing("# nada\n"))).probe(Reach())
    assert caught.value.facts["source"] == f"@{file}"


def test_a_source_names_something():
    with pytest.raises(ValidationError) as caught:
        FilesSource(kind="files")
    [error] = caught.value.errors()
    assert (error["type"], error["loc"]) == ("paths_missing", ("paths",))
