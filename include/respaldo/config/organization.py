"""``organization.yaml``: whose backups these are, the form's header, and who answers for what."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from respaldo.config.archive import Archive
from respaldo.config.media import Media
from respaldo.config.zone import TimeZone
from respaldo.domain.duties import OF_ROLE, Duty
from respaldo.domain.quantities import Duration
from respaldo.domain.values import Value

_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_CONNECTION = re.compile(r"[\w.-]{1,250}")


def is_address(place: str) -> bool:
    """Whether a place where somebody is told is an e-mail address, and no connection."""
    return "@" in place


def _place_to_tell(text: str) -> str:
    """Check where somebody is told. The message never repeats a URL: it would tell its secrets."""
    if "://" in text:
        raise PydanticCustomError("notify_url", "a URL belongs in a connection of type apprise")
    if not (_ADDRESS if is_address(text) else _CONNECTION).fullmatch(text):
        raise PydanticCustomError("notify_place", "neither an e-mail address nor the id of a connection")
    return text


class Form(Value):
    """The form's code, version and date, as the quality system has them."""

    code: str = "TIC-FM007"
    version: str
    date: date


RoleName = Annotated[str, Field(min_length=1, max_length=50)]
"""Airflow's FAB keeps 64 letters, its prefix among them."""


class Role(Value):
    """One of the procedure's roles: its title, its people's user names, where they are told, its duties."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    users: tuple[str, ...] = ()
    notify: Annotated[
        tuple[Annotated[str, AfterValidator(_place_to_tell)], ...],
        Field(description="E-mail addresses, or ids of Airflow connections of type apprise: no URLs."),
    ] = ()
    duties: Annotated[
        tuple[Duty, ...] | None,
        Field(description="What the role may do. Unsaid: what the procedure gives the role of this name."),
    ] = None


class Requests(Value):
    """Who decides on restore requests, and how long an answer may take (activities 17 to 25)."""

    analysis: Annotated[
        Literal["manual", "automatic"],
        Field(description="automatic: a request with complete data is taken for a restoration (17, 18)."),
    ] = "manual"
    analyst: Annotated[str, Field(description="Role that analyses a request (17, 18).")] = "profesional"
    authorizers: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="Roles that may allow live data to be overwritten; never who asks."),
    ] = ("director", "servidores")
    acceptance: Annotated[str, Field(description="Role that brings the requester's answer (23).")] = "soporte"
    answer_within: Annotated[Duration, Field(description="How long each decision may take.")] = timedelta(
        days=3
    )

    @property
    def roles(self) -> dict[tuple[int | str, ...], str]:
        """The place of each key that names a role, and the role."""
        named: dict[tuple[int | str, ...], str] = {
            ("authorizers", place): role for place, role in enumerate(self.authorizers)
        }
        return {("analyst",): self.analyst, ("acceptance",): self.acceptance} | named

    @property
    def duties(self) -> dict[tuple[int | str, ...], Duty]:
        """The duty that the role at each key must have to answer."""
        needed: dict[tuple[int | str, ...], Duty] = {("analyst",): "analysis", ("acceptance",): "restores"}
        for place in range(len(self.authorizers)):
            needed["authorizers", place] = "authorization"
        return needed


class Failures(Value):
    """Who decides on a failed backup, who is told of it, and how long the answer may take (14, 15)."""

    analyst: Annotated[str, Field(description="Role that decides on a failure (14, 15).")] = "soporte"
    informed: Annotated[
        tuple[str, ...],
        Field(description="Roles that are told as well, beside the analyst and the scope's responsible."),
    ] = ()
    answer_within: Annotated[Duration, Field(description="How long the decision may take.")] = timedelta(
        days=7
    )

    @property
    def roles(self) -> dict[tuple[int | str, ...], str]:
        """The place of each key that names a role, and the role."""
        named: dict[tuple[int | str, ...], str] = {
            ("informed", place): role for place, role in enumerate(self.informed)
        }
        return {("analyst",): self.analyst} | named

    @property
    def duties(self) -> dict[tuple[int | str, ...], Duty]:
        """The duty that the role at each key must have to answer; who is only informed needs none."""
        return {("analyst",): "failures"}


class Contracts(Value):
    """Who decides on a contract that has lapsed, who is told, and how long the answer may take (4, 5)."""

    decider: Annotated[str, Field(description="Role that renews contracts (5).")] = "director"
    informed: Annotated[
        tuple[str, ...],
        Field(description="Roles that are told as well, beside the decider and the scopes' responsibles."),
    ] = ()
    answer_within: Annotated[Duration, Field(description="How long the decision may take.")] = timedelta(
        days=30
    )

    @property
    def roles(self) -> dict[tuple[int | str, ...], str]:
        """The place of each key that names a role, and the role."""
        named: dict[tuple[int | str, ...], str] = {
            ("informed", place): role for place, role in enumerate(self.informed)
        }
        return {("decider",): self.decider} | named

    @property
    def duties(self) -> dict[tuple[int | str, ...], Duty]:
        """The duty that the role at each key must have to answer; who is only informed needs none."""
        return {("decider",): "contracts"}


# A message of pydantic shows what was given, which may be a URL with a secret in the wrong place.
class Organization(Value, hide_input_in_errors=True):
    """The entity."""

    name: str
    process: str
    timezone: TimeZone
    form: Form
    roles: Annotated[dict[RoleName, Role], Field(min_length=1)]
    requests: Requests = Requests()
    failures: Failures = Failures()
    contracts: Contracts = Contracts()
    media: Media = Media()
    # Its folder is expanded when the file is read, not when this module is.
    archive: Annotated[Archive, Field(default_factory=Archive)]

    def users_of(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """Give the people who have any of the roles; a role that there is not has nobody."""
        found = (user for role in roles if role in self.roles for user in self.roles[role].users)
        return tuple(dict.fromkeys(found))

    def duties_of(self, role: str) -> frozenset[Duty]:
        """Give what a role may do. One of another name than the procedure's has what it says, or nothing."""
        settings = self.roles.get(role)
        if settings is None:
            return frozenset()
        return OF_ROLE.get(role, frozenset()) if settings.duties is None else frozenset(settings.duties)

    def duties_of_user(self, user: str) -> frozenset[Duty]:
        """Give what a person may do: the duties of all roles that the person has."""
        mine = (name for name, role in self.roles.items() if user in role.users)
        return frozenset().union(*map(self.duties_of, mine))

    def titles_with(self, duty: Duty) -> str:
        """Name the roles that have a duty by their titles; nothing where none has it."""
        return self.titles_of(*(name for name in self.roles if duty in self.duties_of(name)))

    def titles_of(self, *roles: str) -> str:
        """Name some roles by their titles; a role that there is not keeps its own name."""
        return ", ".join(self.roles[role].title if role in self.roles else role for role in roles)
