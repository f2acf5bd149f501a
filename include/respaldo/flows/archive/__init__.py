"""The archive of the form (activity 26)."""
