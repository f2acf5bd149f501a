"""Who may see the page: a user of Airflow who may see its website. The only place that decides it."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view

sees_website = requires_access_view(AccessView.WEBSITE)
"""A dependency of every route: 401 without a session, 403 for a user without that permission."""
