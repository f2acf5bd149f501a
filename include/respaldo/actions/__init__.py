"""What is done in a run, one verb a module: plain Python, no Airflow."""
