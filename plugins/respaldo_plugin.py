"""Puts the page TIC-FM007 into the Airflow UI."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from respaldo.web.language import SpanishFirst
from respaldo.web.mounting import EXTERNAL_VIEWS, PREFIX, LateApp


class RespaldoPlugin(AirflowPlugin):
    """The pages under their prefix, their entries in the menu and in each DAG run; a UI in Spanish."""

    name = "respaldo"
    fastapi_apps: ClassVar[list[Any]] = [{"app": LateApp(), "url_prefix": PREFIX, "name": "Respaldo"}]
    fastapi_root_middlewares: ClassVar[list[Any]] = [{"name": "Respaldo", "middleware": SpanishFirst}]
    external_views: ClassVar[list[Any]] = [dict(view) for view in EXTERNAL_VIEWS]
