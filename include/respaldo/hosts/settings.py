"""What a machine's connection says of how it is worked on: under ``respaldo`` in its extra."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from respaldo.domain.quantities import Size
from respaldo.domain.values import Value
from respaldo.hosts.dialects import Dialect
from respaldo.hosts.limits import Limits
from respaldo.hosts.posix import Posix
from respaldo.hosts.windows import Windows

LEAST_UPLOAD_BYTES = 1024
"""restic counts what it may send in whole KiB a second."""

_ON_WINDOWS = {"idle_disk": False, "folder": "C:/Windows/Temp", "forwarding": "tcp"}
"""What is usual there. OpenSSH for Windows leads no UNIX sockets."""


class HostSettings(Value):
    """How a machine is worked on. Everything has a value that does for most."""

    nice: Annotated[int, Field(ge=0, le=19)] | None = 10
    """As ``nice`` has it: the higher, the more it lets others go first; None: as any program. Windows has but
    one step below the usual priority."""
    idle_disk: bool = True
    """Read the disk only when nobody else does."""
    upload: Annotated[Size, Field(ge=LEAST_UPLOAD_BYTES)] | None = None
    """Bytes that restic may send in a second, such as ``20M``; None: as many as it can."""
    keep_restic: bool = False
    """Leave the restic that was brought there for the next time; without it, one that was left goes."""
    folder: Annotated[str, StringConstraints(pattern=r"^(/|[A-Za-z]:[\\/])")] = "/tmp"  # noqa: S108
    """Where the private folder is made, which goes with the connection."""
    forwarding: Literal["socket", "tcp"] = "socket"
    """How the repository is carried there: by a UNIX socket, or by a port of its own machine."""
    platform: Literal["posix", "windows"] = "posix"

    @model_validator(mode="before")
    @classmethod
    def _usual_there(cls, given: Any) -> Any:  # noqa: ANN401
        is_windows = isinstance(given, dict) and given.get("platform") == "windows"
        return _ON_WINDOWS | given if is_windows else given

    @model_validator(mode="after")
    def _possible_there(self) -> Self:
        if self.platform == "windows" and (self.idle_disk or self.keep_restic or self.forwarding != "tcp"):
            raise ValueError("on Windows there is no idle_disk, no keep_restic, and no forwarding but tcp")
        return self

    @property
    def limits(self) -> Limits:
        """How much of the machine our work may take."""
        return Limits(nice=self.nice, idle_disk=self.idle_disk)

    @property
    def upload_kib_per_second(self) -> int | None:
        return None if self.upload is None else self.upload // 1024

    @property
    def dialect(self) -> Dialect:
        """How the machine is spoken to."""
        return Windows() if self.platform == "windows" else Posix()
