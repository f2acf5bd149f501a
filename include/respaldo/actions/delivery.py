"""Where a request's data go: the destination that was asked for, with the names that this request has."""

from __future__ import annotations

from respaldo.config.home import Home
from respaldo.domain.requests import RestoreRequest
from respaldo.domain.restoring import Delivery, Destination, Identified, Which

_LONGEST_NAME = 40
"""Bytes kept of a database's name: with a key after it PostgreSQL still takes it whole."""


def delivery(
    home: Home, request: RestoreRequest, key: str, which: Which, first: Identified | None = None
) -> Delivery:
    """Give the delivery of the first or the second copy. What each leaves has names of its own.

    :param first: the first copy, once it was identified. Where its data were delivered to a place that was
        empty, people may have worked on them since: the second copy goes beside them.
    """
    name = key if which == "first" else f"2{key}"
    destination = request.destination
    if which == "second" and destination.target and first is not None and not first.touches:
        destination = _beside(destination, name)
    return Delivery(destination=destination, key=name, staging=str(home.restored / name))


def _beside(destination: Destination, name: str) -> Destination:
    target = str(destination.target)
    if destination.kind == "path":
        beside = f"{target.rstrip('/')}/{name}"
    else:
        beside = f"{target.encode()[:_LONGEST_NAME].decode(errors='ignore')}_{name}"
    return destination.model_copy(update={"target": beside})
