"""The DAG of restore requests: activities 17 to 26."""
