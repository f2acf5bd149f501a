"""The whole configuration, read from its folder. One broken scope never hides the others."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from respaldo.config.archive import Archive
from respaldo.config.defaults import Defaults
from respaldo.config.document import Document, nearest, read, validated
from respaldo.config.external import EXTERNAL, ExternalScope
from respaldo.config.manual import MANUAL, ManualScope
from respaldo.config.organization import Contracts, Failures, Organization, Requests
from respaldo.config.repositories import Repositories, RepositorySettings
from respaldo.config.scope_settings import SCOPE_ID, ScopeSettings
from respaldo.config.scopes import Scope
from respaldo.domain.duties import Duty
from respaldo.domain.problems import ConfigurationProblemsError, Problem

_SUFFIXES = (".yaml", ".yml")
_BESIDE_PACKAGE = Path(__file__).parents[2] / "config"


Settings = TypeVar("Settings", bound=ScopeSettings, covariant=True)


@dataclass(frozen=True)
class Configured(Generic[Settings]):
    """A scope, its id (the file's stem), and the SHA-256 of the file that says it, and of its defaults."""

    id: str
    settings: Settings
    digest: str


ConfiguredScope = Configured[Scope]
"""One that restic saves."""
AnyScope = Configured[ScopeSettings]


@dataclass(frozen=True)
class Configuration:
    """What could be read, and what could not: scope id (or file name) to its problems."""

    organization: Organization
    repositories: dict[str, RepositorySettings]
    scopes: dict[str, ConfiguredScope] = field(default_factory=dict)
    """Those that restic saves."""
    manual: dict[str, Configured[ManualScope]] = field(default_factory=dict)
    external: dict[str, Configured[ExternalScope]] = field(default_factory=dict)
    invalid: dict[str, tuple[Problem, ...]] = field(default_factory=dict)

    @property
    def all_scopes(self) -> dict[str, AnyScope]:
        """Give the scopes of every mode, by id."""
        return dict(sorted((self.scopes | self.manual | self.external).items()))

    @property
    def kept(self) -> dict[str, ConfiguredScope]:
        """Give the scopes whose copies restic keeps: it makes them, or people do and it keeps them too."""
        by_hand = {
            scope.id: Configured(scope.id, kept, scope.digest)
            for scope in self.manual.values()
            if (kept := scope.settings.kept()) is not None
        }
        return dict(sorted((self.scopes | by_hand).items()))


def folder() -> Path:
    """Give the configuration's folder: RESPALDO_CONFIG, or ``include/config`` beside the package."""
    return Path(os.environ.get("RESPALDO_CONFIG") or _BESIDE_PACKAGE)


def scope_files(root: Path) -> list[Path]:
    """List the scope files, sorted by name."""
    return sorted(path for path in (root / "scopes").glob("*") if path.suffix in _SUFFIXES)


def load(root: Path, only: str | None = None) -> Configuration:
    """Read the configuration (of the scopes, just ``only`` where it is given: a task needs no other).

    :raises ConfigurationProblemsError: ``organization.yaml``, ``repositories.yaml`` or ``defaults.yaml``
        cannot be used.
    """
    organization, repositories, defaults = _common(root)
    found = Configuration(organization, repositories)
    for path in scope_files(root):
        if only is not None and path.stem != only:
            continue
        try:
            _put(found, path, defaults)
        except ConfigurationProblemsError as error:
            found.invalid[path.stem] = error.problems
    return found


def load_organization(root: Path) -> Organization:
    """Read only whose backups these are, and who is asked and told.

    :raises ConfigurationProblemsError: ``organization.yaml`` cannot be used.
    """
    return _organization(root / "organization.yaml")


def problems_of(root: Path) -> tuple[Problem, ...]:
    """Give every mistake in the folder."""
    try:
        configuration = load(root)
    except ConfigurationProblemsError as error:
        return error.problems
    found = [*Defaults.of(root).problems(_MODELS)]
    for problem in (problem for problems in configuration.invalid.values() for problem in problems):
        # One mistake of a group is each of its scopes'.
        found += [problem] if problem not in found else []
    return tuple(found)


def _common(root: Path) -> tuple[Organization, dict[str, RepositorySettings], Defaults]:
    organization: Organization | None = None
    repositories: Repositories | None = None
    defaults: Defaults | None = None
    problems: list[Problem] = []
    try:
        organization = load_organization(root)
    except ConfigurationProblemsError as error:
        problems += error.problems
    try:
        repositories = validated(read(root / "repositories.yaml"), Repositories)
    except ConfigurationProblemsError as error:
        problems += error.problems
    try:
        defaults = Defaults.of(root)
    except ConfigurationProblemsError as error:
        problems += error.problems
    if organization is None or repositories is None or defaults is None:
        raise ConfigurationProblemsError(tuple(problems))
    return organization, repositories.root, defaults


def _organization(path: Path) -> Organization:
    document = read(path)
    organization = validated(document, Organization)
    deciding: dict[str, Requests | Failures | Contracts | Archive] = {
        "requests": organization.requests,
        "failures": organization.failures,
        "contracts": organization.contracts,
        "archive": organization.archive,
    }
    problems = [
        problem
        for section, decided in deciding.items()
        # Roles that nobody wrote down are missed when there is something to decide, not before.
        if section in organization.model_fields_set
        for key, role in decided.roles.items()
        for problem in _unfit(document, (section, *key), role, decided.duties.get(key), organization)
    ]
    if problems:
        raise ConfigurationProblemsError(tuple(problems))
    return organization


_MODELS: tuple[type[ScopeSettings], ...] = (Scope, ManualScope, ExternalScope)


def _put(configuration: Configuration, path: Path, defaults: Defaults) -> None:
    """Read a scope's file, and put the scope among those of its mode."""
    own = read(path)
    document = defaults.under(own)

    def checked(model: type[Settings]) -> Configured[Settings]:
        # A default is for the scopes that have such a key. What a scope says itself must be one of its keys.
        return _checked(own, document.only({*model.model_fields, *own.data}), model, configuration)

    if document.data.get("mode") == MANUAL:
        configuration.manual[path.stem] = checked(ManualScope)
    elif _kind(document) == EXTERNAL:
        configuration.external[path.stem] = checked(ExternalScope)
    else:
        configuration.scopes[path.stem] = checked(Scope)


def _kind(document: Document) -> object:
    source = document.data.get("source")
    return source.get("kind") if isinstance(source, dict) else None


def _checked(
    own: Document, document: Document, model: type[Settings], configuration: Configuration
) -> Configured[Settings]:
    path, problems = document.path, list[Problem]()
    if not re.fullmatch(SCOPE_ID, path.stem):
        problems.append(document.problem((), "scope_id", value=path.stem))
    twins = (path.with_suffix(suffix) for suffix in _SUFFIXES if suffix != path.suffix)
    problems += [document.problem((), "scope_twice", other=twin.name) for twin in twins if twin.exists()]
    scope = validated(document, model)
    repositories = frozenset(configuration.repositories)
    for key, repository in scope.repositories.items():
        problems += _unknown(document, (key,), repository, repositories)
    for key, role in scope.roles.items():
        problems += _unfit(document, (key,), role, scope.duties.get(key), configuration.organization)
    if problems:
        raise ConfigurationProblemsError(tuple(problems))
    digest = hashlib.sha256(path.read_bytes())
    if document.data != own.data:
        digest.update(json.dumps(document.data, sort_keys=True, default=str).encode())
    return Configured(path.stem, scope, digest.hexdigest())


def _unfit(
    document: Document, key: tuple[int | str, ...], role: str, duty: Duty | None, organization: Organization
) -> list[Problem]:
    """Find a role that there is not, or that may not do what it is named for."""
    problems = _unknown(document, key, role, frozenset(organization.roles))
    if problems or duty is None or duty in organization.duties_of(role):
        return problems
    return [document.problem(key, "role_lacks_duty", value=role, duty=duty)]


def _unknown(
    document: Document, key: tuple[int | str, ...], value: str, known: frozenset[str]
) -> list[Problem]:
    if value in known:
        return []
    code = "repository_unknown" if key[0] in ("repository", "second_copy") else "role_unknown"
    return [document.problem(key, code, nearest(value, known), value=value, known=", ".join(sorted(known)))]
