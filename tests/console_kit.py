"""Console records of the tests, as products write them, and how a scope would say that they are read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from respaldo.actions.console.reading import read
from respaldo.config.external import ExternalSource
from respaldo.domain.console import ConsoleRecord

ZONE = ZoneInfo("America/Bogota")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)

VEEAM: dict[str, Any] = {
    "entries": {
        "format": "csv",
        "delimiter": ";",
        "fields": {
            "job": "Job Name",
            "result": "Result",
            "start": "Start Time",
            "end": "End Time",
            "size": "Backup Size",
            "message": "Details",
        },
    },
    "job": "Nomina diaria",
    "good": ["Success"],
    "warning": ["Warning"],
    "failed": ["Failed"],
    "running": ["Running"],
    "times": {"format": "%d/%m/%Y %H:%M:%S"},
    "numbers": {"decimal": ","},
}
HEAD = "Job Name;Start Time;End Time;Result;Backup Size;Details\n"
OLD = "Nomina diaria;21/11/2026 21:00:00;21/11/2026 21:30:00;Success;9,5 GB;\n"
GOOD = "Nomina diaria;22/11/2026 21:00:00;22/11/2026 21:42:10;Success;10,25 GB;\n"
OTHER = "Correo;23/11/2026 01:00:00;23/11/2026 01:30:00;Failed;0 B;Disco lleno\n"
BAD = "Nomina diaria;23/11/2026 09:00:00;23/11/2026 09:01:00;Failed;0 B;No hay espacio en E:\n"
RUNNING = "Nomina diaria;23/11/2026 11:30:00;;Running;;\n"

BLOCKS: dict[str, Any] = {
    "entries": {
        "format": "text",
        "pattern": r"^LastBackupTime\s*: (?P<start>.+)\n(?:.*\n)*?LastBackupResultHR\s*: (?P<result>-?\d+)$",
    },
    "good": [0],
    "failed": ["*"],
    "times": {"format": "%d/%m/%Y %I:%M:%S %p"},
}
WINDOWS = (
    "NextBackupTime                  : 23/11/2026 9:00:00 p. m.\r\n"
    "LastBackupTime                  : 22/11/2026 9:00:00\u00a0p.\u00a0m.\r\n"
    "LastBackupTarget                : E:\r\n"
    "LastBackupResultHR              : 0\r\n"
)

REST: dict[str, Any] = {
    "entries": {
        "format": "json",
        "list": "data.sessions",
        "fields": {"job": "policy.name", "result": "state", "end": "endedAt", "size": "stats.bytes"},
    },
    "job": "SQL",
    "good": ["COMPLETED"],
    "failed": ["ERROR"],
}


def session(**changes: Any) -> dict[str, Any]:
    told = {
        "policy": {"name": "sql"},
        "state": "completed",
        "endedAt": "2026-11-23T04:10:00Z",
        "stats": {"bytes": 5_000_000},
    }
    return told | changes


def source(settings: dict[str, Any], **changes: Any) -> ExternalSource:
    common = {
        "kind": "external",
        "product": "Consola",
        "record": {"from": "file", "path": "/no/hay"},
    }
    return ExternalSource.model_validate(common | settings | changes)


def told(folder: Path, content: str | bytes, settings: dict[str, Any], **changes: Any) -> ConsoleRecord:
    """Write a console record, and read it."""
    path = folder / "registro"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    record = {"from": "file", "path": str(path)} | changes.pop("record", {})
    return read(source(settings, record=record, **changes), no_host, no_secret, ZONE, NOW)


def no_host(name: str) -> Any:
    raise AssertionError(name)


def no_secret(name: str) -> Any:
    raise AssertionError(name)
