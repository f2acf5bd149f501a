"""SQLite databases on the worker: copied while they are in use, checked, found again and restored."""

from respaldo.sources.sqlite.source import SqliteSource

__all__ = ["SqliteSource"]
