"""``respaldo lint``, ``schema``, ``scopes``, ``password`` and ``sync``: the configuration and its secrets."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr, TypeAdapter
from rich.table import Table

from respaldo import connections
from respaldo.cli import workplace
from respaldo.cli.console import console, say, stop, told
from respaldo.cli.schemas import defaults, short
from respaldo.config.configuration import Configuration, folder, load, problems_of
from respaldo.config.external import ExternalScope
from respaldo.config.home import Home
from respaldo.config.manual import ManualScope
from respaldo.config.organization import Organization, is_address
from respaldo.config.pools import pool_of
from respaldo.config.repositories import Repositories
from respaldo.config.scopes import Scope
from respaldo.domain.errors import ConnectionIncompleteError, ConnectionMissingError
from respaldo.domain.problems import Problem
from respaldo.domain.quantities import format_duration
from respaldo.flows import mail, workers
from respaldo.flows.notices import chat
from respaldo.hosts.ssh import Host
from respaldo.restic.passwords import derive_password
from respaldo.texts import cli as texts
from respaldo.texts import configuration as problem_texts
from respaldo.texts import roles as role_texts

SCHEMAS: dict[str, TypeAdapter[Any]] = {
    "organization": TypeAdapter(Organization),
    "repositories": TypeAdapter(Repositories),
    "scope": TypeAdapter(Scope | ManualScope | ExternalScope),
}


def lint(
    offline: Annotated[bool, typer.Option("--offline", help=texts.LINT_OFFLINE)] = False,  # noqa: FBT002
) -> None:
    """Exit with 1 when there is any mistake."""
    problems = list(problems_of(folder()))
    if not problems and not offline:
        configuration = load(folder())
        problems += _missing_connections(configuration) + _places_to_tell(configuration.organization)
        problems += _stale_roles(configuration) + _of_no_worker(configuration) + _of_hosts(configuration)
        problems += _without_pool(configuration)
    for problem in problems:
        say(problem_texts.tell(problem))
    if problems:
        say(problem_texts.COUNT.format(count=len(problems)))
        raise typer.Exit(1)
    good = load(folder())
    say(problem_texts.ALL_GOOD.format(scopes=len(good.all_scopes), repositories=len(good.repositories)))


def schema(
    target: Annotated[Path | None, typer.Argument(help=texts.SCHEMA_FOLDER)] = None,
) -> None:
    """Write one JSON Schema for each kind of file."""
    written = target or folder() / "schema"
    written.mkdir(parents=True, exist_ok=True)
    schemas = {name: model.json_schema() for name, model in SCHEMAS.items()}
    schemas["scope"], schemas["defaults"] = short(schemas["scope"]), defaults(schemas["scope"])
    for name, said in schemas.items():
        text = json.dumps(said, ensure_ascii=False, indent=2)
        (written / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
    say(texts.SCHEMAS_WRITTEN.format(folder=written))


def scopes(context: typer.Context) -> None:
    """Show what is configured, broken scopes too, unless there is a command behind it."""
    if context.invoked_subcommand is not None:
        return
    configuration = workplace.configuration()
    table = Table(*texts.SCOPES_HEADINGS)
    for scope in configuration.all_scopes.values():
        settings = scope.settings
        table.add_row(
            scope.id,
            settings.name,
            f"{settings.source_kind}: {settings.saved}",
            settings.schedule or texts.BY_HAND,
            format_duration(settings.rpo),
            ", ".join(settings.repositories.values()),
            settings.responsible,
        )
    for scope_id, problems in configuration.invalid.items():
        table.add_row(scope_id, texts.SCOPES_INVALID.format(count=len(problems)))
    console().print(table)


def password(
    repository: Annotated[str, typer.Argument(help=texts.PASSWORD_REPOSITORY)],
    scope: Annotated[str, typer.Argument(help=texts.PASSWORD_SCOPE)],
    from_stdin: Annotated[bool, typer.Option("--stdin", help=texts.PASSWORD_STDIN)] = False,  # noqa: FBT002
) -> None:
    """Print a password, from the master secret that Airflow holds or that is typed in."""
    if from_stdin:
        master = SecretStr(sys.stdin.readline())
        if not master.get_secret_value().strip("\r\n"):
            stop(texts.PASSWORD_EMPTY)
    else:
        with told():
            settings = workplace.configuration().repositories
            if repository not in settings:
                stop(texts.NOT_A_REPOSITORY.format(name=repository, known=", ".join(settings)))
            master = connections.master_secret(settings[repository].connection)
    say(derive_password(master, repository, scope).get_secret_value())


def sync() -> None:
    """Create or change Airflow's pools, one for each repository and queue, and the ids of FAB's users."""
    from respaldo.flows.pools import put_pools
    from respaldo.flows.user_ids import put_user_ids

    for pool, slots in put_pools(workplace.configuration()).items():
        say(texts.SYNCED.format(pool=pool, slots=slots))
    if ids := put_user_ids():
        say(texts.SYNCED_USERS.format(count=len(ids)))


def _missing_connections(configuration: Configuration) -> list[Problem]:
    """Ask Airflow for every connection that the configuration names."""
    root = folder()
    named = [
        (str(root / "repositories.yaml"), f"{name}.connection", settings.connection)
        for name, settings in configuration.repositories.items()
    ] + [
        (str(root / "scopes" / f"{scope.id}.yaml"), key, connection)
        for scope in configuration.all_scopes.values()
        for key, connection in scope.settings.connections.items()
    ]
    return [
        Problem(file=file, line=1, key=key, code="connection_unknown", facts={"value": connection})
        for file, key, connection in named
        if not connections.exists(connection)
    ]


def _of_hosts(configuration: Configuration) -> list[Problem]:
    """Ask Airflow of each machine that a source is on for what its first run would end with."""
    return [
        Problem(file=str(folder() / "scopes" / f"{scope.id}.yaml"), line=1, key=key, code=code, facts=facts)
        for scope in configuration.scopes.values()
        if scope.settings.source.host is not None and connections.exists(scope.settings.source.host)
        for key, code, facts in _of_host(scope.settings.source.host, scope.settings)
    ]


def _of_host(name: str, settings: Scope) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Give key, code and facts of what is wrong with a machine, or cannot be done on it."""
    source, key = settings.source, "source.host"
    try:
        way: Host | None = connections.ssh_host(name)
        there = connections.host_settings(name)
    except ConnectionMissingError as error:
        # One on the way to it.
        yield key, "connection_unknown", {"value": error.facts["connection"]}
        return
    except ConnectionIncompleteError as error:
        yield key, "connection_incomplete", error.facts
        return
    while way is not None:
        if way.host_key is None:
            yield key, "host_key_unknown", {"value": way.name}
        way = way.jump
    if there.platform != "windows":
        return
    if not source.works_on_windows:
        yield key, "kind_not_on_windows", {"value": name, "kind": source.kind}
    for when, hooks in (("pre", settings.pre), ("post", settings.post)):
        for number, hook in enumerate(hooks):
            if hook.at is None:
                yield f"{when}.{number}", "hook_on_windows", {"value": name}


def _of_no_worker(configuration: Configuration) -> list[Problem]:
    """Ask Airflow whether there are several workers: what a scope's commands owe is written down in the home
    of the one that ran them, so such a scope must have its own, unless they all have one home."""
    if not workers.are_several() or Home.is_shared():
        return []
    return [
        Problem(
            file=str(folder() / "scopes" / f"{scope.id}.yaml"),
            line=1,
            key="queue",
            code="hooks_without_queue",
        )
        for scope in configuration.scopes.values()
        if scope.settings.post and scope.settings.queue is None
    ]


def _without_pool(configuration: Configuration) -> list[Problem]:
    """Ask Airflow for the pools of each scope's tasks: without theirs these never start."""
    from respaldo.flows.pools import known_pools

    known = known_pools()
    if known is None:
        return []
    return [
        Problem(
            file=str(folder() / "scopes" / f"{scope.id}.yaml"),
            line=1,
            key="queue",
            code="pool_unknown",
            facts={"value": pool},
        )
        for scope in configuration.all_scopes.values()
        for name in scope.settings.repositories.values()
        if (pool := pool_of(name, scope.settings.queue)) not in known
    ]


def _stale_roles(configuration: Configuration) -> list[Problem]:
    """Ask FAB, where it has the users, whether a synchronization of the roles was forgotten."""
    from respaldo.flows.roles.syncing import pending_changes

    if not any(change.what in role_texts.CHANGES for change in pending_changes(configuration)):
        return []
    return [Problem(file=str(folder() / "organization.yaml"), line=1, key="roles", code="roles_stale")]


def _places_to_tell(organization: Organization) -> list[Problem]:
    """Ask Airflow for the connections that the people of each role are told through."""
    found = []
    for role, settings in organization.roles.items():
        for number, place in enumerate(settings.notify):
            connection = mail.CONNECTION if is_address(place) else place
            kind = connections.type_of(connection)
            if kind is None:
                code, facts = "connection_unknown", {"value": connection}
            elif connection == place and kind != chat.CONNECTION_TYPE:
                code, facts = "connection_not_apprise", {"value": connection, "type": kind}
            else:
                continue
            file, key = str(folder() / "organization.yaml"), f"roles.{role}.notify.{number}"
            found.append(Problem(file=file, line=1, key=key, code=code, facts=facts))
    return found
