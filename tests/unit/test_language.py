"""The line by which Airflow's UI opens in Spanish: in its pages, and in nothing else."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.routing import Route

from respaldo.web.language import SpanishFirst

PAGE = "<!doctype html><html><head><title>Añil</title></head><body></body></html>"


def _parts():
    yield PAGE[:30].encode()
    yield PAGE[30:].encode()


ANSWERS = {
    "/page": lambda _: HTMLResponse(PAGE),
    "/ruled": lambda _: HTMLResponse(PAGE, headers={"Content-Security-Policy": "script-src 'self'"}),
    "/packed": lambda _: HTMLResponse(PAGE, headers={"Content-Encoding": "br"}),
    "/data": lambda _: JSONResponse({"text": "<head>"}),
    "/stream": lambda _: StreamingResponse(_parts(), media_type="text/html"),
    "/empty": lambda _: HTMLResponse(""),
}


@pytest.fixture
def client():
    routes = [Route(path, answer, methods=["GET", "POST"]) for path, answer in ANSWERS.items()]
    transport = httpx.ASGITransport(app=SpanishFirst(Starlette(routes=routes)))
    return httpx.AsyncClient(transport=transport, base_url="http://airflow")


async def _ask(client, method, path):
    async with client.stream(method, path) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    return answer, raw


@pytest.mark.anyio
async def test_a_page_keeps_spanish_before_anything_else_and_only_where_nothing_is_kept(client):
    answer, raw = await _ask(client, "GET", "/page")
    assert raw.index(b"<head><script>") < raw.index(b"<title>")
    assert b'localStorage.getItem("i18nextLng")||' in raw
    assert raw.replace(raw[raw.index(b"<script>") : raw.index(b"</script>") + 9], b"") == PAGE.encode()
    assert int(answer.headers["content-length"]) == len(raw)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ruled"),
        ("GET", "/packed"),
        ("GET", "/data"),
        ("GET", "/stream"),
        ("GET", "/empty"),
        ("POST", "/page"),
    ],
)
async def test_what_is_no_plain_page_goes_by_untouched(client, method, path):
    answer, raw = await _ask(client, method, path)
    assert b"i18nextLng" not in raw
    assert answer.status_code == 200
    assert raw in (PAGE.encode(), b'{"text":"<head>"}', b"")


@pytest.fixture
def anyio_backend():
    return "asyncio"
