"""What goes wrong with some sources only, beside what `respaldo.domain.errors` has for all of them."""

from __future__ import annotations

from respaldo.domain.errors import RequestError, SourceError


class PreCommandFailedError(SourceError):
    """A command that prepares the source failed: it is not in the state in which it should be saved."""

    code = "pre_command_failed"


class PathListInvalidError(SourceError):
    """A file that lists what is saved, or left out, has a line that is neither."""

    code = "path_list_invalid"


class OutputRejectedError(SourceError):
    """A command ended well, and its output is not what its scope says it must be: nothing of it was kept."""

    code = "output_rejected"


class DatabaseFileDamagedError(SourceError):
    """A file is no SQLite database, or one that is not whole in itself."""

    code = "database_file_damaged"


class DatabaseFileBusyError(SourceError):
    """A program holds a SQLite database locked, longer than a backup waits."""

    code = "database_file_busy"
    transient = True


class TargetBusyError(RequestError):
    """A program has the database open that is to be replaced: it would go on writing to one that is gone."""

    code = "target_busy"
    transient = True
