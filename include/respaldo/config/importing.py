"""New scopes from an inventory: checked as the configuration is, then written, all or none (activity 1)."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from respaldo.config.configuration import Configuration, load
from respaldo.config.defaults import FILE as DEFAULTS
from respaldo.config.drafts import Draft, column_of, draft, id_of
from respaldo.config.inventory import Asset, Inventory, same_asset_twice
from respaldo.config.scope_settings import SCOPE_ID
from respaldo.domain.problems import Problem

_COMMON = ("organization.yaml", "repositories.yaml", DEFAULTS)


@dataclass(frozen=True)
class Proposal:
    """The scopes to be, and the assets that have one already."""

    drafts: tuple[Draft, ...]
    covered: tuple[Asset, ...]


def propose(
    inventory: Inventory, configuration: Configuration, defaults: Mapping[str, str], words: Mapping[str, str]
) -> Proposal:
    """Make a draft for each asset that no scope names.

    Scopes of other assets keep their ids: a new one that would have the same gets a number. A scope that
    names no asset may be the very thing: no number is tried, and `problems_of` finds its file in the way.
    """
    scopes = configuration.all_scopes.values()
    backed_up = {scope.settings.asset for scope in scopes}
    taken = {scope.id for scope in scopes if scope.settings.asset is not None}
    drafts, covered = list[Draft](), list[Asset]()
    for asset in inventory.assets:
        if asset.cells.get("asset", object()) in backed_up:
            covered.append(asset)
            continue
        drafts.append(draft(asset, defaults, words, id_of(asset, taken)))
        taken.add(drafts[-1].id)
    return Proposal(tuple(drafts), tuple(covered))


def problems_of(
    inventory: Inventory, files: Mapping[str, str], proposal: Proposal, root: Path, target: Path
) -> list[Problem]:
    """Read the files as the configuration's own, and look for what is in their way: each by the asset's line.

    :param files: the text of each draft's file, by id.
    :param root: the configuration's folder, whose roles and repositories they name.
    """
    problems = same_asset_twice(inventory)
    # What is no id may be the path of somebody else's file: it is not even tried.
    found = _as_configured({name: text for name, text in files.items() if _is_id(name)}, root)
    first: dict[str, Draft] = {}
    for one in proposal.drafts:
        line = one.asset.line
        if not _is_id(one.id):
            problems.append(inventory.problem(line, "id", "scope_id", value=one.id))
            continue
        if one.id in first:
            problems.append(
                inventory.problem(line, "id", "scope_id_twice", value=one.id, first=first[one.id].asset.line)
            )
            continue
        first[one.id] = one
        for folder in {target, root / "scopes"}:
            if taken := next(folder.glob(f"{one.id}.y*ml"), None):
                problems.append(inventory.problem(line, "name", "scope_file_exists", value=taken))
        for problem in found.get(one.id, ()):
            problems.append(inventory.at(line, column_of(problem.key), problem))
    return sorted(problems, key=lambda problem: problem.line)


def write(files: Mapping[str, str], target: Path) -> list[Path]:
    """Write all files into a folder, or none; never over one that is there.

    :raises OSError: one could not be written; those before it are gone again.
    """
    with ExitStack() as undo:
        paths = []
        for scope_id, text in files.items():
            path = target / f"{scope_id}.yaml"
            with path.open("x", encoding="utf-8") as file:
                undo.callback(path.unlink)
                file.write(text)
            paths.append(path)
        undo.pop_all()
    return paths


def _is_id(name: str) -> bool:
    return re.fullmatch(SCOPE_ID, name) is not None


def _as_configured(files: Mapping[str, str], root: Path) -> Mapping[str, tuple[Problem, ...]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scopes").mkdir()
        for common in _COMMON:
            if common != DEFAULTS or (root / common).exists():
                shutil.copy(root / common, folder)
        for scope_id, text in files.items():
            (folder / "scopes" / f"{scope_id}.yaml").write_text(text, encoding="utf-8")
        return load(folder).invalid
