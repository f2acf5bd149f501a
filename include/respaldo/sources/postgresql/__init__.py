"""PostgreSQL over a connection: dumped, verified, found again and restored."""

from respaldo.sources.postgresql.source import PostgresqlSource

__all__ = ["PostgresqlSource"]
