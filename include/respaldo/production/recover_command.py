"""``python -m respaldo.production recover``: for ``scripts/recover`` alone, which starts what it needs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from respaldo.cli.console import stop, told, warn
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.production import template
from respaldo.production.recovering import Recovery, room, superuser
from respaldo.production.recovering_errors import EnvelopeForeignError, RecoveryError
from respaldo.production.reviving import revive
from respaldo.production.saved import Stores, settings_in
from respaldo.restic.engine import find_engine
from respaldo.texts import recovering as texts
from respaldo.texts.configuration import tell

FOREIGN = 3
"""How it ends where the envelope is another installation's: the secrets made of it are of no use."""


def recover(
    project: Annotated[Path, typer.Argument(metavar=texts.FOLDER, help=texts.PROJECT)],
    look: Annotated[bool, typer.Option("--look", help=texts.LOOK)] = False,  # noqa: FBT002  (an option)
    principal: Annotated[str | None, typer.Option(metavar=texts.PLACE, help=texts.PRINCIPAL)] = None,
    secundario: Annotated[str | None, typer.Option(metavar=texts.PLACE, help=texts.SECUNDARIO)] = None,
) -> None:
    """Exit with 1 when it cannot be, with 3 when the envelope is another installation's."""
    given = {"principal": principal, "secundario": secundario}
    scratch: Path | None = None
    try:
        with told():
            try:
                scratch = room()
                settings = settings_in(
                    project / template.TEMPLATE, {name: place for name, place in given.items() if place}
                )
                stores = Stores(settings, find_engine(), scratch, warn)
                recovery = Recovery(project, stores, superuser(), warn)
                if look:
                    recovery.look()
                else:
                    recovery.restore(revive)
            except RecoveryError as error:
                warn(texts.ERRORS[error.code].format(**error.facts))
                raise typer.Exit(FOREIGN if isinstance(error, EnvelopeForeignError) else 1) from error
            except ValidationError:
                stop(texts.NO_PLACE)
            except ConfigurationProblemsError as error:
                stop("\n".join(map(tell, error.problems)))
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
