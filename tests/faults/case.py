"""A case of the campaign: one fault, what it is to come to, and what mends it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from live_kit import Live, Outcome, Settings
from mail_kit import Mailbox
from respaldo.domain.values import Run

FIRST, SECOND = "principal", "secundario"


@dataclass(repr=False)
class Scene:
    """Where a case takes place: the installation, the case's own scope in it, and what happened so far."""

    live: Live
    mailbox: Mailbox
    server: Any
    """A PostgreSQL server beside the installation's own, which a case may stop."""
    case: Case
    runs: list[Run] = field(default_factory=list)
    """The good run before the fault, the run that meets it, and what came after."""
    good: Outcome | None = None
    saved: Any = None
    """The source as it was when the good copy was made."""
    stopped: list[psutil.Process] = field(default_factory=list)
    """What was stopped: it holds one of Airflow's workers until it goes on, however the case ends."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What one act leaves for a later one."""
    blow: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))
    """Where it waits for the other cases that are hit with it: what hits them is done when all are there."""

    @property
    def scope(self) -> str:
        return self.case.name

    @property
    def run(self) -> Run:
        return self.runs[1]

    @property
    def source(self) -> Path:
        return self.live.source(self.scope)

    @property
    def folder(self) -> Path:
        """Where the source's files are."""
        return self.source / "carpeta"

    @property
    def repositories(self) -> tuple[str, str]:
        return (self.case.scope.get("repository", FIRST), self.case.scope.get("second_copy", SECOND))

    @property
    def first(self) -> Path:
        return self.live.location(self.repositories[0], self.scope)

    @property
    def second(self) -> Path:
        return self.live.location(self.repositories[1], self.scope)

    def restic(self, where: Path, *arguments: str | Path, **how: Any) -> subprocess.Popen[bytes]:
        """Start a restic of our own on one of the scope's repositories, as an administrator would."""
        return self.live.start_restic(where.parent.name, self.scope, *arguments, **how)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self.live.sql("respaldo", statement, *values)


Act = Callable[[Scene], None]


def nothing(_: Scene) -> None:
    """Neither does nor mends."""


def fill(scene: Scene) -> None:
    """Make the source of a scope of files."""
    scene.live.fill(scene.scope, scene.case.megabytes)


@dataclass(frozen=True, eq=False, repr=False)
class Case:
    """One fault. Its name is the id of its own scope."""

    name: str
    cause: str | None
    """The code that the fault comes to: in the row, or in the corrective that Respaldo applied. None: it
    comes to nothing, the run is good."""
    inject: Act
    """Done between the good run and the run that meets the fault."""
    mend: Act = nothing
    during: Act = nothing
    """Done while that run is under way."""
    finish: Callable[[Scene], Outcome] = lambda scene: scene.live.finish(scene.run)
    """Waits until that run is over, and looks at it."""
    step: str | None = None
    """The step that fails; none: the run is good."""
    state: str | None = None
    """How the row ends, where it is not what the step says: failed, or succeeded."""
    tries: int = 1
    """Of the step that fails."""
    applied: tuple[str, ...] = ()
    """Correctives that Respaldo applied during the run."""
    is_rerun: bool = False
    """Respaldo runs the scope again by itself, and that run is good."""
    whole: tuple[int, ...] = (0, 1)
    """Which of the two repositories is whole, and holds the good copy, while the fault lasts."""
    prepare: Act = fill
    """Done before the good run."""
    also: Callable[[Scene, Outcome], None] = lambda _scene, _outcome: None
    """What else must be so when the run that meets the fault is over."""
    scope: Settings = field(default_factory=dict)
    repositories: dict[str, Settings] = field(default_factory=dict)
    conf: dict[str, Any] = field(default_factory=dict)
    mended_conf: dict[str, Any] = field(default_factory=dict)
    megabytes: int = 1
    is_long: bool = False
    """It waits for minutes: it is begun before the others."""
    disturbs: bool = False
    """It takes the whole installation: nothing else runs meanwhile."""
    blow: Callable[[Sequence[Scene]], None] | None = None
    """What hits several cases at once: all that name it are played together, and wait for it."""

    @property
    def ends(self) -> str:
        return self.state or ("failed" if self.step else "succeeded")

    @property
    def is_red(self) -> bool:
        return self.step is not None


def each(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Make a test of each case."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])
