"""The procedure's roles in Airflow, where its users are FAB's."""
