"""All scopes' DAGs from the configuration's folder."""

from __future__ import annotations

from airflow.sdk import DAG, get_parsing_context

from respaldo.config.configuration import folder, load, scope_files
from respaldo.domain.problems import ConfigurationProblemsError, Problem
from respaldo.flows.backup import backup_dag, invalid_dag
from respaldo.flows.external.dag import external_dag
from respaldo.flows.manual.dag import manual_dag
from respaldo.flows.names import dag_id_of

_ZONE_WITHOUT_ORGANIZATION = "America/Bogota"


def airflow_backup_dags() -> dict[str, DAG]:
    """Build one DAG a scope file, by DAG id. A file that cannot be used gives a red DAG that says why.

    While a task runs, only its own DAG is wanted: the others are not even read.
    """
    wanted = _wanted()

    def invalid(scope_id: str, problems: tuple[Problem, ...], zone: str) -> DAG:
        return invalid_dag(scope_id, problems, zone, is_for_a_task=wanted is not None)

    try:
        configuration = load(folder(), wanted)
    except ConfigurationProblemsError as error:
        return {
            dag_id_of(path.stem): invalid(path.stem, error.problems, _ZONE_WITHOUT_ORGANIZATION)
            for path in scope_files(folder())
        }
    zone = configuration.organization.timezone
    dags = {dag_id_of(scope.id): backup_dag(scope, configuration) for scope in configuration.scopes.values()}
    dags |= {dag_id_of(scope.id): manual_dag(scope, configuration) for scope in configuration.manual.values()}
    dags |= {
        dag_id_of(scope.id): external_dag(scope, configuration) for scope in configuration.external.values()
    }
    return {
        dag_id_of(scope_id): invalid(scope_id, problems, zone)
        for scope_id, problems in configuration.invalid.items()
    } | dags


def _wanted() -> str | None:
    """Give the scope whose task is about to run in this process, if one is."""
    dag_id = get_parsing_context().dag_id
    if dag_id is None:
        return None
    return next((path.stem for path in scope_files(folder()) if dag_id_of(path.stem) == dag_id), "")
