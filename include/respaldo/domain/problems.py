"""What is wrong in a configuration file, where, and what was probably meant."""

from __future__ import annotations

from pydantic import Field

from respaldo.domain.values import Value


class Problem(Value):
    """One mistake: file and line to open, key to look at, a code for its text and what the text names."""

    file: str
    line: int
    key: str = ""
    code: str
    facts: dict[str, str] = Field(default_factory=dict)
    suggestion: str | None = None


class ConfigurationProblemsError(Exception):
    """A file that cannot be used, with every mistake found in it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(
            "; ".join(f"{found.file}:{found.line} {found.key} {found.code}" for found in problems)
        )
        self.problems = problems
