"""``respaldo ...``: the configuration, the copies and the report, from a terminal."""

from __future__ import annotations

import typer

from respaldo.cli import (
    configuration,
    copies,
    finding,
    hosts,
    inventory,
    labels,
    plan,
    report,
    repositories,
    restoring,
    roles,
)
from respaldo.cli.frame import Command, Group
from respaldo.texts import cli as texts
from respaldo.texts import hosts as host_texts
from respaldo.texts import inventory as inventory_texts
from respaldo.texts import media as media_texts
from respaldo.texts import repositories as repository_texts
from respaldo.texts import roles as role_texts

app = typer.Typer(cls=Group, help=texts.PROGRAM, no_args_is_help=True, add_completion=False)
app.command(cls=Command, help=texts.LINT)(configuration.lint)
app.command(cls=Command, help=texts.SCHEMA)(configuration.schema)
app.command(cls=Command, help=texts.PLAN)(plan.plan)
app.command(cls=Command, help=texts.PASSWORD)(configuration.password)
app.command(cls=Command, help=texts.COPIES)(copies.copies)
app.command(cls=Command, help=texts.FIND)(finding.find)
app.command(cls=Command, help=texts.RESTORE)(restoring.restore)
app.command(cls=Command, help=texts.FM007)(report.fm007)
app.command(cls=Command, help=media_texts.CLI)(labels.labels)
app.command(cls=Command, help=texts.VERIFY_LOG)(report.verify_log)
app.command(cls=Command, help=texts.SYNC)(configuration.sync)

db = typer.Typer(cls=Group, help=texts.DB, no_args_is_help=True)
db.command(cls=Command, help=texts.MIGRATE)(report.migrate)
db.command(cls=Command, help=texts.FLUSH)(report.flush)
app.add_typer(db, name="db")

roles_app = typer.Typer(cls=Group, help=role_texts.ROLES, no_args_is_help=True)
roles_app.command(cls=Command, help=role_texts.SYNC)(roles.sync)
app.add_typer(roles_app, name="roles")

repositories_app = typer.Typer(cls=Group, help=repository_texts.GROUP, no_args_is_help=True)
repositories_app.command(cls=Command, help=repository_texts.CHECK)(repositories.check)
app.add_typer(repositories_app, name="repositories")

hosts_app = typer.Typer(cls=Group, help=host_texts.HOSTS, no_args_is_help=True)
hosts_app.command(cls=Command, help=host_texts.CHECK)(hosts.check)
hosts_app.command(cls=Command, help=host_texts.TRUST)(hosts.trust)
app.add_typer(hosts_app, name="hosts")

scopes = typer.Typer(cls=Group, help=texts.SCOPES, invoke_without_command=True)
scopes.callback()(configuration.scopes)
scopes.command("import", cls=Command, help=inventory_texts.IMPORT)(inventory.import_assets)
scopes.command("missing", cls=Command, help=inventory_texts.MISSING)(inventory.missing)
app.add_typer(scopes, name="scopes")
