"""What can keep an installation's secrets from being made; the texts are in ``respaldo.texts.production``."""

from __future__ import annotations

from typing import NamedTuple

from respaldo.domain.errors import SetupError


class ProductionError(SetupError):
    """Something that a container does once, at the beginning, cannot be done."""


class SecretsThereError(ProductionError):
    """There are secrets already: another set would open nothing of what these have closed."""

    code = "secrets_there"


class FolderUsedError(ProductionError):
    """The folder of the secrets holds something else."""

    code = "secrets_folder_used"


class SecretsUnwrittenError(ProductionError):
    """The secrets could not be written; none of them is there."""

    code = "secrets_unwritten"


class SecretsMissingError(ProductionError):
    """A secret that the sheet shows is not there, or cannot be read."""

    code = "secrets_missing"


class SecretsAbsentError(ProductionError):
    """There are no secrets of which one could be made anew."""

    code = "secrets_absent"


class SecretForeignError(ProductionError):
    """No secret of this name is made here."""

    code = "secret_foreign"


class SecretKeptError(ProductionError):
    """It is not changed by a new file; ``respaldo.texts.production.KEPT`` says how it is."""

    code = "secret_kept"


class SecretDerivedError(ProductionError):
    """It is made of another, and changes with that one."""

    code = "secret_derived"


class SecretUnrenewedError(ProductionError):
    """A new secret could not be written."""

    code = "secret_unrenewed"


class TemplateMissingError(ProductionError):
    """There is no configuration, and nothing that it could be copied from."""

    code = "configuration_template_missing"


class ConfigurationUnwrittenError(ProductionError):
    code = "configuration_unwritten"


class SheetThereError(ProductionError):
    """The sheet would be written over another file."""

    code = "sheet_there"


class SheetUnwrittenError(ProductionError):
    """The secrets are there, and their sheet could not be written."""

    code = "sheet_unwritten"


class EnvelopeUnreadableError(ProductionError):
    """What should hold the envelope's lines cannot be read, or is no text."""

    code = "envelope_unreadable"


class LineProblem(NamedTuple):
    """What is wrong with a line of the envelope. It never holds what the line says."""

    code: str
    """A key of ``respaldo.texts.production.LINE_PROBLEMS``."""

    name: str = ""
    number: int = 0


class EnvelopeError(ProductionError):
    """Lines of the envelope are mistyped, missing, or there twice."""

    code = "envelope_lines"

    def __init__(self, problems: tuple[LineProblem, ...]) -> None:
        super().__init__()
        self.problems = problems
