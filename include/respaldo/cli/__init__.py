"""``respaldo ...``: the configuration, the copies and the report, from a terminal."""

from __future__ import annotations

import typer

from respaldo.cli import configuration, copies, finding, inventory, labels, plan, report, restoring, roles
from respaldo.texts import cli as texts
from respaldo.texts import inventory as inventory_texts
from respaldo.texts import media as media_texts
from respaldo.texts import roles as role_texts

app = typer.Typer(help=texts.PROGRAM, no_args_is_help=True, add_completion=False)
app.command(help=texts.LINT)(configuration.lint)
app.command(help=texts.SCHEMA)(configuration.schema)
app.command(help=texts.PLAN)(plan.plan)
app.command(help=texts.PASSWORD)(configuration.password)
app.command(help=texts.COPIES)(copies.copies)
app.command(help=texts.FIND)(finding.find)
app.command(help=texts.RESTORE)(restoring.restore)
app.command(help=texts.FM007)(report.fm007)
app.command(help=media_texts.CLI)(labels.labels)
app.command(help=texts.VERIFY_LOG)(report.verify_log)
app.command(help=texts.SYNC)(configuration.sync)

db = typer.Typer(help=texts.DB, no_args_is_help=True)
db.command(help=texts.MIGRATE)(report.migrate)
db.command(help=texts.FLUSH)(report.flush)
app.add_typer(db, name="db")

roles_app = typer.Typer(help=role_texts.ROLES, no_args_is_help=True)
roles_app.command(help=role_texts.SYNC)(roles.sync)
app.add_typer(roles_app, name="roles")

scopes = typer.Typer(help=texts.SCOPES, invoke_without_command=True)
scopes.callback()(configuration.scopes)
scopes.command("import", help=inventory_texts.IMPORT)(inventory.import_assets)
scopes.command("missing", help=inventory_texts.MISSING)(inventory.missing)
app.add_typer(scopes, name="scopes")
