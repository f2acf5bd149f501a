"""Connections as the environment holds them for Airflow."""

from __future__ import annotations

import json

NOWHERE = json.dumps({"conn_type": "postgres", "host": "/nonexistent", "schema": "none", "login": "nobody"})


def connection_to(endpoint):
    """Write a connection as the environment holds one for Airflow."""
    return json.dumps(
        {
            "conn_type": "postgres",
            "host": endpoint.host,
            "login": endpoint.user,
            "schema": endpoint.database,
        }
    )
