"""``organization.yaml``: whose backups these are, the form's header, and who answers for what."""

from __future__ import annotations

import zoneinfo
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from respaldo.domain.values import Value


def _known_zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise PydanticCustomError("timezone_unknown", "not a time zone")
    return name


class Form(Value):
    """The form's code, version and date, as the quality system has them."""

    code: str = "TIC-FM007"
    version: str
    date: date


class Role(Value):
    """One of the procedure's roles: its title, its people's user names, where they are told."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    users: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()


class Organization(Value):
    """The entity."""

    name: str
    process: str
    timezone: Annotated[str, AfterValidator(_known_zone)]
    form: Form
    roles: Annotated[dict[str, Role], Field(min_length=1)]
