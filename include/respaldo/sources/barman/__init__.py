"""A PostgreSQL server as Barman keeps it: its base backups and its WAL, restored as of any moment between."""

from respaldo.sources.barman.source import BarmanSource

__all__ = ["BarmanSource"]
