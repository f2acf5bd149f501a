"""Where a command runs: this worker."""
