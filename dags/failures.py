"""The DAGs of failures: the analysis of one, and the watch over all runs."""

from respaldo.flows.failures.dag import airflow_failure_dags

globals().update(airflow_failure_dags())
