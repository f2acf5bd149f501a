"""Why the form of a period cannot be archived (activity 26).

They are no causes of a failed backup, and have no row of the form: their words are in
``respaldo.texts.archive``.
"""

from __future__ import annotations

from respaldo.domain.errors import RespaldoError


class ArchiveError(RespaldoError):
    """The form of a period cannot be archived."""

    code = "archive"


class InvalidPeriodError(ArchiveError):
    """``problem``: ``reversed``, ``future``, ``endless``, or ``half`` where only one of its days is given."""

    code = "invalid_period"


class AlreadyArchivedError(ArchiveError):
    """The period is in the archive, and nobody says why another version is needed."""

    code = "already_archived"


class ArchiveNotAllowedError(ArchiveError):
    """Who asks for it has no role that archives the form."""

    code = "archive_not_allowed"


class ArchiveBusyError(ArchiveError):
    """Another run archives at this moment."""

    code = "archive_busy"
    transient = True


class ArchiveFullError(ArchiveError):
    code = "archive_full"


class ArchiveFolderError(ArchiveError):
    """The archive's folder cannot be made, or not be written to."""

    code = "archive_folder"


class ArchiveDamagedError(ArchiveError):
    """A document of the archive is not there, or is not what its checksum says."""

    code = "archive_damaged"
