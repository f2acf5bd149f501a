"""Every way in which a backup can go wrong, one class a cause.

    RespaldoError
    ├── SetupError           what is configured or installed does not let the work begin
    ├── SourceError          what should be saved cannot be read
    ├── RepositoryError      where copies live cannot be used
    ├── CheckError           the work was done, and what came out of it is not good
    ├── RunError             the run itself was disturbed
    ├── RequestError         a restore request cannot be, or was not, fulfilled
    └── ReportError          the report database cannot be used (never a reason to lose a backup)

A class decides three things. ``code`` is the cause that the report row keeps, and the key of its Spanish
words in ``respaldo.texts.causes``: name, explanation, usual corrective. ``transient`` says whether the cause
can pass by itself: only then does a task try again (``respaldo.flows.policy``). ``remedy`` is the corrective
that Respaldo applies itself, if there is one. The facts given to an error end up in logs and in the report,
so no secret is ever one of them.

What goes wrong with what people do has its causes in ``respaldo.domain.people_errors``, with machines over
SSH in ``respaldo.domain.host_errors``.
"""

from __future__ import annotations

from typing import ClassVar

from respaldo.domain.values import Remedy


class RespaldoError(Exception):
    """A cause of failure, with the facts that its text needs.

    :param facts: what the message names (a path, a repository, an exit code); never a secret.
    """

    code: ClassVar[str] = "unknown"
    transient: ClassVar[bool] = False
    remedy: ClassVar[Remedy | None] = None
    is_executed: ClassVar[bool] = True
    """Whether anything was done that can have failed. Otherwise the run counts as not executed."""

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


class SourcePartlyMissingError(SourceError):
    """Some of the paths of a scope are not there, others are."""

    code = "source_partly_missing"


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
    remedy = "unlock"


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
    remedy = "prune"


class RepositoryDamagedError(RepositoryError):
    """Data (a pack) is lost or is not what was written."""

    code = "repository_damaged"
    remedy = "repair"


class IndexDamagedError(RepositoryDamagedError):
    """The data may be whole: the list of what is where is not."""

    code = "index_damaged"


class ConfigDamagedError(RepositoryError):
    """The file ``config`` or a key file is not what was written: nothing opens until it is put back."""

    code = "config_damaged"


class CacheUnusableError(RepositoryError):
    code = "cache_unusable"
    remedy = "new_cache"


# --- CheckError ------------------------------------------------------------------------------------


class CheckError(RespaldoError):
    """The work was done, and what came out of it is not good."""


class SnapshotMissingError(CheckError):
    code = "snapshot_missing"
    remedy = "rerun"


class CountMismatchError(CheckError):
    code = "count_mismatch"


class ContentMismatchError(CheckError):
    code = "content_mismatch"


class DumpUnreadableError(CheckError):
    code = "dump_unreadable"


class CopyIncompleteError(CheckError):
    """More files than the scope admits could not be read, or vanished while they were to be read."""

    code = "copy_incomplete"


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
    """A step ended without a word: its process or its worker was killed, or someone marked it."""

    code = "interrupted"
    remedy = "rerun"


class CancelledRunError(RunError):
    """A step was asked to stop: someone marked it, or its worker is shutting down."""

    code = "cancelled"
    transient = True


class LostRunError(RunError):
    """A whole run ended without a word: nothing of it was left that could close its row."""

    code = "run_lost"
    remedy = "rerun"


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
