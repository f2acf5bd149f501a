"""``python -m respaldo.production ...``: what containers run once, and what scripts ask of them."""

from __future__ import annotations

import typer

from respaldo.cli.console import say, told
from respaldo.cli.frame import Command, Group
from respaldo.production import initialize
from respaldo.production.secrets_command import secrets
from respaldo.texts import production as secret_texts
from respaldo.texts import stack as texts
from respaldo.texts.configuration import tell

app = typer.Typer(
    cls=Group, help=texts.COMMAND, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def production() -> None:
    """Keep the commands' names, however many there are."""


@app.command(cls=Command, help=texts.INIT)
def init() -> None:
    """Exit with 1 when the configuration is broken: nothing was done then, and nothing starts."""
    with told():
        problems = initialize.initialize(say)
    for problem in problems:
        say(tell(problem))
    if problems:
        say(texts.BROKEN)
        raise typer.Exit(1)


app.command(cls=Command, help=secret_texts.SECRETS)(secrets)

if __name__ == "__main__":
    app()
