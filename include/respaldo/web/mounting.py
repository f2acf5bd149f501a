"""What the plugin hands to Airflow: the page's application and its entries in the UI."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from respaldo.texts.media import TITLE as MEDIA
from respaldo.texts.programming import TITLE as PROGRAMMING
from respaldo.texts.web import TITLE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/respaldo"

EXTERNAL_VIEWS = (
    {
        "name": TITLE,
        "href": f"{PREFIX}/fm007",
        "destination": "nav",
        "category": "browse",
        "url_route": "tic-fm007",
    },
    {
        "name": PROGRAMMING,
        "href": f"{PREFIX}/plan",
        "destination": "nav",
        "category": "browse",
        "url_route": "programacion",
    },
    {
        "name": MEDIA,
        "href": f"{PREFIX}/media",
        "destination": "nav",
        "category": "browse",
        "url_route": "medios",
    },
    {
        "name": TITLE,
        "href": f"{PREFIX}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
        "destination": "dag_run",
        "url_route": "tic-fm007-run",
    },
)
"""The entries in the menu, and the tab of each DAG run. Airflow puts the escaped ids in the braces."""


class LateApp:
    """The application, built at its first request.

    Airflow loads plugins in every process, each task's too; only the API server needs FastAPI.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        await _built()(scope, receive, send)


@functools.cache
def _built() -> ASGIApp:
    from respaldo.web.app import build

    return build()
