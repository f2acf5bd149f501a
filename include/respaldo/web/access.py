"""Who may see a page: by Airflow's permissions, and by the duties of organization.yaml. Decided only here."""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_view
from fastapi import HTTPException, Request

from respaldo.config.configuration import folder, load_organization
from respaldo.domain.duties import sees_more_than_report

REPORT_PAGES = ("/fm007", "/run")
"""What the beginning of a page's address says that everybody sees who sees Airflow's website."""

sees_website = requires_access_view(AccessView.WEBSITE)
"""A dependency of every route: 401 without a session, 403 for a user without that permission."""


def sees_page(request: Request, user: GetUserDep) -> None:
    """Let everybody see the report, and the other pages only who may see runs.

    Airflow's simple manager of users lets all of them see runs: there organization.yaml alone keeps out who
    has the report and nothing else.

    :raises HTTPException: 403.
    """
    if request.scope["route"].path.startswith(REPORT_PAGES):
        return
    organization = load_organization(folder())
    is_ours = any(user.get_name() in role.users for role in organization.roles.values())
    has_duty = not is_ours or sees_more_than_report(organization.duties_of_user(user.get_name()))
    if not (has_duty and _sees_runs(user)):
        raise HTTPException(403)


def _sees_runs(user: GetUserDep) -> bool:
    runs = DagAccessEntity.RUN
    return bool(get_auth_manager().is_authorized_dag(method="GET", access_entity=runs, user=user))
