"""Leave the ids of FAB's users where tasks can read them: tasks have no access to Airflow's tables."""

from __future__ import annotations

from respaldo.flows.people import USER_IDS, users_are_fabs


def put_user_ids() -> dict[str, str]:
    """Write the Airflow variable of `people` from the users' table, and give it: user name to id.

    Where the users are not FAB's there is nothing to write: their names are their ids.
    """
    if not users_are_fabs():
        return {}
    from airflow.models.variable import Variable
    from airflow.providers.fab.auth_manager.models import User
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.execute(select(User.username, User.id).where(User.active.is_(True)))
        ids = {name: str(number) for name, number in found}
    Variable.set(USER_IDS, ids, serialize_json=True)
    return ids
