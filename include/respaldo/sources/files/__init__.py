"""Files and folders on the worker: saved, verified, found again and restored."""

from respaldo.sources.files.source import FilesSource

__all__ = ["FilesSource"]
