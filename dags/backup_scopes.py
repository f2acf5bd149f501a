"""One Airflow DAG for each scope file of the configuration."""

from respaldo.flows.scopes import airflow_backup_dags

globals().update(airflow_backup_dags())
