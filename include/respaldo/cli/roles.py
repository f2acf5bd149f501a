"""``respaldo roles``: the procedure's roles in Airflow."""

from __future__ import annotations

from typing import Annotated

import typer

from respaldo.cli import workplace
from respaldo.cli.console import say
from respaldo.texts import cli as cli_texts
from respaldo.texts import roles as texts


def sync(
    create: Annotated[bool, typer.Option("--create", help=texts.CREATE)] = False,  # noqa: FBT002
) -> None:
    """Make FAB's roles as organization.yaml says, and note the ids of its users for the waiting tasks."""
    from respaldo.flows.roles.syncing import sync_roles
    from respaldo.flows.user_ids import put_user_ids

    changes = sync_roles(workplace.configuration(), create=create)
    if changes is None:
        say(texts.NOTHING_TO_DO)
        return
    for change in changes:
        text = (texts.CHANGES | texts.TO_SEE_TO)[change.what]
        say(text.format(role=change.role, person=change.person, detail=change.detail))
    if not any(change.what in texts.CHANGES for change in changes):
        say(texts.UNCHANGED)
    say(cli_texts.SYNCED_USERS.format(count=len(put_user_ids())))
