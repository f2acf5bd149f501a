"""The form of a restore request, and what somebody filled in (activity 17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param
from pydantic import ValidationError

from respaldo.config.configuration import ConfiguredScope
from respaldo.domain.errors import InvalidRequestError
from respaldo.domain.requests import EMAIL, LONGEST_LINE, LONGEST_TEXT, SNAPSHOT, RestoreRequest, refusal
from respaldo.domain.restoring import Wanted
from respaldo.flows.requests.findings import refused
from respaldo.texts import requests as texts

_MOST_NAMES = 200
_MOMENT = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$"


def form(scopes: Mapping[str, str] | None) -> dict[str, Param]:
    """Give the fields of the form. What their schemas refuse never becomes a run: Airflow answers 400.

    :param scopes: id to name; None while a task runs: its request has been through the form already.
    """
    line = {"type": ["null", "string"], "maxLength": LONGEST_LINE}
    names = {
        "type": ["null", "array"],
        "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
        "maxItems": _MOST_NAMES,
        "section": texts.SECTION_WHAT,
    }
    listed = {"enum": list(scopes), "values_display": dict(scopes)} if scopes else {}
    where = {"section": texts.SECTION_WHERE}
    # Airflow does not check the format. Without a zone nobody knows which moment is meant.
    moment = {"type": ["null", "string"], "format": "date-time", "pattern": _MOMENT}
    return {
        "requester": _field("requester", type="string", minLength=1, maxLength=LONGEST_LINE),
        "email": _field("email", default=None, pattern=EMAIL, **line),
        "department": _field("department", default=None, **line),
        "ticket": _field("ticket", default=None, **line),
        "what_happened": _field(
            "what_happened", type="string", format="multiline", minLength=1, maxLength=LONGEST_TEXT
        ),
        "scope": _field("scope", type="string", **listed),
        "paths": _field("paths", default=None, **names),
        "databases": _field("databases", default=None, **names),
        "schemas": _field("schemas", default=None, **names),
        "tables": _field("tables", default=None, **names),
        "moment": _field("moment", default=None, section=texts.SECTION_WHAT, **moment),
        "as_of": _field("as_of", default=None, section=texts.SECTION_WHAT, **moment),
        "snapshot": _field(
            "snapshot",
            default=None,
            type=["null", "string"],
            pattern=SNAPSHOT,
            section=texts.SECTION_WHAT,
        ),
        "destination": _field(
            "destination",
            default="staging",
            type="string",
            enum=list(texts.DESTINATIONS),
            values_display=texts.DESTINATIONS,
            **where,
        ),
        "target": _field("target", default=None, **line, **where),
        "overwrite": _field(
            "overwrite",
            default="never",
            type="string",
            enum=list(texts.OVERWRITES),
            values_display=texts.OVERWRITES,
            **where,
        ),
    }


def answer(*names: str) -> dict[str, Param]:
    """Give the fields that go with a decision: a note, another copy."""
    return {name: _answer_field(name) for name in names}


def filled_in(params: Mapping[str, Any], scopes: Mapping[str, ConfiguredScope]) -> RestoreRequest:
    """Read the form.

    :raises InvalidRequestError: it contradicts itself, or asks what the scope cannot give.
    """
    given = {name: value for name, value in params.items() if value not in (None, "", [])}
    # A field that there is not is a misspelled one: to go on without it would restore something else.
    content = {name: value for name, value in given.items() if name not in texts.PARAMS}
    content |= {
        "scope_id": given.get("scope"),
        "wanted": {name: given[name] for name in Wanted.model_fields if name in given},
        "destination": {
            "kind": given.get("destination", "staging"),
            "target": given.get("target"),
            "overwrite": given.get("overwrite", "never"),
        },
    }
    for name in ("requester", "email", "department", "ticket", "what_happened", "as_of", "snapshot"):
        if name in given:
            content[name] = given[name]
    try:
        request = RestoreRequest.model_validate(content)
    except ValidationError as error:
        raise InvalidRequestError(problem="; ".join(map(_told, error.errors(include_url=False)))) from error
    scope = scopes.get(request.scope_id)
    code = refusal(scope.settings.source.holds, request) if scope else "scope"
    if code is not None:
        raise refused(code, request.scope_id)
    return request


def _told(found: Any) -> str:  # noqa: ANN401  (pydantic's error)
    place = found["loc"][-1] if found["loc"] else ""
    field = texts.PARAMS.get(str(place), (str(place), ""))[0]
    return texts.PROBLEMS.get(found["type"], texts.OTHER_PROBLEM).format(field=field, scope=found["input"])


def _answer_field(name: str) -> Param:
    title, description = texts.ANSWER_PARAMS[name]
    # Without the null, Airflow's page takes the field for one that must be filled in.
    kinds = ["null", "string"]
    # A beginning that is too short would name some copy or other; a field that was emptied names none.
    form_of = {"pattern": f"{SNAPSHOT}|^$"} if name == "snapshot" else {"maxLength": LONGEST_TEXT}
    return Param(None, title=title, description=description, type=kinds, **form_of)


def _field(name: str, *, default: object = ..., **schema: Any) -> Param:  # noqa: ANN401
    title, description = texts.PARAMS[name]
    schema |= {"title": title, "description": description}
    return Param(**schema) if default is ... else Param(default, **schema)
