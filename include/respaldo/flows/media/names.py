"""What the DAG of media is called, and who runs it."""

from __future__ import annotations

from respaldo.config.organization import Organization

MEDIA = "media"


def keepers(organization: Organization) -> list[str]:
    """Give the roles that keep the media."""
    return [name for name in organization.roles if "media" in organization.duties_of(name)]
