"""What goes wrong with databases that the tools or the engine of a server do not allow to be saved well."""

from __future__ import annotations

from respaldo.domain.errors import SetupError, SourceError


class ToolUnfitError(SetupError):
    """The worker's dump tool is older than the server, or made for another product."""

    code = "tool_unfit"


class SourceNotConsistentError(SourceError):
    """A dump would not be of one moment, and the scope does not take such a one."""

    code = "source_not_consistent"


class BarmanUnusableError(SetupError):
    """Barman does not work on this worker: its configuration is not good, or does not serve this user."""

    code = "barman_unusable"


class BarmanServerUnknownError(SetupError):
    """Barman's configuration has no server of that name."""

    code = "barman_server_unknown"


class BarmanCheckFailedError(SourceError):
    """``barman check`` finds something that is not well."""

    code = "barman_check_failed"


class BarmanBusyError(SourceError):
    """Another backup of the server is under way, and Barman makes one at a time."""

    code = "barman_busy"
    transient = True


class BaseBackupFailedError(SourceError):
    """Barman began a backup, and it did not end well."""

    code = "base_backup_failed"
    transient = True


class BaseBackupDamagedError(SourceError):
    """A backup of Barman's is not what it was when it was made."""

    code = "base_backup_damaged"


class WalArchiveStoppedError(SourceError):
    """WAL does not come, or came too long ago: later moments are lost while that lasts."""

    code = "wal_archive_stopped"
