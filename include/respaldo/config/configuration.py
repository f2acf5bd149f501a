"""The whole configuration, read from its folder. One broken scope never hides the others."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from respaldo.config.document import Document, nearest, read, validated
from respaldo.config.organization import Organization
from respaldo.config.repositories import Repositories, RepositorySettings
from respaldo.config.scopes import SCOPE_ID, Scope
from respaldo.domain.problems import ConfigurationProblemsError, Problem

_SUFFIXES = (".yaml", ".yml")
_BESIDE_PACKAGE = Path(__file__).parents[2] / "config"


@dataclass(frozen=True)
class ConfiguredScope:
    """A scope, its id (the file's stem), and the SHA-256 of the file that says it."""

    id: str
    settings: Scope
    digest: str


@dataclass(frozen=True)
class Configuration:
    """What could be read, and what could not: scope id (or file name) to its problems."""

    organization: Organization
    repositories: dict[str, RepositorySettings]
    scopes: dict[str, ConfiguredScope] = field(default_factory=dict)
    invalid: dict[str, tuple[Problem, ...]] = field(default_factory=dict)


def folder() -> Path:
    """Give the configuration's folder: RESPALDO_CONFIG, or ``include/config`` beside the package."""
    return Path(os.environ.get("RESPALDO_CONFIG") or _BESIDE_PACKAGE)


def scope_files(root: Path) -> list[Path]:
    """List the scope files, sorted by name."""
    return sorted(path for path in (root / "scopes").glob("*") if path.suffix in _SUFFIXES)


def load(root: Path, only: str | None = None) -> Configuration:
    """Read the configuration (of the scopes, just ``only`` where it is given: a task needs no other).

    :raises ConfigurationProblemsError: ``organization.yaml`` or ``repositories.yaml`` cannot be used.
    """
    organization, repositories = _common(root)
    scopes: dict[str, ConfiguredScope] = {}
    invalid: dict[str, tuple[Problem, ...]] = {}
    for path in scope_files(root):
        if only is not None and path.stem != only:
            continue
        try:
            scopes[path.stem] = _load_scope(path, organization, repositories)
        except ConfigurationProblemsError as error:
            invalid[path.stem] = error.problems
    return Configuration(organization, repositories, scopes, invalid)


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
    return tuple(problem for problems in configuration.invalid.values() for problem in problems)


def _common(root: Path) -> tuple[Organization, dict[str, RepositorySettings]]:
    organization: Organization | None = None
    repositories: Repositories | None = None
    problems: list[Problem] = []
    try:
        organization = load_organization(root)
    except ConfigurationProblemsError as error:
        problems += error.problems
    try:
        repositories = validated(read(root / "repositories.yaml"), Repositories)
    except ConfigurationProblemsError as error:
        problems += error.problems
    if organization is None or repositories is None:
        raise ConfigurationProblemsError(tuple(problems))
    return organization, repositories.root


def _organization(path: Path) -> Organization:
    document = read(path)
    organization = validated(document, Organization)
    deciding = {"requests": organization.requests.roles, "failures": organization.failures.roles}
    problems = [
        problem
        for section, named in deciding.items()
        # Roles that nobody wrote down are missed when there is something to decide, not before.
        if section in organization.model_fields_set
        for key, role in named.items()
        for problem in _unknown(document, (section, *key), role, frozenset(organization.roles))
    ]
    if problems:
        raise ConfigurationProblemsError(tuple(problems))
    return organization


def _load_scope(
    path: Path, organization: Organization, repositories: dict[str, RepositorySettings]
) -> ConfiguredScope:
    document = read(path)
    problems: list[Problem] = []
    if not re.fullmatch(SCOPE_ID, path.stem):
        problems.append(document.problem((), "scope_id", value=path.stem))
    twins = (path.with_suffix(suffix) for suffix in _SUFFIXES if suffix != path.suffix)
    problems += [document.problem((), "scope_twice", other=twin.name) for twin in twins if twin.exists()]
    scope = validated(document, Scope)
    problems += _unknown(document, ("repository",), scope.repository, frozenset(repositories))
    if scope.second_copy is not None:
        problems += _unknown(document, ("second_copy",), scope.second_copy, frozenset(repositories))
    problems += _unknown(document, ("responsible",), scope.responsible, frozenset(organization.roles))
    if problems:
        raise ConfigurationProblemsError(tuple(problems))
    return ConfiguredScope(path.stem, scope, hashlib.sha256(path.read_bytes()).hexdigest())


def _unknown(
    document: Document, key: tuple[int | str, ...], value: str, known: frozenset[str]
) -> list[Problem]:
    if value in known:
        return []
    code = "repository_unknown" if key[0] in ("repository", "second_copy") else "role_unknown"
    return [document.problem(key, code, nearest(value, known), value=value, known=", ".join(sorted(known)))]
