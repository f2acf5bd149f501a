"""What Respaldo talks about: errors, values and rules, with no I/O (stdlib and pydantic only)."""
