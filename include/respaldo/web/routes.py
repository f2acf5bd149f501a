"""The page's routes. All of them read; each is behind Airflow's session (``respaldo.web.app``)."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi import Path as PathParameter
from fastapi import Query as QueryParameter
from starlette.responses import Response

from respaldo import connections
from respaldo.config.configuration import folder
from respaldo.config.document import read, validated
from respaldo.config.organization import Organization
from respaldo.domain.values import Endpoint, Run
from respaldo.report import export, pages
from respaldo.texts import report as report_texts
from respaldo.texts import web as texts
from respaldo.web import words
from respaldo.web.query import PageQuery, Query
from respaldo.web.rendering import html, message

PAGE_ROWS = 50
MOST_ROWS = 35_000
"""In a file: a month of a thousand scopes. A row takes 11 kB of memory as CSV, 23 as JSON."""

router = APIRouter()
RunKey = Annotated[str, PathParameter(pattern="^[0-9a-f]{16}$")]


@router.get("/fm007")
def fm007(query: Annotated[PageQuery, QueryParameter()]) -> Response:
    """Show a page of the form, newest first."""
    organization = _organization()
    zone = ZoneInfo(organization.timezone)
    found = pages.page(_report(), query.selection(zone), query.page, PAGE_ROWS)
    return html(
        "list.html",
        organization=organization,
        zone=zone,
        query=query,
        page=found,
        counts=words.counts(found.totals.runs),
        states=report_texts.TERMS["state"],
    )


@router.get("/fm007.csv")
def as_csv(query: Annotated[Query, QueryParameter()]) -> Response:
    """Give the selection to a spreadsheet."""
    zone = ZoneInfo(_organization().timezone)
    rows = pages.selected(_report(), query.selection(zone), MOST_ROWS)
    if rows is None:
        return _too_many()
    # Spreadsheets take a text without this mark for one of another encoding.
    return _file("\ufeff" + export.as_csv(rows, zone), "csv", "text/csv")


@router.get("/fm007.json")
def as_json(query: Annotated[Query, QueryParameter()]) -> Response:
    """Give the selection to a program."""
    zone = ZoneInfo(_organization().timezone)
    rows = pages.selected(_report(), query.selection(zone), MOST_ROWS)
    if rows is None:
        return _too_many()
    return _file(export.as_json(rows, zone), "json", "application/json")


@router.get("/fm007/{run_key}")
def form(run_key: RunKey) -> Response:
    """Show one row in full, with its history."""
    return _form(run_key, back="../fm007")


@router.get("/run")
def run(dag_id: str, run_id: str) -> Response:
    """Show the row of an Airflow run."""
    return _form(Run(dag_id=dag_id, run_id=run_id, scope_id="").key, back="fm007")


def _form(run_key: str, back: str) -> Response:
    organization = _organization()
    zone = ZoneInfo(organization.timezone)
    found = pages.form(_report(), run_key)
    if found is None:
        return message(*texts.NO_ROW, status=404)
    return html(
        "form.html",
        organization=organization,
        zone=zone,
        row=found.row,
        entries=words.entries(found.history, zone),
        back=back,
    )


def _too_many() -> Response:
    title, advice = texts.TOO_MANY
    return message(title, advice.format(most=MOST_ROWS), status=413)


def _report() -> Endpoint:
    return connections.endpoint(connections.REPORT)


def _organization() -> Organization:
    return validated(read(folder() / "organization.yaml"), Organization)


def _file(text: str, extension: str, media_type: str) -> Response:
    name = texts.FILE.format(extension=extension)
    return Response(
        text, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
