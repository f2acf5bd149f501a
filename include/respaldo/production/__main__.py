"""``python -m respaldo.production ...``: what containers run once, and what scripts ask of them."""

from __future__ import annotations

import typer

from respaldo.cli.console import say, stop, told
from respaldo.cli.frame import Command, Group
from respaldo.domain.problems import Problem
from respaldo.production import initialize
from respaldo.production.clean_command import clean
from respaldo.production.recover_command import recover
from respaldo.production.recovering_errors import RecoveryUnfinishedError
from respaldo.production.secrets_command import secrets
from respaldo.texts import cleaning as cleaning_texts
from respaldo.texts import production as secret_texts
from respaldo.texts import recovering as recovering_texts
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
    """Exit with 1 where nothing was done, and nothing starts: broken configuration, unfinished recovery."""
    with told():
        try:
            problems = initialize.initialize(say)
        except RecoveryUnfinishedError as error:
            stop(recovering_texts.ERRORS[error.code].format(**error.facts))
    _stop_at(problems, texts.BROKEN)


@app.command(cls=Command, help=texts.CHECK)
def check() -> None:
    """Exit with 1 when the preparation would refuse; it changes nothing, and the former version goes on."""
    with told():
        problems, migrations = initialize.foresee()
    _stop_at(problems, texts.BROKEN_FOR_THIS)
    for name in migrations:
        say(texts.WILL_MIGRATE.format(name=name))


def _stop_at(problems: tuple[Problem, ...], why: str) -> None:
    for problem in problems:
        say(tell(problem))
    if problems:
        say(why)
        raise typer.Exit(1)


app.command(cls=Command, help=secret_texts.SECRETS)(secrets)
app.command(cls=Command, help=recovering_texts.RECOVER)(recover)
app.command(cls=Command, help=cleaning_texts.CLEAN)(clean)

if __name__ == "__main__":
    app()
