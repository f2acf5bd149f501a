"""What the recovery of an installation tells whoever sits before an empty server."""

from __future__ import annotations

RECOVER = "Devuelve la configuración y las bases de datos desde los repositorios. La usa scripts/recover."
FOLDER = "CARPETA"
PLACE = "UBICACIÓN"
PROJECT = "Carpeta del proyecto: la que tiene docker-compose.yaml."
LOOK = "Solo mira si el sobre abre las copias y cuáles son las últimas."
PRINCIPAL = "Dónde está el repositorio principal, si no es el de este servidor: rest:https://…"
SECUNDARIO = "Dónde está el repositorio secundario, si no es el de este servidor: rest:https://…"
NO_PLACE = "La ubicación de un repositorio no se puede leer. Se escribe rest:https://servidor:8000, sin usuario ni contraseña."

FOUND = "la del {moment:%Y-%m-%d %H:%M %Z} en «{repository}»"
NEWEST = "La última copia de {scope}: {found}."
PASSED_OVER = "No se puede usar el repositorio «{repository}»: {reason}"
READING = "{scope}: se lee entera {found}…"
NOT_GOOD = "No sirve {found}: {reason} Se prueba con la siguiente."
RESTORED_DATABASE = "Base de datos {database}: restaurada y comparada ({rows} filas, {bytes} bytes)."
RESTORED_CONFIGURATION = "Configuración restaurada en {folder}."
MEND_CONFIGURATION = "Esta versión no acepta esa configuración: corrija esos archivos antes de repetir la orden, o nada iniciará."
OPEN_RUN = "Estaba en curso cuando se hizo la copia, y seguirá: {dag} {run}"
ADMIN = (
    "El usuario admin entra ahora con la contraseña de secrets/admin_password; los demás, con la de siempre."
)
NEWEST_ROW = (
    "El reporte volvió con {rows} filas; la última, la {number} ({scope}), es del {moment:%Y-%m-%d %H:%M %Z}.\n"
    "Lo registrado después de esa hora se perdió: las copias hechas después siguen en los repositorios, sin su fila."
)
NO_ROWS = "El reporte volvió, y no tiene filas."

HINTS = {
    "empty": (
        "¿Dicen RESPALDO_PRINCIPAL y RESPALDO_SECUNDARIO, en el archivo .env, dónde están los repositorios en este servidor? "
        "Cada uno es la carpeta que tiene dentro respaldo_bases y respaldo_configuracion."
    ),
    "silent": "Sus servidores no contestan. Mire por qué con `docker compose logs principal secundario`",
}

ERRORS = {
    "envelope_foreign": (
        "Este sobre no abre las copias: es de otra instalación, o los repositorios lo son. No se restauró nada."
    ),
    "no_copy_here": "Ningún repositorio tiene copias de {scope}. {hint}",
    "no_good_copy": (
        "Ninguna de las copias de {scope} está completa ({copies}). Arriba está qué tiene cada una. Si hay otra copia de los "
        "repositorios en otro disco o en otra sede, póngala en su lugar y repita la orden."
    ),
    "database_used": (
        "La base de datos {database} ya tiene datos, y no los puso una recuperación: aquí hay una instalación. No se tocó nada."
    ),
    "database_foreign": (
        "PostgreSQL no acepta los secretos de esta recuperación: su volumen es de otra instalación. No se tocó nada."
    ),
    "database_silent": "PostgreSQL no contesta ({reason}). Mire por qué con `docker compose logs postgres`",
    "recovery_unfinished": (
        "Hay una recuperación sin terminar, y estas bases de datos son de ella: {databases}. No se inicia nada. Primero "
        "`docker compose --profile '*' down` (los datos quedan); después, otra vez scripts/recover con el sobre."
    ),
    "recovery_not_begun": "Aquí no hay una recuperación en curso (falta el archivo {file}). Use scripts/recover.",
    "configuration_unplaced": "No se pudo poner la configuración en {folder}: {reason}.",
}
