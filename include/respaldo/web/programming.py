"""The page of the programming: which scope runs when, in the days to come (activity 1)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi import Query as QueryParameter
from pydantic import BaseModel, Field
from starlette.responses import Response

from respaldo import connections
from respaldo.config.agenda import agenda
from respaldo.config.configuration import Configuration, folder, load
from respaldo.domain.errors import ConnectionMissingError, ReportError
from respaldo.flows import programming
from respaldo.flows.names import dag_id_of
from respaldo.report.contracts import KnownContract, contracts
from respaldo.texts import programming as texts
from respaldo.web.query import ScopeChoice
from respaldo.web.rendering import html

log = logging.getLogger(__name__)

PERIODS = (1, 7, 14, 31)
"""Days that the page offers."""

router = APIRouter()


class Query(BaseModel):
    """How far to look, and at which scope."""

    days: Annotated[int, Field(ge=1, le=366)] = 7
    scope: ScopeChoice = None


def switched_off() -> frozenset[str]:
    """Ask Airflow's database, which its API server may use, for the DAGs that run by no schedule now."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return frozenset(session.scalars(select(DagModel.dag_id).where(DagModel.is_paused)))


@router.get("/plan")
def plan(
    query: Annotated[Query, QueryParameter()], off: Annotated[frozenset[str], Depends(switched_off)]
) -> Response:
    """Show the days to come, and the scopes that do not come in them."""
    configuration = load(folder())
    organization = configuration.organization
    known = _contracts(configuration)
    found = agenda(configuration, datetime.now(UTC), query.days, query.scope)
    return html(
        "plan.html",
        organization=organization,
        zone=ZoneInfo(organization.timezone),
        p=texts,
        words=programming,
        told=programming.Words(organization, known or ()),
        no_renewals=known is None,
        query=query,
        periods=sorted({*PERIODS, query.days}),
        agenda=found,
        scopes={scope.id: scope.settings.name for scope in configuration.all_scopes.values()},
        off={scope_id for scope_id in configuration.all_scopes if dag_id_of(scope_id) in off},
    )


def _contracts(configuration: Configuration) -> tuple[KnownContract, ...] | None:
    """Ask the report for renewals, if there is a contract at all. None: it cannot be asked."""
    if not any(scope.settings.contract for scope in configuration.all_scopes.values()):
        return ()
    try:
        return contracts(connections.endpoint(connections.REPORT))
    except (ReportError, ConnectionMissingError) as error:
        log.warning("%s", error)
        return None
