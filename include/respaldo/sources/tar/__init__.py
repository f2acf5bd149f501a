"""Files of a machine on which nothing may run but `tar`: one archive, given back file by file."""

from respaldo.sources.tar.source import TarSource

__all__ = ["TarSource"]
