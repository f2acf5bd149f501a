"""Airflow and PostgreSQL on one machine, in one folder, without a container and without root."""
