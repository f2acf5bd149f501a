"""Write the letter that a requester gets (activity 25), from the story of the request."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment

from respaldo.config.configuration import Configuration, ConfiguredScope
from respaldo.domain.requests import Decision, Outcome, Story
from respaldo.domain.restoring import Which
from respaldo.flows.requests import told
from respaldo.flows.wording import moment
from respaldo.report.export import size
from respaldo.texts import letter as texts
from respaldo.texts import requests as words

_OPTIONS = words.ANALYSES | words.AUTHORIZATIONS | words.ACCEPTANCES


def subject(story: Story, outcome: Outcome) -> str:
    ticket = (story.request.ticket if story.request else None) or texts.NO_TICKET
    # A header is one line: a mail with more is refused.
    return " ".join(texts.SUBJECT.format(ticket=ticket, outcome=texts.OUTCOMES[outcome]).split())


def write(story: Story, outcome: Outcome, scope: ConfiguredScope, configuration: Configuration) -> str:
    """Give the letter as plain text: what was asked, what was done, from which copy, who decided what."""
    zone = ZoneInfo(configuration.organization.timezone)
    request = story.request
    text = _TEMPLATE.render(
        request=request,
        outcome=texts.OUTCOMES[outcome],
        wanted=told.wanted(request.wanted, zone) if request else words.NOTHING,
        scope=scope.settings.name,
        copies=[_copy(story, which, configuration, zone) for which in story.findings],
        backups=[_backup(step, run) for step, run in story.backups.items()],
        failures=story.failures,
        decisions=[_decision(step, one, zone) for step, one in story.decisions.items()],
        organization=configuration.organization.name,
        process=configuration.organization.process,
    )
    return text.strip() + "\n"


def _copy(story: Story, which: Which, configuration: Configuration, zone: ZoneInfo) -> dict[str, Any]:
    finding, identified = story.findings[which], story.identified.get(which)
    restored = story.restored.get(which)
    known = configuration.repositories.get(finding.repository or "")
    return {
        "title": texts.COPY_TITLES[which],
        "number": identified.number if identified else words.NOTHING,
        "taken_at": moment(identified.taken_at if identified else None, zone),
        "repository": finding.repository or words.NOTHING,
        "site": known.site if known else None,
        "problem": finding.told if finding.state != "good" else None,
        "where": ", ".join(restored.where) if restored else None,
        "files": restored.files if restored else 0,
        "size": size(restored.size_bytes) if restored else None,
        "evidence": told.evidence(restored.evidence) if restored else None,
        "kept": ", ".join(restored.kept) if restored else None,
    }


def _backup(step: str, run: str) -> str:
    return texts.BACKUPS[step.removeprefix("second_")].format(run=run)


def _decision(step: str, decision: Decision, zone: ZoneInfo) -> str:
    return texts.DECISION.format(
        step=texts.STEPS[step],
        option=_OPTIONS[decision.option],
        by=decision.by,
        at=moment(decision.at, zone),
        note=texts.NOTE.format(note=decision.note) if decision.note else "",
    )


# Plain text: what people wrote is not markup here. The mail escapes it.
_TEMPLATE = Environment(autoescape=False, keep_trailing_newline=True).from_string(texts.LETTER)  # noqa: S701
