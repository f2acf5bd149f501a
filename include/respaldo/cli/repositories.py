"""``respaldo repositories``: whether copies can be kept where the configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from respaldo.actions.examine import Examined, examine
from respaldo.cli import workplace
from respaldo.cli.console import console, say, stop, told
from respaldo.config.configuration import Configuration
from respaldo.domain.errors import RepositoryUnreachableError
from respaldo.domain.repository_errors import RepositoryUntrustedError
from respaldo.report.export import size
from respaldo.restic.engine import find_engine
from respaldo.restic.locations import kind_of
from respaldo.texts import cli as cli_texts
from respaldo.texts import repositories as texts
from respaldo.texts.telling import in_words

_OF_THE_SERVER = (RepositoryUnreachableError, RepositoryUntrustedError)


def check(
    name: Annotated[str | None, typer.Argument(help=texts.NAME)] = None,
) -> None:
    """Examine each scope's repository, and exit with 1 when anything is not as it should be."""
    configuration = workplace.configuration()
    if name is not None and name not in configuration.repositories:
        known = ", ".join(configuration.repositories)
        stop(cli_texts.NOT_A_REPOSITORY.format(name=name, known=known))
    with told():
        say(texts.ENGINE.format(version=find_engine().version))
        examined = [
            one
            for repository in ([name] if name else configuration.repositories)
            for one in _show(configuration, repository)
        ]
    if not all(one.is_good for one in examined):
        raise typer.Exit(1)
    say(texts.ALL_GOOD.format(count=len(examined)))


def _show(configuration: Configuration, name: str) -> list[Examined]:
    scopes = [
        scope.id for scope in configuration.kept.values() if name in scope.settings.repositories.values()
    ]
    if not scopes:
        say(texts.NOBODY.format(repository=name))
        return []
    found = list(_examined(name, scopes))
    settings = configuration.repositories[name]
    title = texts.TITLE.format(name=name, location=settings.location)
    table = Table(*texts.HEADINGS, title=title, caption=texts.APPEND_ONLY if settings.append_only else None)
    for one in found:
        table.add_row(*_cells(one))
    console().print(table)
    for text in _problems(name, found, append_only=settings.append_only):
        say(text)
    if len(found) < len(scopes):
        say(texts.REST_SKIPPED.format(repository=name))
    return found


def _examined(name: str, scopes: list[str]) -> Iterator[Examined]:
    """Examine one scope's repository after the other; a server that does not answer is asked once."""
    for scope_id in scopes:
        found = examine(workplace.job("repositories_check", scope_id, name).repository(name))
        yield found
        if isinstance(found.problem, _OF_THE_SERVER):
            return


def _cells(one: Examined) -> tuple[str, ...]:
    seconds = one.opened_seconds
    return (
        one.repository.scope_id,
        texts.NEW if one.exists is False else texts.YES_NO[one.exists],
        str(one.format or texts.UNKNOWN),
        texts.UNKNOWN if seconds is None else texts.SECONDS.format(seconds=seconds),
        texts.YES_NO[one.is_writable],
        texts.YES_NO[one.is_removable],
        texts.UNKNOWN if one.free_bytes is None else size(one.free_bytes),
    )


def _problems(name: str, found: list[Examined], *, append_only: bool) -> Iterator[str]:
    for one in found:
        facts = {"repository": name, "scope": one.repository.scope_id}
        if one.problem is not None:
            yield texts.PROBLEM.format(**facts, told=in_words(one.problem))
        if one.breaks_promise:
            is_store = kind_of(one.repository.place.location) == "s3"
            yield (texts.PROMISE_BROKEN_STORE if is_store else texts.PROMISE_BROKEN).format(**facts)
    if not append_only and any(one.is_removable is False for one in found):
        yield texts.PROMISE_MISSING.format(repository=name)
