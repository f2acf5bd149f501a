"""What a command prints: an appliance's configuration, a directory's contents, any dump; checked and kept."""

from respaldo.sources.command.source import CommandSource

__all__ = ["CommandSource"]
