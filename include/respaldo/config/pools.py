"""Airflow's pools: how many tasks use a repository at once.

Each queue has its own. A task that waits in a queue has its slot already: while a site is cut off, what waits
for it would otherwise keep everybody else from the repositories that it shares with them.
"""

from __future__ import annotations

from respaldo.config.configuration import Configuration


def pool_of(repository: str, queue: str | None) -> str:
    """Name the pool of the tasks of a queue, of Airflow's own one if none is said, that use a repository."""
    # No repository has a dot in its name.
    return f"repositorio_{repository}" + (f".{queue}" if queue else "")


def pools_of(configuration: Configuration) -> dict[str, int]:
    """Give all of them with their slots: each repository's, and each that a scope with a queue uses.

    A task whose pool does not exist is never started.
    """
    settings = configuration.repositories
    queues = {(name, None) for name in settings} | {
        (name, scope.settings.queue)
        for scope in configuration.all_scopes.values()
        for name in scope.settings.repositories.values()
    }
    return {pool_of(name, queue): settings[name].slots for name, queue in sorted(queues, key=str)}
