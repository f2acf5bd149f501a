"""Which DAGs the duties are about, by kind."""

from __future__ import annotations

from respaldo.config.configuration import Configuration
from respaldo.domain.duties import Kind
from respaldo.flows.archive.names import ARCHIVE
from respaldo.flows.contracts.names import CONTRACTING
from respaldo.flows.failures.names import ANALYSIS
from respaldo.flows.media.names import MEDIA
from respaldo.flows.names import dag_id_of
from respaldo.flows.requests.names import RESTORE_REQUEST


def dags_of(configuration: Configuration) -> dict[Kind, frozenset[str]]:
    """Give the DAG ids of each kind: of a scope that cannot be read too, since it has a DAG that says so.

    The watches are nobody's to start: they look around by themselves.
    """
    scopes = (*configuration.all_scopes, *configuration.invalid)
    return {
        "scopes": frozenset(map(dag_id_of, scopes)),
        "manual": frozenset(map(dag_id_of, configuration.manual)),
        "failures": frozenset([ANALYSIS]),
        "requests": frozenset([RESTORE_REQUEST]),
        "contracts": frozenset([CONTRACTING]),
        "media": frozenset([MEDIA]),
        "archive": frozenset([ARCHIVE]),
    }
