"""Airflow's pools: how many tasks may use a repository at once."""

from __future__ import annotations

from collections.abc import Mapping

from respaldo.config.repositories import RepositorySettings, pool_of


def put_pools(repositories: Mapping[str, RepositorySettings]) -> dict[str, int]:
    """Create or change the pool of each repository in Airflow's database, and give them.

    A task whose pool does not exist is never started.
    """
    from airflow.models.pool import Pool

    pools = {pool_of(name): settings.slots for name, settings in repositories.items()}
    for name, slots in pools.items():
        Pool.create_or_update_pool(name=name, slots=slots, description="", include_deferred=False)
    return pools
