"""The scopes that the stack is given beside its own, and what they save."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

Settings = dict[str, Any]

DOCUMENTS = "documentos"
DATABASE = "erp"
SITE = "sede_documentos"
SITE_HELD = ("sede_detenida", "sede_tambien")
"""As many as a repository has slots."""
DEMONSTRATION = (DOCUMENTS, "planos", DATABASE)
ITSELF = ("respaldo_bases", "respaldo_configuracion", "archivo_fm007")
"""What the stack comes with: Respaldo's own."""

UPLOAD, AFTER = "upload", "after"
"""Where a scope that can be held is held: half of its output is with restic; its copy is made."""

MANY = tuple(f"muchos_{number:03}" for number in range(int(os.environ.get("RESPALDO_E2E_SCOPES", "200"))))
"""What is begun at once; with fewer the test is for those who are in a hurry."""

ERP = """
CREATE TABLE factura (numero int PRIMARY KEY, valor numeric NOT NULL, nota text NOT NULL);
INSERT INTO factura SELECT n, n * 100, repeat('pagada ', 5) FROM generate_series(1, 20000) AS n;
"""


def settings(scope: str, **others: Any) -> Settings:
    """Give a scope of the folder of its name, ``others`` in the place of what they name."""
    return {
        "name": f"Alcance {scope}",
        "department": "Sistemas",
        "criticality": "media",
        "rpo": "26h",
        "rto": "4h",
        "responsible": "soporte",
        "source": {"kind": "files", "paths": [f"/srv/{scope}"]},
        "repository": "principal",
        "second_copy": "secundario",
        "retention": {"daily": "7d"},
        "verify": {"probe_files": 3},
        "retries": {"attempts": 4, "delay": "1s"},
    } | others


def held(scope: str, **others: Any) -> Settings:
    """Give a scope whose step `execute` waits, at two places, as long as a file of its name is there."""
    half = "head -c 3000000 /dev/urandom | base64"
    return settings(
        scope,
        source={
            "kind": "command",
            "name": "salida.txt",
            "command": ["sh", "-c", f"{half}; {waiting(scope, UPLOAD)}; {half}; echo FIN"],
            "must_end_with": "FIN",
            "diff": False,
        },
        post=[{"name": "Esperar", "run": ["sh", "-c", waiting(scope, AFTER)], "timeout": "10m"}],
        **others,
    )


def waiting(scope: str, place: str) -> str:
    return f"while [ -e /srv/{held_by(scope, place)} ]; do sleep 0.3; done"


def held_by(scope: str, place: str) -> str:
    """Name the file, below what workers see as /srv, that holds a scope."""
    return f"hold/{scope}.{place}"


def fill(folder: Path, files: int = 30, size: int = 4096) -> None:
    """Make a folder of small files, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        (folder / f"acta {number}.txt").write_text(f"{folder.name} {number}\n" * (size // 20))
