"""Turns the templates into answers, each with the rules that its browser must follow."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from respaldo.texts import report as report_texts
from respaldo.texts import web as texts
from respaldo.web import words

_HERE = Path(__file__).parent


def html(
    template: str, status: int = 200, headers: Mapping[str, str] | None = None, **facts: object
) -> HTMLResponse:
    """Fill a template; every text in it is escaped."""
    text = _environment().get_template(template).render(facts)
    return HTMLResponse(text, status_code=status, headers=headers)


def message(title: str, *advice: str, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """Give a page that says why there is nothing else on it."""
    return html("message.html", status=status, headers=headers, title=title, advice=advice)


async def with_rules(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Send the rules with an answer: nothing runs, nothing is loaded or kept, only Airflow frames it."""
    response = await call_next(request)
    response.headers.update(_rules())
    return response


@functools.cache
def _rules() -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "frame-ancestors 'self'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


@functools.cache
def _style() -> str:
    return (_HERE / "static" / "fm007.css").read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Our own file, and the one text that is not escaped: the rules name its hash.
    environment.globals.update(t=texts, columns=report_texts.COLUMNS, style=Markup(_style()))  # noqa: S704
    environment.filters.update(told=words.told, sized=words.sized, state_code=words.state_code)
    return environment
