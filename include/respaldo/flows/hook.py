"""The hook behind the connection type ``restic``: Airflow wants one for its form and its test button."""

from __future__ import annotations

from airflow.sdk import BaseHook

from respaldo.texts import provider as texts


class ResticHook(BaseHook):
    """Holds one repository's master secret; the work is done by `respaldo.restic`."""

    conn_name_attr = "restic_conn_id"
    default_conn_name = "respaldo_principal"
    conn_type = "restic"
    hook_name = "restic"

    def __init__(self, restic_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.restic_conn_id = restic_conn_id

    def test_connection(self) -> tuple[bool, str]:
        """Tell whether there is a secret. Whether it opens a repository, each run shows."""
        if self.get_connection(self.restic_conn_id).password:
            return True, texts.COMPLETE
        return False, texts.INCOMPLETE
