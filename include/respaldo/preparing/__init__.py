"""What every installation begins with: its secrets, its databases, and what Airflow's own must hold."""
