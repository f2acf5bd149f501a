"""What goes wrong with databases that the tools or the engine of a server do not allow to be saved well."""

from __future__ import annotations

from respaldo.domain.errors import SetupError, SourceError


class ToolUnfitError(SetupError):
    """The worker's dump tool is older than the server, or made for another product."""

    code = "tool_unfit"


class SourceNotConsistentError(SourceError):
    """A dump would not be of one moment, and the scope does not take such a one."""

    code = "source_not_consistent"
