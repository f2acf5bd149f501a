"""What the daily cleaning of an installation made of containers tells."""

from __future__ import annotations

CLEAN = (
    "Borra de Airflow las ejecuciones terminadas y los registros de más de RESPALDO_KEEP_DAYS días. "
    "El reporte, el archivo y las copias no los toca."
)
ONLY_FILES = (
    "Borra solo archivos, por su edad, sin preguntar a la base de datos: para el trabajador de otra sede."
)

RUNS = "Ejecuciones terminadas antes de {day} que se borraron de Airflow: {count}"
LOGS = "Carpetas de registros que se borraron: {count}"
LEFT_BEHIND = "Carpetas de trabajo sin uso que se borraron: {count}"
REFUSED = "No se pudo borrar: {reason}"
NO_DATABASE = "La base de datos de Airflow no lo permite ahora: {reason}. Se intenta otra vez en una hora."
WRONG_DAYS = (
    "{name} dice «{given}»: debe ser un número de días, {fewest} o más. No se borró nada. Corríjalo en .env y repita "
    "docker compose up -d"
)
