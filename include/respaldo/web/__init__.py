"""The page of the report in the Airflow UI."""
