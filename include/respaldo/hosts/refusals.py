"""Which cause it is that keeps us from working on a machine."""

from __future__ import annotations

from respaldo.domain.host_errors import (
    HostError,
    HostFailedError,
    HostKeyError,
    HostLoginError,
    HostUnreachableError,
    JumpForbiddenError,
)
from respaldo.hosts.ssh import Host, SshError

_CAUSES: dict[str, type[HostError]] = {
    "host_key": HostKeyError,
    "known_hosts": HostKeyError,
    "login_refused": HostLoginError,
    "private_key": HostLoginError,
    "jump_forbidden": JumpForbiddenError,
}


def as_cause(host: Host, failure: SshError) -> HostError:
    """Say as a cause why something on a machine failed."""
    facts = {"host": failure.host or host.name, "reason": failure.reason, "said": failure.said}
    if failure.is_passing:
        return HostUnreachableError(**facts)
    return _CAUSES.get(failure.reason, HostFailedError)(**facts)
