"""FAB's roles made as the duties say: one transaction, and only roles that begin with our prefix.

Names of people are organization.yaml's; what FAB has beside ours (its own roles, other people) stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from airflow.providers.fab.auth_manager.models import Action, Permission, Resource, Role, User
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from respaldo.flows.roles.permissions import Permission as Pair

Named = TypeVar("Named", Action, Resource)
PREFIX = "Respaldo: "
_NOBODY_S_MAIL = "respaldo.invalid"
"""FAB wants an address of everybody, each another one. That ending leads nowhere (RFC 2606)."""


@dataclass(frozen=True)
class WantedRole:
    """What a role may do in Airflow, and whose it is."""

    permissions: frozenset[Pair]
    users: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """Something that was made otherwise, or (the last three) that somebody has to see to."""

    what: Literal[
        "role_made", "role_removed", "granted", "revoked", "person_made", "person_in", "person_out",
        "person_missing", "person_alike", "person_has_more",
    ]  # fmt: skip
    role: str = ""
    person: str = ""
    detail: str = ""


def role_name(role: str) -> str:
    """Give the name that a role of organization.yaml has in FAB."""
    return f"{PREFIX}{role}"


def sync(wanted: Mapping[str, WantedRole], *, create: bool = False) -> list[Change]:
    """Make roles, permissions and the people's roles as they should be, and tell what was not so.

    :param wanted: by the role's name in organization.yaml.
    :param create: make people that FAB does not know, with a password that nobody knows.
    """
    with create_session() as session:
        return list(_Sync(session, wanted).changes(create=create))


def pending(wanted: Mapping[str, WantedRole]) -> list[Change]:
    """Tell what `sync` would change, and change nothing."""
    with create_session() as session:
        changes = list(_Sync(session, wanted).changes(create=False))
        session.rollback()
    return changes


@dataclass(frozen=True)
class _Sync:
    session: Session
    wanted: Mapping[str, WantedRole]

    def changes(self, *, create: bool) -> Iterator[Change]:
        roles = {}
        for name, wanted in self.wanted.items():
            roles[name], changes = self._role(name)
            yield from changes
            yield from self._permissions(roles[name], wanted.permissions)
        yield from self._people(roles, create=create)
        yield from self._left_roles(set(map(role_name, self.wanted)))

    def _role(self, name: str) -> tuple[Role, list[Change]]:
        found = self.session.scalars(select(Role).where(Role.name == role_name(name))).unique().one_or_none()
        if found is not None:
            return found, []
        made = Role(name=role_name(name))
        self.session.add(made)
        return made, [Change("role_made", role=made.name)]

    def _permissions(self, role: Role, wanted: frozenset[Pair]) -> Iterator[Change]:
        has = {(each.action.name, each.resource.name): each for each in role.permissions}
        if missing := sorted(wanted - has.keys()):
            role.permissions.extend(map(self._permission, missing))
            yield Change("granted", role=role.name, detail=_told(missing))
        if beyond := sorted(has.keys() - wanted):
            for pair in beyond:
                role.permissions.remove(has[pair])
            yield Change("revoked", role=role.name, detail=_told(beyond))

    def _permission(self, pair: Pair) -> Permission:
        """Find a permission, or make it: Airflow makes a DAG's own when it first reads the DAG."""
        action, resource = self._named(Action, pair[0]), self._named(Resource, pair[1])
        self.session.flush()
        both = Permission.action_id == action.id, Permission.resource_id == resource.id
        found = self.session.scalar(select(Permission).where(*both))
        if found is None:
            found = Permission(action=action, resource=resource)
            self.session.add(found)
        return found

    def _named(self, model: type[Named], name: str) -> Named:
        found = self.session.scalar(select(model).where(model.name == name))
        if found is None:
            found = model(name=name)
            self.session.add(found)
        return found

    def _people(self, roles: Mapping[str, Role], *, create: bool) -> Iterator[Change]:
        known = {user.username: user for user in self.session.scalars(select(User)).unique()}
        alike = {name.lower(): name for name in known}
        named = dict.fromkeys(person for wanted in self.wanted.values() for person in wanted.users)
        for person in (name for name in named if name not in known):
            if person.lower() in alike:
                # FAB takes both for the same at the log-in: of two, neither would get in.
                yield Change("person_alike", person=person, detail=alike[person.lower()])
            elif create:
                self.session.add(made := _person(person))
                known[person] = made
                yield Change("person_made", person=person)
            else:
                yield Change("person_missing", person=person)
        for person, user in sorted(known.items()):
            yield from self._roles_of(
                user, {roles[name] for name, wanted in self.wanted.items() if person in wanted.users}
            )

    def _roles_of(self, user: User, wanted: set[Role]) -> Iterator[Change]:
        has = {role for role in user.roles if role.name.startswith(PREFIX)}
        for role in sorted(wanted - has, key=lambda role: role.name):
            user.roles.append(role)
            yield Change("person_in", role=role.name, person=user.username)
        for role in sorted(has - wanted, key=lambda role: role.name):
            user.roles.remove(role)
            yield Change("person_out", role=role.name, person=user.username)
        others = sorted(role.name for role in user.roles if not role.name.startswith(PREFIX))
        if wanted and set(others) - {"Public"}:
            yield Change("person_has_more", person=user.username, detail=", ".join(others))

    def _left_roles(self, wanted: set[str]) -> Iterator[Change]:
        """Remove roles of ours that organization.yaml names no more; nobody has them by now."""
        for role in self.session.scalars(select(Role).where(Role.name.startswith(PREFIX))).unique():
            if role.name not in wanted:
                role.permissions.clear()
                self.session.delete(role)
                yield Change("role_removed", role=role.name)


def _person(name: str) -> User:
    # A password that nobody knows, not none: an administrator sets one, or LDAP or OAuth know the person.
    unknown = generate_password_hash(secrets.token_urlsafe(32))
    return User(
        username=name, first_name=name, last_name=name, email=f"{name}@{_NOBODY_S_MAIL}", active=True,
        password=unknown, roles=[],
    )  # fmt: skip


def _told(pairs: Iterable[Pair]) -> str:
    return ", ".join(f"{action} {resource}" for action, resource in pairs)
