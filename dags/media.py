"""The DAG of media and their labels."""

from respaldo.flows.media.dag import airflow_media_dag

media = airflow_media_dag()
