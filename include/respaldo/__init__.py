"""Respaldo: the backups of a public entity, run, verified and reported the way its procedure says."""

__version__ = "0.1.0"
