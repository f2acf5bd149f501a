"""What can keep an installation from coming back; the texts are in ``respaldo.texts.recovering``."""

from __future__ import annotations

from respaldo.domain.errors import SetupError


class RecoveryError(SetupError):
    """The installation cannot be brought back; what there was before is as it was."""


class EnvelopeForeignError(RecoveryError):
    """The envelope's secrets open none of the repositories that answer."""

    code = "envelope_foreign"


class NoCopyHereError(RecoveryError):
    """No repository has a copy of what is to come back."""

    code = "no_copy_here"


class NoGoodCopyError(RecoveryError):
    """There are copies, and none of them is whole."""

    code = "no_good_copy"


class DatabaseUsedError(RecoveryError):
    """A database holds something that no recovery put there."""

    code = "database_used"


class DatabaseForeignError(RecoveryError):
    """PostgreSQL's data are another installation's: it does not know these secrets."""

    code = "database_foreign"


class DatabaseSilentError(RecoveryError):
    """PostgreSQL does not answer."""

    code = "database_silent"


class RecoveryUnfinishedError(RecoveryError):
    """A recovery was cut short: its databases are not to be used before it has come to its end."""

    code = "recovery_unfinished"


class NotBegunError(RecoveryError):
    """Nobody began a recovery here: what is in the folder is a living installation's, or nobody's."""

    code = "recovery_not_begun"


class ConfigurationUnplacedError(RecoveryError):
    """The configuration could not be put into its place."""

    code = "configuration_unplaced"
