"""The DAGs behind a failed backup: its analysis (activities 14, 15), and the watch over all runs."""
