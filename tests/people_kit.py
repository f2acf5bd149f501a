"""The scopes of people's half in the live installation, by id, each whole as its file has it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from live_kit import scope_settings
from respaldo.domain.contracts import Term

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


# --- contracts: test_contracts.py


def _contracted(scope: str, days: int, **contract: Any) -> dict[str, Any]:
    """Give a scope whose contract has so many days left."""
    until = date.today() + timedelta(days=days)  # noqa: DTZ011  (days away from the limit on any clock)
    settings = scope_settings(scope, {"contract": {"number": f"CT-{scope}", "valid_until": until} | contract})
    return {key: value for key, value in settings.items() if key != "second_copy"}


def term_of(scope: str) -> Term:
    """Give the contract of a scope, as its file here has it."""
    contract = SCOPES[scope]["contract"]
    return Term(number=contract["number"], valid_until=contract["valid_until"])


def renewal() -> dict[str, str]:
    """Give what a director writes of a contract that goes on for a year."""
    today = date.today()  # noqa: DTZ011  (days away from the limit on any clock)
    return {
        "number": "CT-2027-001",
        "subject": "Copias de la nube",
        "valid_from": str(today - timedelta(days=2)),
        "valid_until": str(today + timedelta(days=365)),
        "document": "SECOP 4711",
        "note": "Por un año",
    }


SCOPES |= {
    "contrato_bloqueado": _contracted("contrato_bloqueado", -20, on_lapse="block"),
    "contrato_sigue": _contracted("contrato_sigue", -20),
    "contrato_por_vencer": _contracted("contrato_por_vencer", 10),
}


# --- another product's copies (test_external.py)


def _external(scope: str, **record: Any) -> dict[str, Any]:
    parts = ("job", "result", "start", "end", "size", "files", "message")
    return {
        "name": f"Copias de Veeam: {scope}",
        "department": "Sistemas",
        "criticality": "media",
        "rpo": "26h",
        "rto": "4h",
        "responsible": "soporte",
        "retention": {"daily": "7d"},
        "retries": {"attempts": 3, "delay": "1s"},
        "source": {
            "kind": "external",
            "product": "Veeam",
            "record": {"from": "file", "path": f"${{RESPALDO_HOME}}/consoles/{scope}.csv"} | record,
            "entries": {"format": "csv", "delimiter": ";", "fields": {part: part for part in parts}},
            "job": "nomina",
            "good": ["Success"],
            "warning": ["Warning"],
            "failed": ["Failed"],
            "running": ["Running"],
            "numbers": {"decimal": ","},
            "min_size": "1GB",
            "site": "Sede alterna",
            "medium": "disco",
        },
    }


SCOPES |= {
    f"externo_{name}": _external(f"externo_{name}") for name in ("bueno", "viejo", "fallo", "ilegible")
}
SCOPES["externo_remoto"] = _external(
    "externo_remoto", host="consola_remota", path="/donde/esta/externo_remoto.csv"
)


# --- media with labels: test_media.py

SCOPES |= {
    "con_etiquetas": scope_settings("con_etiquetas", {}),
    "mano_en_cinta": _manual(responsible="soporte", verifier="infraestructura"),
}
