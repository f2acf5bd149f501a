"""The scopes that the tests of people's half are about, by id, each whole as its file has it."""

from __future__ import annotations

from typing import Any

SCOPES: dict[str, dict[str, Any]] = {}
