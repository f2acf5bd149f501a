"""The page's application: its routes behind Airflow's session, its failures in words."""

from __future__ import annotations

import logging

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from respaldo.connections import REPORT
from respaldo.domain.errors import RespaldoError
from respaldo.domain.problems import ConfigurationProblemsError
from respaldo.texts import web as texts
from respaldo.web import media, programming, rendering, routes
from respaldo.web.access import sees_page, sees_website

log = logging.getLogger(__name__)


def build() -> FastAPI:
    """Make the application. It only reads, and shows nothing of its own making (no API documentation)."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(sees_website), Depends(sees_page)],
    )
    app.include_router(routes.router)
    app.include_router(programming.router)
    app.include_router(media.router)
    app.middleware("http")(rendering.with_rules)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(RespaldoError)(_unavailable)
    app.exception_handler(ConfigurationProblemsError)(_misconfigured)
    return app


async def _refused(_: Request, error: HTTPException) -> Response:
    title, advice = texts.ERRORS.get(error.status_code, (str(error.status_code), error.detail))
    return rendering.message(title, advice, status=error.status_code, headers=error.headers)


async def _invalid(_: Request, __: RequestValidationError) -> Response:
    return rendering.message(*texts.ERRORS[400], status=400)


async def _unavailable(_: Request, error: RespaldoError) -> Response:
    """Say that the report cannot be read; addresses and users of servers are for the log alone."""
    log.warning(texts.REFUSED, error)
    advice = texts.UNAVAILABLE_ADVICE.get(error.code, texts.UNAVAILABLE_OTHERWISE).format(connection=REPORT)
    return rendering.message(texts.UNAVAILABLE, advice, texts.RUNS_GO_ON, status=503)


async def _misconfigured(_: Request, error: ConfigurationProblemsError) -> Response:
    log.warning(texts.REFUSED, error)
    return rendering.message(texts.UNAVAILABLE, texts.INVALID_CONFIGURATION, status=503)
