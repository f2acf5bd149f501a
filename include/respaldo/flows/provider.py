"""What the package tells Airflow of itself: the connection type ``restic`` and its form."""

from __future__ import annotations

from typing import Any

from respaldo.texts import provider as texts


def provider_info() -> dict[str, Any]:
    """Describe the package as an Airflow provider."""
    return {
        "package-name": "respaldo",
        "name": "Respaldo",
        "description": texts.DESCRIPTION,
        "connection-types": [
            {
                "hook-class-name": "respaldo.flows.hook.ResticHook",
                "hook-name": "restic",
                "connection-type": "restic",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "login", "host", "extra"],
                    "relabeling": {"password": texts.FIELD},
                    "placeholders": {"password": texts.FIELD_HINT},
                },
            }
        ],
    }
