"""Tell a wrong secret from a repository that is another scope's: restic says the same of both."""

from __future__ import annotations

from respaldo.actions.job import Job
from respaldo.config.configuration import folder, scope_files
from respaldo.domain.errors import ForeignRepositoryError, RepositoryError, WrongPasswordError

_MOST_SCOPES = 50
"""Each password tried costs half a second of computing."""


def explained(error: WrongPasswordError, job: Job, repository: str) -> RepositoryError:
    """Try the other scopes' passwords: the one that opens the repository names its owner."""
    others = [path.stem for path in scope_files(folder()) if path.stem != job.scope.id]
    for owner in others[:_MOST_SCOPES]:
        try:
            job.repository(repository, password_of=owner).open()
        except RepositoryError:
            continue
        return ForeignRepositoryError(**error.facts, owner=owner)
    return error
