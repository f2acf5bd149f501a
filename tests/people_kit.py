"""The scopes of people's half in the live installation, by id, each whole as its file has it."""

from __future__ import annotations

from typing import Any

SCOPES: dict[str, dict[str, Any]] = {}


# --- manual mode (test_manual.py)


def _manual(**others: Any) -> dict[str, Any]:
    return {
        "name": "Actas en disco",
        "department": "Archivo",
        "criticality": "media",
        "mode": "manual",
        "rpo": "31d",
        "rto": "2d",
        "responsible": "taller",
        "verifier": "taller",
        "retention": {"monthly": "12m"},
        "what": "La carpeta de actas",
        "instructions": "1. Conecte el **disco azul**.\n2. Copie la carpeta.",
        "folder": "${RESPALDO_HOME}/media",
    } | others


SCOPES |= {
    "mano_leida": _manual(name="Actas leídas", repository="principal"),
    "mano_rechazada": _manual(responsible="soporte", verifier="infraestructura"),
    "mano_sin_hacer": _manual(perform_within="5s"),
    "mano_sin_verificar": _manual(verify_within="5s"),
    "mano_alterada": _manual(),
}
