"""MariaDB over a connection: dumped, verified, found again and restored."""

from respaldo.sources.mariadb.source import MariadbSource

__all__ = ["MariadbSource"]
