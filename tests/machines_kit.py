"""The scopes of the installation whose data are on other machines, and whose copies are on servers."""

from __future__ import annotations

from typing import Any

from network_kit import DATA

THREE = ("maquina_uno", "maquina_dos", "maquina_tres")
DATABASE = "nomina"
SLOW = "3M"
"""What restic may send in a second: time enough to cut one off, and for all three to be seen at work."""

HOST = "maquina_cuatro"
MARKS = f"{DATA}/marcas"
HOOK = ["sh", "-c", f'echo "$RESPALDO_WHEN" >>{MARKS}']

KINDS: dict[str, dict[str, Any]] = {
    "tipo_mariadb": {
        "source": {
            "kind": "mariadb",
            "host": HOST,
            "connection": "nomina_db",
            "databases": [DATABASE],
            "users": False,
        },
        "repository": "por_rest",
    },
    "tipo_sqlite": {
        "source": {"kind": "sqlite", "host": HOST, "paths": [f"{DATA}/padron.db"]},
        "second_copy": "por_s3",
    },
    "tipo_command": {
        "source": {
            "kind": "command",
            "host": HOST,
            "command": ["cat", f"{DATA}/actas/uno.txt"],
            "name": "uno.txt",
            "must_contain": ["uno"],
        },
        "repository": "por_sftp",
    },
    "tipo_tar": {"source": {"kind": "tar", "host": HOST, "paths": [f"{DATA}/actas"]}, "repository": "por_s3"},
    "tipo_files": {
        "source": {"kind": "files", "host": HOST, "paths": [f"{DATA}/actas"]},
        "repository": "por_rest",
        "second_copy": "por_sftp",
        "pre": [{"name": "antes", "run": HOOK}],
        "post": [{"name": "despues", "run": HOOK}],
    },
}
"""Each kind that can be on a machine, and each kind of repository as first and as second."""
