"""The DAG of restore requests."""

from respaldo.flows.requests.dag import airflow_restore_request_dag

restore_request = airflow_restore_request_dag()
