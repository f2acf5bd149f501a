"""A failure in words, for the decision and for the notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from respaldo.actions.inspect import Probe
from respaldo.domain.causes import cause_of_code
from respaldo.flows.wording import cell, moment
from respaldo.report.export import size
from respaldo.report.incidents import Recurrence
from respaldo.texts import causes
from respaldo.texts import failures as texts


def recurrence(known: Recurrence | None, zone: ZoneInfo) -> str:
    """Say how often a scope failed like that before; None: the report could not tell."""
    if known is None:
        return texts.NOTHING
    facts: dict[str, Any] = {
        "times": known.of_scope,
        "all": known.of_all,
        "last": moment(known.last_at, zone),
    }
    return (texts.RECURRENCE if known.of_scope else texts.FIRST_TIME).format(**facts)


def probes(looked: tuple[Probe, ...]) -> str:
    """Give what was seen as a table of Markdown."""
    rows = [texts.EVIDENCE_ROW.format(of=texts.PROBES[one.of].format(name=one.name), told=_told(one))
            for one in looked]  # fmt: skip
    return "\n".join([texts.EVIDENCE_HEAD, *rows])


def lines(said: Sequence[str]) -> str:
    """Give lines of a log as a list of Markdown."""
    return "\n".join(texts.EXCERPT_LINE.format(line=line.replace("`", "'")) for line in said)


def _told(one: Probe) -> str:
    if one.is_elsewhere:
        return texts.ELSEWHERE
    if not one.is_looked_at:
        return texts.PREPARED
    if one.cause is not None:
        return cell(causes.explain(cause_of_code(one.cause)(**one.told)))
    facts = {
        name: size(int(value)) if name in ("free", "total", "free_memory") else value
        for name, value in one.facts.items()
    }
    words = {"worker": texts.WORKER, "space": texts.SPACE}.get(one.of, texts.GOOD)
    return words.format(**facts)
