"""The DAG of the archive of the form."""

from respaldo.flows.archive.dag import airflow_archive_dag

fm007_archive = airflow_archive_dag()
