"""Which DAGs the duties are about, by kind."""

from __future__ import annotations

from respaldo.config.configuration import Configuration
from respaldo.domain.duties import Kind
from respaldo.flows.archive.names import ARCHIVE
from respaldo.flows.failures.names import ANALYSIS
from respaldo.flows.requests.dag import DAG_ID as RESTORE_REQUEST
from respaldo.flows.scope_dag import dag_id_of


def dags_of(configuration: Configuration) -> dict[Kind, frozenset[str]]:
    """Give the DAG ids of each kind: of a scope that cannot be read too, since it has a DAG that says so."""
    scopes = (*configuration.all_scopes, *configuration.invalid)
    return {
        "scopes": frozenset(map(dag_id_of, scopes)),
        "manual": frozenset(map(dag_id_of, configuration.manual)),
        "failures": frozenset([ANALYSIS]),
        "requests": frozenset([RESTORE_REQUEST]),
        "archive": frozenset([ARCHIVE]),
    }
