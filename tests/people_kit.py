"""The scopes of people's half in the live installation, by id, each whole as its file has it."""

from __future__ import annotations

from typing import Any

SCOPES: dict[str, dict[str, Any]] = {}
