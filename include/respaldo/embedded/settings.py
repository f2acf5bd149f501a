"""What an installation is asked to be, and what it remembers of how it became so."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from respaldo.domain.values import Value
from respaldo.preparing.airflow_database import Written
from respaldo.preparing.secret_files import write_private


class Settings(Value):
    """What the configuration asks of the installation."""

    title: str = "Respaldo"
    timezone: str = "America/Bogota"
    users: dict[str, str] = Field(default_factory=lambda: {"admin": "admin"})
    """User name -> role of Airflow's simple auth manager: viewer, user, op or admin."""

    manager: Literal["simple", "fab"] = "simple"
    """Airflow's manager of users. Under FAB only the administrator is made: see ``respaldo roles sync``."""

    pools: dict[str, int] = Field(default_factory=dict)
    """Pool -> slots."""

    repositories: dict[str, str] = Field(default_factory=dict)
    """Repository -> the Airflow connection that holds its master secret."""

    archive: Path | None = None
    """Folder of the archived forms."""


class Memory(Value):
    """What outlives a stop: the port, and what the database was last prepared for."""

    port: int | None = None
    prepared: str | None = None
    written: Written = Written()

    @classmethod
    def read(cls, file: Path) -> Memory:
        """Read the memory; one that is missing or spoilt only costs a preparation."""
        with contextlib.suppress(FileNotFoundError, ValidationError):
            return cls.model_validate_json(file.read_bytes())
        return cls()

    def write(self, file: Path) -> None:
        write_private(file, self.model_dump_json(indent=1))
