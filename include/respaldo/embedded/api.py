"""Airflow's REST API, entered as one of the installation's users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from respaldo.embedded.errors import ApiError

_SECONDS = 60.0
_UNAUTHORIZED = 401


@dataclass
class Api:
    """A session at ``address`` (http://host:port), which asks for a token when it needs one.

    Each call takes a path below ``/api/v2``, returns the decoded answer and raises :class:`ApiError` with the
    server's own words when the request is refused or nobody answers.
    """

    address: str
    user: str
    password: str = field(repr=False)
    _token: str | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        # The machine's proxy is not for a server on this machine.
        self._client = httpx.Client(base_url=self.address, timeout=_SECONDS, trust_env=False)

    def get(self, path: str, **parameters: Any) -> Any:  # noqa: ANN401  (JSON)
        return self._call("GET", path, params=parameters)

    def post(self, path: str, body: Any) -> Any:  # noqa: ANN401  (JSON)
        return self._call("POST", path, json=body)

    def patch(self, path: str, body: Any, **parameters: Any) -> Any:  # noqa: ANN401  (JSON)
        return self._call("PATCH", path, json=body, params=parameters)

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def _call(self, method: str, path: str, **content: Any) -> Any:  # noqa: ANN401  (JSON)
        url = f"/api/v2/{path.lstrip('/')}"
        answer = self._send(method, url, **content)
        if answer.status_code == _UNAUTHORIZED:
            self._token = None
            answer = self._send(method, url, **content)
        return _decoded(answer, f"{method} {url}")

    def _send(self, method: str, url: str, **content: Any) -> httpx.Response:  # noqa: ANN401  (JSON)
        if self._token is None:
            self._token = self._new_token()
        try:
            return self._client.request(
                method, url, headers={"Authorization": f"Bearer {self._token}"}, **content
            )
        except httpx.HTTPError as failure:
            raise ApiError(request=f"{method} {url}", answer=failure) from failure

    def _new_token(self) -> str:
        credentials = {"username": self.user, "password": self.password}
        try:
            answer = self._client.post("/auth/token", json=credentials)
        except httpx.HTTPError as failure:
            raise ApiError(request="POST /auth/token", answer=failure) from failure
        return str(_decoded(answer, "POST /auth/token")["access_token"])


def _decoded(answer: httpx.Response, request: str) -> Any:  # noqa: ANN401  (JSON)
    if not answer.is_success:
        raise ApiError(request=request, answer=f"{answer.status_code} {answer.text}")
    return answer.json() if answer.content else None
