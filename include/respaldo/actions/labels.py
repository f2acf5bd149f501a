"""Which copies a good run left, and what labels they are to get (activity 16): pure mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from respaldo.config.configuration import AnyScope, Configuration
from respaldo.config.external import ExternalScope
from respaldo.config.manual import ManualScope
from respaldo.config.scopes import Scope
from respaldo.domain.labels import series
from respaldo.domain.restoring import Which
from respaldo.report.media import LabelledCopy

Results = Mapping[str, Any]
"""What each step of a run handed on, as JSON."""


def labelled(
    scope: AnyScope, configuration: Configuration, results: Results, at: datetime
) -> tuple[LabelledCopy, ...]:
    """Give the copies of a good run: in repositories, on a medium that somebody named, another product's.

    :param at: when they were made; the year of their labels is the organization's then.
    """
    settings = scope.settings
    of = _Copies(configuration, at, settings.retention.until(at))
    match settings:
        case Scope():
            second = settings.second_copy if results.get("copy") else None
            return tuple(of.repositories(first=settings.repository, second=second))
        case ManualScope():
            stated, kept = results["perform"], results.get("execute") or {}
            saved = settings.repository if kept.get("saved") else None
            return (
                of.medium(stated.get("label"), description=stated.get("medium"), site=stated.get("place")),
                *of.repositories(second=saved),
            )
        case ExternalScope():
            source = settings.source
            copy = of.medium(None, kind=source.medium, description=settings.saved, site=source.site)
            return (copy.model_copy(update={"made_at": at}),)
        case _:
            raise AssertionError(settings)


class _Copies:
    """Describes the copies of one run."""

    def __init__(self, configuration: Configuration, at: datetime, keep_until: datetime) -> None:
        self._configuration = configuration
        self._year = at.astimezone(ZoneInfo(configuration.organization.timezone)).year
        self._keep_until = keep_until

    def repositories(self, **names: str | None) -> Iterator[LabelledCopy]:
        """Describe the copies in repositories; ``names`` by which copy it is, None where there is none."""
        which: Which
        for which in ("first", "second"):
            name = names.get(which)
            if name is None:
                continue
            settings = self._configuration.repositories[name]
            yield LabelledCopy(
                which=which,
                series=series(settings.label_of(name), year=self._year, site=settings.site),
                kind=settings.medium,
                site=settings.site,
                repository=name,
                keep_until=self._keep_until,
            )

    def medium(
        self, label: str | None, *, description: str | None, site: str | None, kind: str | None = None
    ) -> LabelledCopy:
        """Describe a copy that is in no repository."""
        pattern = self._configuration.organization.media.label
        return LabelledCopy(
            which="first",
            series=series(pattern, year=self._year, site=site or ""),
            label=label,
            kind=kind,
            description=description,
            site=site,
            keep_until=self._keep_until,
        )
