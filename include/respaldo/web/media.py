"""The page of media: a list to search by label, one medium with what it holds, labels for printing (16)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi import Query as QueryParameter
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from respaldo import connections
from respaldo.config.configuration import folder, load_organization
from respaldo.domain.labels import as_label
from respaldo.domain.media import MediumState
from respaldo.domain.values import Endpoint
from respaldo.report import label_sheets, media_pages
from respaldo.report.media_pages import MediaSelection
from respaldo.texts import media as texts
from respaldo.texts.report import TERMS
from respaldo.web.query import Choice, ScopeChoice, blank_is_none
from respaldo.web.rendering import html

PAGE_ROWS = 50
MOST_PRINTED = 480
"""Twenty sheets of the usual size: a selection is narrowed down for more."""

router = APIRouter()


class Query(BaseModel):
    """The filters, as the form sends them. A label may be a part of one."""

    label: Annotated[Choice, BeforeValidator(as_label)] = None
    kind: Choice = None
    state: Annotated[MediumState | None, blank_is_none] = None
    scope: ScopeChoice = None

    def selection(self) -> MediaSelection:
        """Give the media that are meant."""
        return MediaSelection.model_validate(self.model_dump(include=_FILTERS))

    def encoded(self, **more: object) -> str:
        """Write it as the query of an address again."""
        return urlencode(self.model_dump(exclude_none=True, include=_FILTERS) | more)


class PageQuery(Query):
    """The filters and the number of the page, from 1."""

    page: Annotated[int, Field(ge=1, le=10**9)] = 1


_FILTERS = set(Query.model_fields)


@router.get("/media")
def media(query: Annotated[PageQuery, QueryParameter()]) -> Response:
    """Show the medium whose label was typed or scanned; the list where that is no whole label."""
    organization = load_organization(folder())
    zone = ZoneInfo(organization.timezone)
    found = media_pages.in_full(_report(), query.label) if query.label else None
    if found is not None:
        return html("medium.html", organization=organization, zone=zone, m=texts, medium=found)
    page = media_pages.page(_report(), query.selection(), query.page, PAGE_ROWS)
    return html(
        "media.html",
        organization=organization,
        zone=zone,
        m=texts,
        query=query,
        page=page,
        states=TERMS["medium_state"],
        most=MOST_PRINTED,
    )


@router.get("/media.pdf")
def labels(query: Annotated[Query, QueryParameter()]) -> Response:
    """Give the labels of one medium, or of the selection, for printing."""
    organization = load_organization(folder())
    zone = ZoneInfo(organization.timezone)
    rows = media_pages.labelled(_report(), [query.label] if query.label else [])
    rows = rows or media_pages.selected(_report(), query.selection(), MOST_PRINTED)
    document = label_sheets.as_pdf(
        rows,
        entity=organization.name,
        sheet=organization.media.sheet.model_dump(),
        zone=zone,
        made_at=datetime.now(zone),
    )
    headers = {"Content-Disposition": f'attachment; filename="{texts.FILE}"'}
    return Response(document, media_type="application/pdf", headers=headers)


def _report() -> Endpoint:
    return connections.endpoint(connections.REPORT)
