"""What the package tells Airflow of itself: the connection type ``restic`` and its form."""

from __future__ import annotations

from typing import Any

from respaldo.texts import provider as texts

_FORMATS = {
    "secret": {"format": "password"},
    "private_key": {"format": "multiline"},
    "private_key_passphrase": {"format": "password"},
}


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
                    "hidden-fields": ["schema", "port", "host", "extra"],
                    "relabeling": {"password": texts.FIELD, "login": texts.LOGIN},
                    "placeholders": {"password": texts.FIELD_HINT, "login": texts.LOGIN_HINT},
                },
                "conn-fields": {
                    name: {
                        "label": words.label,
                        "description": words.hint,
                        "schema": {"type": ["string", "null"], **_FORMATS.get(name, {})},
                    }
                    for name, words in texts.FIELDS.items()
                },
            }
        ],
    }
