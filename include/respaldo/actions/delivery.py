"""Where a request's data go: the destination that was asked for, with the names that this request has."""

from __future__ import annotations

from respaldo.config.home import Home
from respaldo.domain.requests import RestoreRequest
from respaldo.domain.restoring import Delivery, Identified, Which


def delivery(home: Home, request: RestoreRequest, key: str, which: Which) -> Delivery:
    """Give the delivery of the first or the second copy. What each leaves has names of its own."""
    name = key if which == "first" else f"2{key}"
    return Delivery(destination=request.destination, key=name, staging=str(home.restored / name))


def is_our_own(request: RestoreRequest, first: Identified) -> bool:
    """Tell whether what the first copy left is only this request's: at a place apart that was empty before.

    What came back to its original place is in use again.
    """
    return not first.touches and request.destination.kind != "original"


def over_our_own(delivery: Delivery, first: Identified) -> Delivery:
    """Let the second copy replace what the first one left at a place that was empty before: it is ours."""
    if first.touches or delivery.destination.kind not in ("path", "database"):
        return delivery
    destination = delivery.destination.model_copy(update={"overwrite": "always"})
    return delivery.model_copy(update={"destination": destination})
