"""What the DAG of the archive is called, and who runs it."""

from __future__ import annotations

from respaldo.config.organization import Organization

ARCHIVE = "fm007_archive"


def keepers(organization: Organization) -> list[str]:
    """Give the roles that archive the form."""
    return [name for name in organization.roles if "archive" in organization.duties_of(name)]
