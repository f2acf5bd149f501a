"""The words of the connection form."""

from __future__ import annotations

DESCRIPTION = "Copias de seguridad con restic según el procedimiento TIC-PR009."
FIELD = "Secreto maestro"
FIELD_HINT = "El del sobre: de él se derivan todas las contraseñas del repositorio"
COMPLETE = "La conexión tiene un secreto maestro."
INCOMPLETE = "La conexión no tiene secreto maestro."
