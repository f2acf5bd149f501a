"""Use two repositories in one call of restic, which has room for the keys of one store of objects.

Of two with different keys the one that is read from is given out on a UNIX socket of this worker meanwhile,
as it would be to a machine: it needs no keys there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from respaldo.domain.errors import RepositoryError
from respaldo.hosts.bridging import bridged
from respaldo.hosts.objects import StorePlace
from respaldo.hosts.socket_folder import socket_folder
from respaldo.restic.access import Access
from respaldo.restic.argv import Place, are_apart, together
from respaldo.restic.bridging import place_of

_PREFIX = "respaldo-beside-"


@contextlib.contextmanager
def beside(first: Place, second: Place, facts: Mapping[str, str]) -> Iterator[tuple[Place, Place]]:
    """Give two places as one call can enter them, that reads from the first and writes to the second.

    :param facts: name the first one in an error.
    :raises RepositoryError: the first one is not there, does not let us in, or does not answer.
    """
    if not are_apart(first, second):
        yield together(first, second)
        return
    there = place_of(first)
    assert isinstance(there, StorePlace)  # noqa: S101  (only such places are apart)
    with socket_folder(_PREFIX) as folder, contextlib.ExitStack() as bridge:
        listening = folder / "first.sock"
        try:
            bridge.enter_context(bridged(there, listening, location=first.location))
        except RepositoryError as error:
            raise type(error)(**facts, said=error.facts.get("said", "")) from error
        location = f"rest:http+unix://{listening}:/"
        yield together(replace(first, location=location, access=Access(location)), second)
