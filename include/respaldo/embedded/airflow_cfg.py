"""Airflow's configuration file, written anew at each start. It holds keys: its mode is 0600."""

from __future__ import annotations

import configparser
import io
from collections.abc import Mapping
from importlib.metadata import version
from urllib.parse import quote

from respaldo.embedded.databases import AIRFLOW
from respaldo.embedded.layout import Layout
from respaldo.embedded.ports import HOST
from respaldo.embedded.settings import Settings
from respaldo.preparing import secret_files

_MANAGERS = {
    "simple": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    "fab": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
}
Options = Mapping[str, Mapping[str, str]]


def render(layout: Layout, settings: Settings, port: int) -> str:
    """Give the whole text of ``airflow.cfg``."""
    parser = configparser.ConfigParser(interpolation=None)
    for options in (_core(layout, settings, port), _web(layout, settings, port), _PACE):
        for section, values in options.items():
            # Airflow interpolates: a percent sign stands for itself only when it is doubled.
            parser[section] = {name: value.replace("%", "%%") for name, value in values.items()}
    text = io.StringIO()
    # A new version is a new text, and a new text restarts what runs.
    text.write(f"# Respaldo {version('respaldo')}, Airflow {version('apache-airflow-core')}\n\n")
    parser.write(text)
    return text.getvalue()


def _core(layout: Layout, settings: Settings, port: int) -> Options:
    socket = quote(str(layout.server_sockets), safe="/")
    return {
        "core": {
            "dags_folder": str(layout.project / "dags"),
            "plugins_folder": str(layout.project / "plugins"),
            "load_examples": "False",
            # A thousand scopes take 6 s of computing: ten thousand, or a busy machine, a minute.
            "dagbag_import_timeout": "300",
            "default_timezone": settings.timezone,
            "executor": "LocalExecutor",
            # Workers are forked at once, and each costs memory; a backup mostly waits for its disk.
            "parallelism": "4",
            "hostname_callable": "respaldo.embedded.ports.this_host",
            "fernet_key": secret_files.kept(layout.secrets / "fernet_key", secret_files.fernet_key),
            "auth_manager": _MANAGERS[settings.manager],
            "simple_auth_manager_users": ",".join(f"{user}:{role}" for user, role in settings.users.items()),
            "simple_auth_manager_passwords_file": str(layout.passwords),
            "execution_api_server_url": f"http://{HOST}:{port}/execution/",
        },
        "database": {"sql_alchemy_conn": f"postgresql+psycopg2://{AIRFLOW}@/{AIRFLOW}?host={socket}"},
        "logging": {
            "base_log_folder": str(layout.airflow / "logs"),
            "colored_console_log": "False",
            # Logs are read from the disk, and nobody serves them. Airflow asks nevertheless while a task
            # runs: at the port of "discard", so that it is not another Airflow of this machine who answers.
            "worker_log_server_port": "9",
        },
    }


def _web(layout: Layout, settings: Settings, port: int) -> Options:
    return {
        "api": {
            "instance_name": settings.title,
            "host": HOST,
            "port": str(port),
            "base_url": f"http://localhost:{port}",
            "workers": "1",
            "secret_key": secret_files.kept(layout.secrets / "api_secret_key", secret_files.token),
        },
        "api_auth": {"jwt_secret": secret_files.kept(layout.secrets / "jwt_secret", secret_files.token)},
    }


_PACE: Options = {
    "scheduler": {
        "scheduler_idle_sleep_time": "0.1",
        # A task whose process was killed is tried again after this long, not after five minutes.
        "task_instance_heartbeat_timeout": "60",
        # So is one that a killed scheduler had queued.
        "orphaned_tasks_check_interval": "60",
    },
    "dag_processor": {
        # A new scope shows within half a minute.
        "refresh_interval": "15",
        "min_file_process_interval": "20",
        "parsing_processes": "1",
        "dag_file_processor_timeout": "330",
    },
}
