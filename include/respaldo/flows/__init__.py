"""The DAGs: the procedure's flow, and nothing of the work that its tasks do."""
