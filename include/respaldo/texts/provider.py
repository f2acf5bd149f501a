"""The words of the connection form."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """What one field of the form is called, and what goes in."""

    label: str
    hint: str


DESCRIPTION = "Copias de seguridad con restic según el procedimiento TIC-PR009."
FIELD = "Secreto maestro"
FIELD_HINT = "El del sobre: de él se derivan todas las contraseñas del repositorio"
LOGIN = "Usuario del servidor, o identificador de la llave"
LOGIN_HINT = "rest: el usuario; s3: el identificador de la llave (access key id); en los demás, vacío"
FIELDS = {
    "secret": Field(
        "Contraseña del servidor (rest) o llave secreta (s3)",
        "La del usuario, o la de la llave (secret access key): no es el secreto maestro.",
    ),
    "private_key": Field(
        "Clave privada (sftp)", "El texto completo de la clave con la que se entra al servidor."
    ),
    "key_file": Field(
        "Archivo de la clave privada (sftp)", "En vez del texto: dónde está en cada trabajador."
    ),
    "private_key_passphrase": Field("Frase de la clave privada (sftp)", "Solo si la clave la tiene."),
    "host_key": Field(
        "Clave pública del servidor (sftp)",
        "Como la muestra ssh-keyscan, sin el nombre: «ssh-ed25519 AAAA…». Si falta, la de known_hosts del trabajador.",
    ),
    "jump": Field(
        "Equipo de salto (sftp)", "usuario@equipo:puerto, si al servidor se llega por otro equipo."
    ),
    "jump_host_key": Field("Clave pública del equipo de salto (sftp)", "Como la del servidor."),
}
COMPLETE = "La conexión tiene un secreto maestro."
INCOMPLETE = "La conexión no tiene secreto maestro."
