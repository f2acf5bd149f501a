"""What goes wrong with what people do: a copy made by hand, a contract, a console that is not ours, a medium.

Causes like those of ``respaldo.domain.errors``, under the same root.
"""

from __future__ import annotations

from respaldo.domain.errors import CheckError, RequestError, RunError, SetupError, SourceError
from respaldo.domain.host_errors import HostKeyError, HostUnreachableError


class InvalidAnswerError(RequestError):
    """A form was answered with something that cannot be so: it is asked for again."""

    code = "invalid_answer"
    transient = True


class NotPerformedError(RunError):
    """Nobody made the copy in the time that the scope gives (activity 11)."""

    code = "not_performed"
    is_executed = False


class NotVerifiedError(RunError):
    """Nobody verified in time the copy that was made by hand (activity 12)."""

    code = "not_verified"


class ManualCopyFailedError(SourceError):
    """Whoever had to make the copy says that it failed (activity 11)."""

    code = "manual_copy_failed"


class CopyRejectedError(CheckError):
    """Whoever verified the copy says that it is not good (activity 13)."""

    code = "copy_rejected"


class ChecksumMismatchError(CheckError):
    """What was copied by hand is not what its checksum says."""

    code = "checksum_mismatch"


class ContractLapsedError(SetupError):
    """The scope asks for a contract, and that one has lapsed (activity 4)."""

    code = "contract_lapsed"
    is_executed = False


class ConsoleUnreadableError(SourceError):
    """The console record of a tool that is not ours cannot be read, or holds no such copy (activity 6)."""

    code = "console_unreadable"


class ConsoleHostUnreachableError(HostUnreachableError, ConsoleUnreadableError):
    """The machine that has the record is off, too slow, or lost on the way."""


class ConsoleHostKeyError(HostKeyError, ConsoleUnreadableError):
    """The machine that has the record shows another key than is known of it, or none is known."""


class ConsoleStaleError(CheckError):
    """The newest copy that the console tells of is older than the scope's RPO allows."""

    code = "console_stale"


class ConsoleFailedError(CheckError):
    """The console says that the newest copy failed, or is smaller than it may be (activity 7)."""

    code = "console_failed"


class MediumRefusedError(RequestError):
    """What somebody wants to write down of a medium cannot be so (activity 16): nothing of it is written."""

    code = "medium_refused"
