"""Parts of a request in words, for the decisions, the letter and the log."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from respaldo.config.configuration import ConfiguredScope
from respaldo.domain.requests import RestoreRequest
from respaldo.domain.restoring import Destination, KnownCopy, Wanted
from respaldo.domain.values import Evidence
from respaldo.flows.wording import cell, moment
from respaldo.report.export import size
from respaldo.texts import requests as texts
from respaldo.texts.evidence import FIGURES, REMARKS
from respaldo.texts.report import TERMS


def wanted(what: Wanted, zone: ZoneInfo) -> str:
    if what.moment is not None:
        # To the second at least: which one it is decides what comes back.
        return texts.AS_OF_A_MOMENT.format(moment=what.moment.astimezone(zone).isoformat(" "))
    named = (*what.paths, *what.databases, *what.schemas, *what.tables)
    return ", ".join(named) or texts.EVERYTHING


def destination(where: Destination) -> str:
    told = texts.DESTINATIONS[where.kind]
    return f"{told}: {where.target}" if where.target else told


def evidence(shown: tuple[Evidence, ...]) -> str:
    """Say how something was verified: the ways, and the figures of each."""
    return "; ".join(f"{TERMS['method'][one.method]} ({_figures(one)})" for one in shown)


def request(asked: RestoreRequest, scope: ConfiguredScope, zone: ZoneInfo) -> str:
    """Give the request as a table of Markdown. What people wrote stays in its cell."""
    when = asked.snapshot or (moment(asked.as_of, zone) if asked.as_of else texts.NEWEST)
    return texts.REQUEST_BODY.format(
        requester=cell(asked.requester),
        department=cell(asked.department or texts.NOTHING),
        ticket=cell(asked.ticket or texts.NOTHING),
        what_happened=cell(asked.what_happened),
        scope=cell(scope.settings.name),
        wanted=cell(wanted(asked.wanted, zone)),
        moment=when,
        destination=cell(destination(asked.destination)),
        overwrite=texts.OVERWRITES[asked.destination.overwrite],
    )


def copies(known: tuple[KnownCopy, ...], zone: ZoneInfo) -> str:
    """Give a scope's copies as rows of a table of Markdown."""
    rows = [
        texts.COPY_ROW.format(
            number=copy.number,
            taken_at=moment(copy.taken_at, zone),
            state=TERMS["state"][copy.state],
            size=size(copy.size_bytes),
            files=copy.files,
            first=copy.copies[0].snapshot_id[:12],
            second=f"`{copy.second_copies[0].snapshot_id[:12]}`" if copy.second_copies else texts.NO_SECOND,
        )
        for copy in known
    ]
    return "\n".join(rows) or texts.NO_COPIES


def _figures(shown: Evidence) -> str:
    told = [
        FIGURES[name].format(size(int(value)) if name == "size_bytes" else value)
        for name, value in shown.facts.items()
        if name in FIGURES and value != 0
    ]
    told += [REMARKS[fact] for fact in shown.facts.items() if fact in REMARKS]
    return ", ".join(told)
