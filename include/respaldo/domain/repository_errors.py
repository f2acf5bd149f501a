"""What goes wrong with repositories on servers, beside what `respaldo.domain.errors` has for all of them."""

from __future__ import annotations

from respaldo.domain.errors import RepositoryError


class RepositoryUntrustedError(RepositoryError):
    """Who answers is not proven to be the server: its certificate or its host key is not the one agreed."""

    code = "repository_untrusted"


class RepositoryClockError(RepositoryError):
    """By the server's clock what is asked comes from another time, so it trusts no signature of ours."""

    code = "repository_clock"
