"""From an asset of the inventory to the file of a scope: what it says, and what was assumed (activity 1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from respaldo.config.inventory import Asset, plain
from respaldo.config.scope_settings import SCOPE_ID

LONGEST_STEM = 50
_ODD_BREAKS = frozenset("\r\x85\u2028\u2029")
COLUMN_OF = {
    "source": "kind",
    "source.paths": "paths",
    "source.exclude": "exclude",
    "source.connection": "connection",
    "source.databases": "databases",
    "source.product": "product",
    "source.record": "record",
    "contract.number": "contract",
    "contract.valid_until": "contract_until",
}
"""Keys of a scope's file that the inventory has another name for."""


@dataclass(frozen=True)
class Draft:
    """A scope's file to be: its id, its data, and the keys that the inventory does not say."""

    asset: Asset
    id: str
    data: Mapping[str, Any]
    assumed: frozenset[str]


def draft(asset: Asset, defaults: Mapping[str, str], words: Mapping[str, str], scope_id: str) -> Draft:
    """Make a scope of an asset. Nothing is checked: the configuration's own reader does that.

    :param defaults: by column, for cells that are empty.
    :param words: other words for values of ``kind``, ``mode`` and ``criticality``, plain.
    """
    cells = {**defaults, **asset.cells}
    for column in ("kind", "mode", "criticality"):
        if column in cells:
            cells[column] = words.get(plain(cells[column]), plain(cells[column]))
    mode = cells.get("mode")
    kind = mode if mode in ("manual", "external") else cells.get("kind", "")
    data: dict[str, Any] = {key: cells.get(key) for key in ("name", "asset", "department", "criticality")}
    data |= {key: cells.get(key) for key in ("schedule", "rpo", "rto", "responsible")}
    data |= _KINDS.get(kind, _other)(cells, kind)
    data |= {"retention": _mapping(cells.get("retention")), "queue": cells.get("queue")}
    if "contract" in cells or "contract_until" in cells:
        data["contract"] = _said(number=cells.get("contract"), valid_until=cells.get("contract_until"))
    said = _said(**data)
    assumed = {key for key in said if key in defaults and key not in asset.cells}
    return Draft(asset, scope_id, said, frozenset(assumed | _ASSUMED.get(kind, set())))


def id_of(asset: Asset, taken: Collection[str]) -> str:
    """Make an id of an asset's name; of one that is taken already, with a number behind it."""
    if "id" in asset.cells:
        return asset.cells["id"]
    stem = plain(asset.cells.get("name", "")) or plain(asset.cells.get("asset", ""))
    if not re.fullmatch(SCOPE_ID, stem[:LONGEST_STEM]):
        stem = f"s_{stem or asset.line}"
    stem = stem[:LONGEST_STEM].rstrip("_")
    number, found = 1, stem
    while found in taken:
        number += 1
        found = f"{stem}_{number}"
    return found


def written(draft: Draft, head: str, notes: Mapping[str, str], assumed: str) -> str:
    """Write the file.

    :param head: lines of comment at its top.
    :param notes: a comment by key, for those that are there.
    :param assumed: the comment of a key that the inventory does not say.
    """
    parts = [_comment(head)]
    for key, value in draft.data.items():
        comments = [assumed] if key in draft.assumed else []
        comments += [notes[key]] if key in notes else []
        parts += [_comment("\n".join(comments))] if comments else []
        parts.append(
            yaml.dump({key: value}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6)
        )
    return "".join(parts)


def column_of(key: str) -> str:
    """Give the column of the inventory that a key of the file comes from."""
    steps = key.split(".")
    two = ".".join(steps[:2])
    return COLUMN_OF.get(two) or COLUMN_OF.get(steps[0], steps[0])


def _files(cells: Mapping[str, str], kind: str) -> dict[str, Any]:
    paths, exclude = _list(cells.get("paths")), _list(cells.get("exclude"))
    return {"source": _said(kind=kind, paths=paths, exclude=exclude)} | _places(cells)


def _databases(cells: Mapping[str, str], kind: str) -> dict[str, Any]:
    databases: object = _list(cells.get("databases"))
    if databases == ["all"]:
        databases = "all"
    source = _said(kind=kind, connection=cells.get("connection"), databases=databases)
    return {"source": source} | _places(cells)


def _manual(cells: Mapping[str, str], _: str) -> dict[str, Any]:
    own = {key: cells.get(key) for key in ("verifier", "repository")}
    what = cells.get("what") or cells.get("name")
    return {"mode": "manual", "what": what, "instructions": cells.get("instructions")} | own


def _external(cells: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Describe the console record as products mostly write it: no inventory says that."""
    record = cells.get("record")
    is_csv = bool(record and record.lower().endswith(".csv"))
    fields = {name: name for name in ("result", "start", "end", "size")}
    return {
        "source": _said(
            kind=kind,
            product=cells.get("product"),
            record=_said(**{"from": "file", "path": record}) if record else None,
            entries={"format": "csv" if is_csv else "json", "fields": fields},
            good=["success", "ok"],
            warning=["warning"],
            failed=["*"],
        )
    }


def _other(cells: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Leave it to the reader of scopes to say which kinds there are."""
    return {"source": _said(kind=kind or None)} | _places(cells)


def _places(cells: Mapping[str, str]) -> dict[str, Any]:
    return {key: cells.get(key) for key in ("repository", "second_copy")}


_KINDS: Mapping[str, Callable[[Mapping[str, str], str], dict[str, Any]]] = {
    "files": _files,
    "mariadb": _databases,
    "postgresql": _databases,
    "manual": _manual,
    "external": _external,
}
_ASSUMED = {"external": {"source"}}


def _said(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _list(cell: str | None) -> list[str] | None:
    """Take a cell's lines, or what is between bars: a comma may be part of a path."""
    if cell is None:
        return None
    return [part.strip() for part in re.split(r"[|\n]", cell) if part.strip()]


def _mapping(cell: str | None) -> object:
    """Read ``daily 7d, weekly 5w``; what is no list of pairs stays as it is, for the reader to refuse."""
    if cell is None:
        return None
    pairs = [part.replace(":", " ").split() for part in cell.split(",") if part.strip()]
    return dict(pairs) if pairs and all(len(pair) == 2 for pair in pairs) else cell


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())


class _Dumper(yaml.SafeDumper):
    """Writes long texts as blocks, as a person would."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and text == text.strip() else None
    # Line breaks that only Unicode knows, or at the ends, are kept by this style alone.
    if _ODD_BREAKS & set(text) or text.strip("\n") != text:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
