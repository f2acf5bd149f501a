"""Check and write down a movement of a medium."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from respaldo.config.configuration import folder, load_organization
from respaldo.config.organization import Organization
from respaldo.domain.labels import as_label, series
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.flows.media.form import movement
from respaldo.flows.workplace import Workplace
from respaldo.report.movements import refused
from respaldo.texts import media as texts
from respaldo.texts.report import TERMS

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def record(context: Context) -> str:
    """Write what the form says, and give the medium's label.

    :raises MediumRefusedError: it cannot be so, or who sent it has no such duty; nothing was written.
    :raises ReportUnavailableError, ReportSchemaError: see ``connected``.
    """
    place, given = Workplace.of("", context), context["params"]
    user = context["dag_run"].triggering_user_name or ""
    named = str(as_label(given.get("label")) or "")
    try:
        organization = load_organization(folder())
    except ConfigurationProblemsError as error:
        raise refused(named, "organization") from error
    if "media" not in organization.duties_of_user(user):
        raise refused(named, "not_allowed", user=user or texts.NOBODY)
    moved = movement(given, user)
    now = datetime.now(ZoneInfo(organization.timezone))
    pattern = _series(organization, now, moved.site or "")
    medium = place.report.move(moved, series=pattern, by=place.run.key, at=now)
    state = TERMS["medium_state"][medium.state]
    log.info(texts.RECORDED, medium.label, texts.MOVES[moved.move], state, medium.site or texts.NOWHERE)
    return medium.label


def _series(organization: Organization, now: datetime, site: str) -> str:
    return series(organization.media.label, year=now.year, site=site)
