"""``defaults.yaml``: what scopes need not say themselves, for all of them and for each group.

A scope's own key wins over its group's, and that over everybody's (``all``). What holds keys is merged key by
key; anything else, a list too, is replaced. ``null`` takes out what a default says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from respaldo.config.document import Document, nearest, read
from respaldo.config.scope_settings import ScopeSettings
from respaldo.domain.problems import ConfigurationProblemsError, Problem

FILE = "defaults.yaml"
ALL = "all"
OF_EACH_SCOPE = frozenset({"name", "asset", "group"})
"""What is said of one scope only."""


@dataclass(frozen=True)
class Defaults:
    """The file, if there is one."""

    document: Document | None = None

    @classmethod
    def of(cls, root: Path) -> Defaults:
        """Read the file. There need not be one.

        :raises ConfigurationProblemsError: it is no YAML, or one of its groups holds no keys.
        """
        path = root / FILE
        if not path.exists():
            return cls()
        document = read(path)
        wrong = [name for name, said in document.data.items() if not isinstance(said, dict)]
        if wrong:
            raise ConfigurationProblemsError(
                tuple(document.problem((str(name),), "dict_type") for name in wrong)
            )
        return cls(document)

    @property
    def groups(self) -> frozenset[str]:
        names = self.document.data if self.document else ()
        return frozenset(str(name) for name in names if name != ALL)

    def under(self, scope: Document) -> Document:
        """Give a scope's file with what its group and all say, where it says nothing itself.

        Each key still knows the file and the line where it stands.

        :raises ConfigurationProblemsError: there is no such group.
        """
        group = scope.data.get("group")
        if isinstance(group, str) and group not in self.groups:
            known = ", ".join(sorted(self.groups))
            meant = nearest(group, self.groups)
            raise ConfigurationProblemsError(
                (scope.problem(("group",), "group_unknown", meant, value=group, known=known),)
            )
        sections = (ALL, group) if isinstance(group, str) else (ALL,)
        return scope.over(self.document, sections) if self.document else scope

    def problems(self, models: Sequence[type[ScopeSettings]]) -> Iterator[Problem]:
        """Find keys that no scope has, and those that each scope says for itself."""
        known = frozenset(key for model in models for key in model.model_fields) - OF_EACH_SCOPE
        for group, said in (self.document.data if self.document else {}).items():
            for key in said:
                if key in known:
                    continue
                assert self.document is not None  # noqa: S101  (it said the key)
                code = "default_of_each" if key in OF_EACH_SCOPE else "extra_forbidden"
                yield self.document.problem((group, key), code, nearest(str(key), known), value=key)
