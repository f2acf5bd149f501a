"""Every way in which a backup can go wrong, one class a cause.

    RespaldoError
    ├── SetupError           what is configured or installed does not let the work begin
    ├── SourceError          what should be saved cannot be read
    ├── RepositoryError      where copies live cannot be used
    ├── CheckError           the work was done, and what came out of it is not good
    ├── RunError             the run itself was disturbed
    ├── RequestError         a restore request cannot be, or was not, fulfilled
    └── ReportError          the report database cannot be used (never a reason to lose a backup)

A class decides two things. ``code`` is the cause that the report row keeps, and the key of its Spanish
text in ``respaldo.texts.causes``. ``transient`` says whether the cause can pass by itself: only then does
a task try again (``respaldo.flows.policy``). The facts given to an error end up in logs and in the report,
so no secret is ever one of them.
"""

from __future__ import annotations

from typing import ClassVar


class RespaldoError(Exception):
    """A cause of failure, with the facts that its text needs.

    :param facts: what the message names (a path, a repository, an exit code); never a secret.
    """

    code: ClassVar[str] = "unknown"
    transient: ClassVar[bool] = False

    def __init__(self, **facts: object) -> None:
        self.facts: dict[str, str] = {name: str(value) for name, value in facts.items()}
        super().__init__(facts)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}: {told}" if told else self.code


# --- SetupError ------------------------------------------------------------------------------------


class SetupError(RespaldoError):
    """What is configured or installed does not let the work begin."""


class InvalidConfigurationError(SetupError):
    code = "invalid_configuration"


class ConnectionMissingError(SetupError):
    code = "connection_missing"


class ConnectionIncompleteError(SetupError):
    code = "connection_incomplete"


class EngineMissingError(SetupError):
    code = "engine_missing"


class EngineTooOldError(SetupError):
    code = "engine_too_old"


class ToolMissingError(SetupError):
    code = "tool_missing"


# --- SourceError -----------------------------------------------------------------------------------


class SourceError(RespaldoError):
    """What should be saved cannot be read."""


class SourceMissingError(SourceError):
    code = "source_missing"


class SourceUnreadableError(SourceError):
    code = "source_unreadable"


class SourceEmptyError(SourceError):
    code = "source_empty"


class SourceCommandError(SourceError):
    """The command whose output is the copy failed, or was cut short."""

    code = "source_command_failed"


class SourceCommandEmptyError(SourceError):
    code = "source_command_empty"


class DatabaseMissingError(SourceError):
    code = "database_missing"


class DatabaseDeniedError(SourceError):
    code = "database_denied"


class DatabaseUnreachableError(SourceError):
    code = "database_unreachable"
    transient = True


# --- RepositoryError -------------------------------------------------------------------------------


class RepositoryError(RespaldoError):
    """Where copies live cannot be used."""


class RepositoryMissingError(RepositoryError):
    code = "repository_missing"


class RepositoryLockedError(RepositoryError):
    code = "repository_locked"
    transient = True


class WrongPasswordError(RepositoryError):
    code = "wrong_password"


class ForeignRepositoryError(RepositoryError):
    """The repository opens with another scope's password: it is not this scope's."""

    code = "foreign_repository"


class KeyFilesMissingError(RepositoryError):
    """restic calls this a wrong password too (exit 12): the folder ``keys`` is empty."""

    code = "key_files_missing"


class RepositoryUnreachableError(RepositoryError):
    code = "repository_unreachable"
    transient = True


class RepositoryDeniedError(RepositoryError):
    code = "repository_denied"


class RepositoryReadOnlyError(RepositoryError):
    code = "repository_read_only"


class RepositoryFullError(RepositoryError):
    code = "repository_full"


class RepositoryDamagedError(RepositoryError):
    code = "repository_damaged"


class CacheUnusableError(RepositoryError):
    code = "cache_unusable"


# --- CheckError ------------------------------------------------------------------------------------


class CheckError(RespaldoError):
    """The work was done, and what came out of it is not good."""


class SnapshotMissingError(CheckError):
    code = "snapshot_missing"


class CountMismatchError(CheckError):
    code = "count_mismatch"


class ContentMismatchError(CheckError):
    code = "content_mismatch"


class DumpUnreadableError(CheckError):
    code = "dump_unreadable"


class CopyShrunkError(CheckError):
    code = "copy_shrunk"


class SecondCopyMissingError(CheckError):
    code = "second_copy_missing"


# --- RunError --------------------------------------------------------------------------------------


class RunError(RespaldoError):
    """The run itself was disturbed."""


class AlreadyRunningError(RunError):
    code = "already_running"
    transient = True


class EngineKilledError(RunError):
    code = "engine_killed"
    transient = True


class TimedOutError(RunError):
    code = "timed_out"


class InterruptedRunError(RunError):
    """A task ended without a word: its process or its worker was killed, or someone marked it."""

    code = "interrupted"


class TemporarySpaceError(RunError):
    """The worker's own disk has no room for what verification restores."""

    code = "temporary_space"


class UnknownEngineError(RunError):
    """restic failed in a way that no rule knows: an unknown exit code is a failure."""

    code = "unknown"


# --- RequestError ----------------------------------------------------------------------------------


class RequestError(RespaldoError):
    """A restore request cannot be, or was not, fulfilled (activities 17 to 25)."""


class InvalidRequestError(RequestError):
    code = "invalid_request"


class NoCopyError(RequestError):
    """The report knows no verified copy of that moment, or none in that repository."""

    code = "no_copy"


class NotInCopyError(RequestError):
    """The copy is there and does not hold what is asked for; ``nearest`` offers names that it does hold."""

    code = "not_in_copy"


class TargetFullError(RequestError):
    code = "target_full"


class TargetDeniedError(RequestError):
    code = "target_denied"


class TargetOccupiedError(RequestError):
    """The destination holds data, and nobody asked for it to be replaced."""

    code = "target_occupied"


class TargetRefusedError(RequestError):
    """The database took part of the copy and refused the rest: what it says is in ``said``."""

    code = "target_refused"


class RestoreMismatchError(RequestError):
    """What was restored is not what the copy holds, or was when the copy was made."""

    code = "restore_mismatch"


class NotAuthorizedError(RequestError):
    """Live data would be overwritten, and nobody has authorized it or its safety backup is not there."""

    code = "not_authorized"


class ScopePausedError(RequestError):
    """The scope's DAG is switched off: a run of it would wait for ever."""

    code = "scope_paused"


class BackupFailedError(RequestError):
    """A backup that the request waited for did not end well."""

    code = "backup_failed"


class NobodyToAskError(RequestError):
    code = "nobody_to_ask"


class IncompleteAnswerError(RequestError):
    """A decision that needs a note came without one: it is asked for again."""

    code = "incomplete_answer"
    transient = True


class UnansweredError(RequestError):
    code = "unanswered"


# --- ReportError -----------------------------------------------------------------------------------


class ReportError(RespaldoError):
    """The report database cannot be used. A backup still runs: its facts wait in the spool."""


class ReportUnavailableError(ReportError):
    code = "report_unavailable"
    transient = True


class ReportSchemaError(ReportError):
    code = "report_schema"


class ReportTamperedError(ReportError):
    code = "report_tampered"
