"""What can keep an embedded installation from starting; the texts are in ``respaldo.texts.embedded``."""

from __future__ import annotations

from respaldo.domain.errors import SetupError


class EmbeddedError(SetupError):
    """The installation cannot be started, stopped or reached."""


class ConfigurationError(EmbeddedError):
    """``organization.yaml`` or ``repositories.yaml`` cannot be used."""

    code = "embedded_configuration"


class SocketFolderError(EmbeddedError):
    """The short folder for sockets belongs to somebody else, or is a link."""

    code = "embedded_socket_folder"


class ServerUserError(EmbeddedError):
    """PostgreSQL refuses root, and nobody else can reach its folders."""

    code = "embedded_server_user"


class ServerMissingError(EmbeddedError):
    """The environment has no PostgreSQL programs."""

    code = "embedded_server_missing"


class NoPortError(EmbeddedError):
    code = "embedded_no_port"


class ProgramFailedError(EmbeddedError):
    """A program of the installation ended, or never became ready; ``log`` says why."""

    code = "embedded_program_failed"


class ProcessesLeftError(EmbeddedError):
    """Processes of the installation survived even SIGKILL."""

    code = "embedded_processes_left"


class ApiError(EmbeddedError):
    """Airflow's REST API refused a request."""

    code = "embedded_api"
