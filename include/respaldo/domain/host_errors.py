"""What goes wrong with the machine that holds what should be saved, when it is reached over SSH.

Causes like those of ``respaldo.domain.errors``, under the same root.
"""

from __future__ import annotations

from respaldo.domain.errors import SourceError


class HostError(SourceError):
    """A machine over SSH does not let the work be done."""


class HostUnreachableError(HostError):
    """The machine is off, too slow, or lost on the way."""

    code = "host_unreachable"
    transient = True


class HostKeyError(HostError):
    """The machine shows another key than is known of it, or none is known."""

    code = "host_key"


class HostLoginError(HostError):
    """The machine does not let us in: its user, password or private key are not good."""

    code = "host_login"


class ForwardingForbiddenError(HostError):
    """The machine's SSH server does not let the repository be carried to it."""

    code = "forwarding_forbidden"


class ServerForwardingForbiddenError(HostError):
    """The machine's SSH server does not let us go on to a server from it."""

    code = "server_forwarding_forbidden"


class JumpForbiddenError(HostError):
    """The machine on the way to another does not let us go on from it."""

    code = "jump_forbidden"


class HostFullError(HostError):
    """The machine has no room for what the work needs there for a while."""

    code = "host_full"


class HostEngineError(HostError):
    """The machine has no restic that will do, and none could be brought to it."""

    code = "host_engine"


class HostForgeryError(HostError):
    """The machine gives out for the new copy what is none: an older one, or one that is not there."""

    code = "host_forgery"


class HostToolsError(HostError):
    """The machine lacks a program that each machine has, or does not admit the limits that are set for it."""

    code = "host_tools"


class HostPlatformError(HostError):
    """The machine is of Windows, where this kind of source cannot be worked on."""

    code = "host_platform"


class HostClockError(HostError):
    """The machine's clock is not right: the times of its copies could not be believed."""

    code = "host_clock"


class HostFailedError(HostError):
    """The machine did not do what every machine does: its SSH server or its shell refuse it."""

    code = "host_failed"
