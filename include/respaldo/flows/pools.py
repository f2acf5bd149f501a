"""What Airflow's database has of pools (``respaldo.config.pools``)."""

from __future__ import annotations

from respaldo.config.configuration import Configuration
from respaldo.config.pools import pools_of


def put_pools(configuration: Configuration) -> dict[str, int]:
    """Create or change every pool that the configuration needs in Airflow's database, and give them."""
    from airflow.models.pool import Pool

    pools = pools_of(configuration)
    for name, slots in pools.items():
        Pool.create_or_update_pool(name=name, slots=slots, description="", include_deferred=False)
    return pools


def known_pools() -> set[str] | None:
    """Name those that there are; None: Airflow's database is not here, or not prepared."""
    from airflow.models.pool import Pool
    from sqlalchemy.exc import DatabaseError

    try:
        return {str(pool.pool) for pool in Pool.get_pools()}
    except DatabaseError:
        return None
