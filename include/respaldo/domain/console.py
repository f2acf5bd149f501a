"""What the console of another product tells of its copies (activities 6 to 8)."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from respaldo.domain.values import Value, Verified

Part = Literal["job", "result", "start", "end", "size", "files", "message"]
"""What an entry of a console record can tell."""

Scalar = str | int | float | bool | None

ANY_OTHER = "*"
"""Among the words for a failure: whatever no other list names."""


def written(value: Scalar) -> str:
    """Give a value of a console as text: a whole number without a fraction, nothing as empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value if value is not None else "").strip()


def word(value: Scalar) -> str:
    """Give a console's word as it is compared: without regard to case and outer spaces."""
    return written(value).casefold()


class ConsoleEntry(Value):
    """One copy, as the console tells of it."""

    job: str | None
    result: str
    """The console's own word."""
    outcome: Literal["good", "warning", "failed", "running"]
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    size_bytes: int | None
    files: int | None
    message: str | None
    raw: str
    """The entry as it was read, cut where it is long."""

    @property
    def at(self) -> AwareDatetime | None:
        """When the copy was there, as far as the console tells."""
        return self.ended_at or self.started_at


class ConsoleRecord(Value):
    """What was read (activity 8): the newest copy that is over, and the one under way."""

    product: str
    where: str
    entries: int
    """Entries of this scope's job."""
    newest: ConsoleEntry
    running: ConsoleEntry | None = None


class ConsoleVerified(Verified):
    """The newest copy is good (activities 12 and 13)."""

    copy_started_at: AwareDatetime | None
    copy_ended_at: AwareDatetime
    warnings: tuple[str, ...] = ()
    """What the console says of a copy that is good with reservations."""
