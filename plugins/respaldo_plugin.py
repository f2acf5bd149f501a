"""Puts the page TIC-FM007 into the Airflow UI."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from respaldo.web.mounting import EXTERNAL_VIEWS, PREFIX, LateApp


class RespaldoPlugin(AirflowPlugin):
    """The application under its prefix, its entry in the menu, and a tab of each DAG run."""

    name = "respaldo"
    fastapi_apps: ClassVar[list[Any]] = [{"app": LateApp(), "url_prefix": PREFIX, "name": "Respaldo"}]
    external_views: ClassVar[list[Any]] = [dict(view) for view in EXTERNAL_VIEWS]
