"""An entity's inventory of assets: a CSV as spreadsheets write it, read with the line of each asset (1)."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from respaldo.config.configuration import AnyScope
from respaldo.domain.problems import ConfigurationProblemsError, Problem

COLUMNS = (
    "asset", "name", "department", "criticality", "mode", "kind", "id", "paths", "exclude", "connection",
    "databases", "what", "instructions", "verifier", "product", "record", "schedule", "rpo", "rto",
    "responsible", "repository", "second_copy", "retention", "queue", "contract", "contract_until",
)  # fmt: skip
"""What can be said of an asset, by the names that a scope's file has for it where it has one."""
ASSET = ("asset",)
NEEDED = ("asset", "name", "department", "criticality")

_WINDOWS = "cp1252"
_UNICODE_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DELIMITERS = ";,\t"
_SO_NEAR_IS_A_SLIP = 0.8


@dataclass(frozen=True)
class Asset:
    """One line: its number in the file, and what it says by column; an empty cell says nothing."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Inventory:
    """What a file says, and how it was read."""

    path: Path
    headings: Mapping[str, str]
    """The columns that are used, as the file calls them."""
    assets: tuple[Asset, ...]
    unused: tuple[str, ...]
    """Headings of the other columns."""
    encoding: str

    @property
    def is_of_windows(self) -> bool:
        """Whether it is no Unicode: then some letters may have been taken for others."""
        return self.encoding == _WINDOWS

    def problem(self, line: int, column: str, code: str, **facts: object) -> Problem:
        """Make a problem of one cell, named as the file names its column."""
        return _problem(self.path, line, self._heading(column), code, None, **facts)

    def at(self, line: int, column: str, problem: Problem) -> Problem:
        """Say of a cell what was found in what was made of it."""
        return problem.model_copy(update={"file": str(self.path), "line": line, "key": self._heading(column)})

    def _heading(self, column: str) -> str:
        return self.headings.get(column, column)


@dataclass(frozen=True)
class Coverage:
    """Where inventory and scopes do not meet."""

    without_scope: tuple[Asset, ...]
    unknown: tuple[AnyScope, ...]
    """Scopes of an asset that is not in the inventory."""
    without_asset: tuple[AnyScope, ...]
    """Scopes that name none."""


def read(path: Path, synonyms: Mapping[str, str], needed: Collection[str] = NEEDED) -> Inventory:
    """Read a CSV with headings: with ; or , or tabulators, in UTF-8, UTF-16 or as Windows writes it.

    :param synonyms: other names of columns, in small letters without accents, spaces as ``_``.
    :param needed: columns that must be there.
    :raises ConfigurationProblemsError: with every mistake that keeps it from being read.
    """
    text, encoding = _decoded(path)
    first = text.partition("\n")[0]
    names = {**{column: column for column in COLUMNS}, **synonyms}
    delimiter = max(_DELIMITERS, key=lambda sign: _recognized(first, sign, names))
    lines = list(_lines(path, text, delimiter))
    if not lines:
        raise ConfigurationProblemsError((_problem(path, 1, "", "inventory_empty"),))
    headings = [heading.strip() for heading in lines[0][1]]
    places, unused, problems = _columns(path, headings, names, needed)
    for number, cells in lines[1:]:
        if len(cells) != len(headings):
            problems.append(
                _problem(path, number, "", "inventory_cells", expected=len(headings), found=len(cells))
            )
    if problems:
        raise ConfigurationProblemsError(tuple(problems))
    assets = tuple(
        Asset(number, {column: found for column, place in places.items() if (found := cells[place].strip())})
        for number, cells in lines[1:]
    )
    used = {column: headings[place] for column, place in places.items()}
    return Inventory(path, used, tuple(asset for asset in assets if asset.cells), unused, encoding)


def same_asset_twice(inventory: Inventory) -> list[Problem]:
    """Find codes that are missing or in two lines."""
    problems, seen = list[Problem](), dict[str, int]()
    for asset in inventory.assets:
        code = asset.cells.get("asset")
        if code is None:
            problems.append(inventory.problem(asset.line, "asset", "missing"))
        elif code in seen:
            problems.append(
                inventory.problem(asset.line, "asset", "asset_twice", value=code, first=seen[code])
            )
        else:
            seen[code] = asset.line
    return problems


def compare(inventory: Inventory, scopes: Collection[AnyScope]) -> Coverage:
    """Find the assets that nothing backs up, and the scopes that the inventory does not explain."""
    backed_up = {scope.settings.asset for scope in scopes}
    known = {asset.cells.get("asset") for asset in inventory.assets}
    return Coverage(
        without_scope=tuple(
            one for one in inventory.assets if one.cells.get("asset") not in backed_up - {None}
        ),
        unknown=tuple(one for one in scopes if one.settings.asset and one.settings.asset not in known),
        without_asset=tuple(scope for scope in scopes if scope.settings.asset is None),
    )


def plain(text: str) -> str:
    """Write a text in small letters of ASCII, digits and ``_``."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def _decoded(path: Path) -> tuple[str, str]:
    try:
        raw = path.read_bytes()
        mark = next((mark for mark in _UNICODE_MARKS if raw.startswith(mark)), None)
        if mark is not None:
            encoding = _UNICODE_MARKS[mark]
            return raw.decode(encoding), encoding
        try:
            return raw.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            return raw.decode(_WINDOWS), _WINDOWS
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblemsError((_problem(path, 1, "", "file_unreadable", reason=error),)) from error


def _recognized(first: str, delimiter: str, names: Mapping[str, str]) -> int:
    return sum(plain(heading) in names for heading in first.split(delimiter))


def _lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give each line that is not empty, and the number of the line of the file at which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ConfigurationProblemsError((_problem(path, begins, "", "not_csv", reason=error),)) from error


def _columns(
    path: Path, headings: list[str], names: Mapping[str, str], needed: Collection[str]
) -> tuple[dict[str, int], tuple[str, ...], list[Problem]]:
    """Give the place of each column that is known, the headings of the others, and what is wrong."""
    places: dict[str, int] = {}
    unused, problems = list[str](), list[Problem]()
    for place, heading in enumerate(headings):
        column = names.get(plain(heading))
        if column is None:
            # A slip would silently leave a whole column out; what is far from all names is somebody else's.
            near = difflib.get_close_matches(plain(heading), names, n=1, cutoff=_SO_NEAR_IS_A_SLIP)
            if near:
                problems.append(_problem(path, 1, heading, "column_unknown", near[0], value=heading))
            elif heading:
                unused.append(heading)
        elif column in places:
            problems.append(_problem(path, 1, heading, "column_twice", other=headings[places[column]]))
        else:
            places[column] = place
    wanted = [column for column in needed if column not in places]
    problems += [_problem(path, 1, column, "column_missing", value=column) for column in wanted]
    return places, tuple(unused), problems


def _problem(
    path: Path, line: int, heading: str, code: str, suggestion: str | None = None, **facts: object
) -> Problem:
    written = {name: str(value) for name, value in facts.items()}
    return Problem(file=str(path), line=line, key=heading, code=code, facts=written, suggestion=suggestion)
