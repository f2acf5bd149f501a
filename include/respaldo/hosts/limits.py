"""How much of a machine our work may take."""

from __future__ import annotations

from respaldo.domain.values import Value


class Limits(Value):
    """How much of a machine our work may take."""

    nice: int | None = 10
    """As ``nice`` has it: the higher, the more it lets others go first."""
    idle_disk: bool = True
    """Read the disk only when nobody else does, where the scheduler of that disk knows such a thing."""

    def before(self) -> tuple[str, ...]:
        """Give the words that a command begins with on a POSIX machine."""
        nice = ("nice", "-n", str(self.nice)) if self.nice is not None else ()
        return (*nice, *(("ionice", "-c", "3") if self.idle_disk else ()))
