"""From Airflow's connections to the values that the work is done with: the only place that reads secrets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError

from respaldo.domain.errors import ConnectionIncompleteError, ConnectionMissingError
from respaldo.domain.values import Endpoint
from respaldo.hosts.settings import HostSettings
from respaldo.hosts.ssh import Host
from respaldo.restic.access import Login

if TYPE_CHECKING:
    from airflow.sdk import Connection

REPORT = "respaldo_report"
"""The connection of the report database."""


def master_secret(name: str) -> SecretStr:
    """Give the master secret that a connection of type ``restic`` holds as its password."""
    return password(name)


def repository_login(name: str) -> Login:
    """Give how a repository's server is entered: what its connection of type ``restic`` holds of that.

    :raises ConnectionIncompleteError: its private key cannot be read, or its passphrase does not open it.
    """
    found = _get(name)
    extra: dict[str, Any] = found.extra_dejson
    return Login(
        user=found.login or None,
        secret=SecretStr(extra["secret"]) if extra.get("secret") else None,
        private_key=_without_passphrase(name, _private_key(name, extra), extra.get("private_key_passphrase")),
        host_key=extra.get("host_key") or None,
        jump=extra.get("jump") or None,
        jump_host_key=extra.get("jump_host_key") or None,
    )


def _without_passphrase(name: str, key: SecretStr | None, passphrase: str | None) -> SecretStr | None:
    """Open a private key: OpenSSH's client has nobody to ask for the passphrase."""
    if key is None:
        return None
    import asyncssh

    try:
        opened = asyncssh.import_private_key(key.get_secret_value(), passphrase or None)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise ConnectionIncompleteError(connection=name, field=f"private_key ({error})") from error
    return SecretStr(opened.export_private_key("openssh").decode())


def password(name: str) -> SecretStr:
    """Give the password that a connection holds, of whatever type it is.

    :raises ConnectionIncompleteError: it holds none.
    """
    found = _get(name).password
    if not found:
        raise ConnectionIncompleteError(connection=name, field="password")
    return SecretStr(found)


def endpoint(name: str) -> Endpoint:
    """Give the server that a connection leads to."""
    found = _get(name)
    return Endpoint(
        name=name,
        # MySQL's connections name a socket beside the host.
        host=found.extra_dejson.get("unix_socket") or found.host or None,
        port=found.port,
        user=found.login or None,
        password=SecretStr(found.password) if found.password else None,
        database=found.schema or None,
    )


def ssh_host(name: str) -> Host:
    """Give the machine that a connection of type ``ssh`` leads to, with those on the way to it.

    :raises ConnectionIncompleteError: one names no machine, its key cannot be read, it would have the
        machine's key not looked at, or the way never comes to an end.
    """
    return _ssh_host(name, ())


def _ssh_host(name: str, followed: tuple[str, ...]) -> Host:
    if name in followed:
        way = " → ".join((*followed, name))
        raise ConnectionIncompleteError(connection=followed[0], field=f"jump ({way})")
    found = _get(name)
    extra: dict[str, Any] = found.extra_dejson
    if not found.host:
        raise ConnectionIncompleteError(connection=name, field="host")
    if any(str(extra.get(key)).lower() == "true" for key in ("no_host_key_check", "allow_host_key_change")):
        raise ConnectionIncompleteError(connection=name, field="host_key")
    passphrase = extra.get("private_key_passphrase")
    return Host(
        name=name,
        address=found.host,
        port=found.port or 22,
        user=found.login or None,
        password=SecretStr(found.password) if found.password else None,
        private_key=_private_key(name, extra),
        passphrase=SecretStr(passphrase) if passphrase else None,
        host_key=extra.get("host_key") or None,
        jump=_ssh_host(extra["jump"], (*followed, name)) if extra.get("jump") else None,
    )


def host_settings(name: str) -> HostSettings:
    """Give how the machine that a connection of type ``ssh`` leads to is worked on.

    :raises ConnectionIncompleteError: something under ``respaldo`` in its extra is not good.
    """
    try:
        return HostSettings.model_validate(_get(name).extra_dejson.get("respaldo") or {})
    except ValidationError as error:
        mistake = error.errors(include_url=False)[0]
        field = ".".join(map(str, ("respaldo", *mistake["loc"])))
        raise ConnectionIncompleteError(connection=name, field=f"{field} ({mistake['msg']})") from error


def keep_host_key(name: str, key: str) -> bool:
    """Write a machine's key into its connection; tell whether that is the one which counts from now on.

    It does not where the connection is in the environment or a secrets backend: there it must be written.
    """
    from airflow.models.connection import Connection as StoredConnection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalar(select(StoredConnection).where(StoredConnection.conn_id == name))
        if found is not None:
            found.set_extra(json.dumps(found.extra_dejson | {"host_key": key}))
    return ssh_host(name).host_key == key


def _private_key(name: str, extra: dict[str, Any]) -> SecretStr | None:
    if extra.get("private_key"):
        return SecretStr(extra["private_key"])
    if not extra.get("key_file"):
        return None
    try:
        return SecretStr(Path(extra["key_file"]).read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectionIncompleteError(connection=name, field=f"key_file ({error})") from error


def services(name: str) -> tuple[SecretStr, ...]:
    """Give the URLs that a connection of type ``apprise`` holds: one for each service that passes news on.

    :raises ConnectionMissingError: there is no such connection.
    :raises ConnectionIncompleteError: it holds none, or not as Airflow's form for this type writes them.
    """
    try:
        config = _get(name).extra_dejson["config"]
        config = json.loads(config) if isinstance(config, str) else config
        urls = tuple(SecretStr(one["path"]) for one in (config if isinstance(config, list) else [config]))
    except (ValueError, TypeError, KeyError):
        # Without its cause, which quotes what it could not read: URLs with their secrets.
        raise ConnectionIncompleteError(connection=name, field="config") from None
    if not urls:
        raise ConnectionIncompleteError(connection=name, field="config")
    return urls


def exists(name: str) -> bool:
    """Whether Airflow knows a connection."""
    return type_of(name) is not None


def type_of(name: str) -> str | None:
    """Give the type of a connection; None: Airflow does not know it."""
    try:
        return str(_get(name).conn_type)
    except ConnectionMissingError:
        return None


def _get(name: str) -> Connection | Any:  # noqa: ANN401  (outside a task Airflow gives its own class)
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        if _in_a_task():
            from airflow.sdk import Connection

            return Connection.get(name)
        # At a terminal there is no task runner to ask: Airflow's own database is.
        from airflow.models.connection import Connection as StoredConnection

        return StoredConnection.get_connection_from_secrets(name)
    except AirflowNotFoundException as error:
        raise ConnectionMissingError(connection=name) from error


def _in_a_task() -> bool:
    """Whether a task runner answers for connections; Airflow itself tells it in this way."""
    return hasattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS")
