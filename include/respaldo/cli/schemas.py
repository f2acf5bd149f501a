"""The JSON Schemas of files that need not say everything: a default may say it."""

from __future__ import annotations

from typing import Any

from respaldo.config.defaults import OF_EACH_SCOPE
from respaldo.config.external import ExternalScope
from respaldo.config.manual import ManualScope
from respaldo.config.scopes import Scope

Schema = dict[str, Any]

_MODES = (Scope, ManualScope, ExternalScope)
_NEEDED = ("name", "mode")
"""What a scope's file says itself: its name, and its mode where that is not the usual one."""


def short(scope: Schema) -> Schema:
    """Give a scope's schema, for editors: what is nowhere said only `respaldo lint` can know."""
    models = {model.__name__ for model in _MODES}
    kept = {
        name: said | {"required": [key for key in said["required"] if key in _NEEDED]}
        if name in models
        else said
        for name, said in scope["$defs"].items()
    }
    return scope | {"$defs": kept}


def defaults(scope: Schema) -> Schema:
    """Give the schema of ``defaults.yaml``: any part of what scopes say."""
    properties: dict[str, list[Schema]] = {}
    for model in _MODES:
        for key, said in scope["$defs"][model.__name__]["properties"].items():
            ways = properties.setdefault(key, [])
            ways += [said] if said not in ways else []
    group = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key: ways[0] if len(ways) == 1 else {"anyOf": ways}
            for key, ways in properties.items()
            if key not in OF_EACH_SCOPE
        },
    }
    parts: Schema = _partial(scope["$defs"])
    whole: Schema = {"title": "Defaults", "type": "object", "additionalProperties": _partial(group)}
    return {"$defs": parts} | whole


def _partial(said: Any) -> Any:  # noqa: ANN401  (whatever JSON has)
    """Take out what must be there, at any depth."""
    if isinstance(said, dict):
        return {
            key: _partial(part)
            for key, part in said.items()
            if not (key == "required" and isinstance(part, list))
        }
    return [_partial(part) for part in said] if isinstance(said, list) else said
