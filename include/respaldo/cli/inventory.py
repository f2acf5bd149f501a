"""``respaldo scopes import`` and ``scopes missing``: the inventory of assets (activity 1)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from respaldo.cli import workplace
from respaldo.cli.console import console, say, stop, warn
from respaldo.config.configuration import AnyScope, Configuration, folder
from respaldo.config.drafts import Draft, written
from respaldo.config.importing import problems_of, propose, write
from respaldo.config.inventory import ASSET, NEEDED, Asset, Inventory, compare, read
from respaldo.domain.problems import ConfigurationProblemsError, Problem
from respaldo.texts import inventory as texts
from respaldo.texts.configuration import tell

File = Annotated[Path, typer.Argument(help=texts.IMPORT_FILE)]


def import_assets(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=texts.IMPORT_DRY_RUN)] = False,  # noqa: FBT002
    to: Annotated[Path | None, typer.Option(help=texts.IMPORT_TO)] = None,
    repository: Annotated[str | None, typer.Option(help=texts.IMPORT_REPOSITORY)] = None,
    second_copy: Annotated[str | None, typer.Option(help=texts.IMPORT_SECOND_COPY)] = None,
    schedule: Annotated[str | None, typer.Option(help=texts.IMPORT_SCHEDULE)] = None,
    responsible: Annotated[str, typer.Option(help=texts.IMPORT_RESPONSIBLE)] = "soporte",
    rpo: Annotated[str, typer.Option(help=texts.IMPORT_RPO)] = "26h",
    rto: Annotated[str, typer.Option(help=texts.IMPORT_RTO)] = "8h",
    retention: Annotated[str, typer.Option(help=texts.IMPORT_RETENTION)] = texts.DEFAULT_RETENTION,
) -> None:
    """Write a file for each asset that has no scope, or say why none is written."""
    defaults = {
        "repository": repository,
        "second_copy": second_copy,
        "schedule": schedule,
        "responsible": responsible,
        "rpo": rpo,
        "rto": rto,
        "retention": retention,
        "instructions": texts.DEFAULT_INSTRUCTIONS,
    }
    inventory, target = _inventory(file, NEEDED), to or folder() / "scopes"
    configuration = workplace.configuration()
    _warn_of_broken(configuration)
    proposal = propose(
        inventory,
        configuration,
        {column: value for column, value in defaults.items() if value is not None},
        texts.VALUES,
    )
    files = {draft.id: _text(draft, inventory) for draft in proposal.drafts}
    _stop_for(problems_of(inventory, files, proposal, folder(), target))
    if proposal.covered:
        codes = ", ".join(asset.cells["asset"] for asset in proposal.covered)
        say(texts.COVERED.format(count=len(proposal.covered), assets=codes))
    if not files:
        say(texts.NOTHING_NEW)
        return
    if not dry_run:
        try:
            target.mkdir(parents=True, exist_ok=True)
            write(files, target)
        except OSError as error:
            stop(texts.NOT_WRITABLE.format(reason=error))
    for draft in proposal.drafts:
        told = texts.WOULD_WRITE if dry_run else texts.WRITTEN
        name, line = draft.data["name"], draft.asset.line
        say(told.format(path=target / f"{draft.id}.yaml", name=name, line=line))
    say((texts.COUNT_DRY if dry_run else texts.COUNT).format(count=len(files)))


def missing(file: File) -> None:
    """Show where the inventory and the scopes do not meet."""
    inventory, configuration = _inventory(file, ASSET), workplace.configuration()
    found = compare(inventory, configuration.all_scopes.values())
    _warn_of_broken(configuration)
    if found.without_scope:
        say(texts.WITHOUT_SCOPE)
        console().print(_assets(found.without_scope))
    for title, scopes in ((texts.UNKNOWN, found.unknown), (texts.WITHOUT_ASSET, found.without_asset)):
        if scopes:
            say(title)
            console().print(_scopes(scopes))
    if not found.without_scope:
        say(texts.ALL_COVERED)
        return
    say(texts.MISSING_COUNT.format(count=len(found.without_scope), all=len(inventory.assets)))
    raise typer.Exit(1)


def _inventory(file: Path, needed: tuple[str, ...]) -> Inventory:
    """Read it, or tell its mistakes and end with 1; tell how it was read where that may surprise."""
    try:
        inventory = read(file, texts.SYNONYMS, needed)
    except ConfigurationProblemsError as error:
        _stop_for(error.problems)
        raise
    if inventory.is_of_windows:
        warn(texts.WINDOWS.format(file=file, encoding=inventory.encoding))
    if inventory.unused:
        warn(texts.UNUSED.format(file=file, headings=", ".join(inventory.unused)))
    return inventory


def _warn_of_broken(configuration: Configuration) -> None:
    """Tell which scopes cannot be read: nobody knows which assets they are of."""
    if configuration.invalid:
        names = ", ".join(configuration.invalid)
        warn(texts.UNREADABLE.format(count=len(configuration.invalid), scopes=names))


def _stop_for(problems: Iterable[Problem]) -> None:
    """Tell the mistakes, if there are any, and end with 1."""
    told = [tell(problem) for problem in problems]
    if told:
        stop("\n".join((*told, texts.NOTHING_WRITTEN.format(count=len(told)))))


def _text(draft: Draft, inventory: Inventory) -> str:
    """Write a scope's file with its comments."""
    asset = draft.asset
    code = asset.cells.get("asset", "")
    head = [texts.SCHEMA_LINE, texts.HEAD.format(file=inventory.path.name, line=asset.line, asset=code)]
    if "schedule" not in draft.data:
        head.append(texts.NO_SCHEDULE)
    if "record" in draft.data.get("source", {}):
        head.append(texts.EXTERNAL_NOTE)
    return written(draft, "\n".join(head), texts.NOTES, texts.ASSUMED)


def _assets(assets: Iterable[Asset]) -> Table:
    table = Table(*texts.WITHOUT_SCOPE_HEADINGS)
    for asset in assets:
        # Text, because a string would be read as markup.
        cells = (asset.cells.get(column, "") for column in ("asset", "name", "department"))
        table.add_row(*map(Text, cells), str(asset.line))
    return table


def _scopes(scopes: Iterable[AnyScope]) -> Table:
    table = Table(*texts.SCOPES_HEADINGS)
    for scope in scopes:
        table.add_row(Text(scope.id), Text(scope.settings.name), Text(scope.settings.asset or ""))
    return table
