"""An installation made of containers: its secrets, its preparation, its health, and how it comes back."""
