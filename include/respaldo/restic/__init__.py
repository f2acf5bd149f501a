"""The engine: restic, driven through its command line and its JSON."""
