"""The words of the programming: which scope runs when, in which mode, by whom."""

from __future__ import annotations

TITLE = "Programación"
SUBTITLE = "Qué alcance se copia cuándo, cómo y quién responde"

MODES = {"software": "Herramienta software", "manual": "Manual", "external": "Otra herramienta"}
"""Activity 3, and of the tools whether the tool is Respaldo."""
STATES = {
    "programmed": "Programado",
    "later": "Después de estos días",
    "by_hand": "A mano",
    "invalid": "Inválido",
}
PERSON = "{title} ({users})"
NOBODY = "nadie"
AND_THEN = "; verifica: "

CONTRACT = "{number}, hasta {until} ({state})"
NOTHING = "—"
MORE_TIMES = "{first} a {last} ({count} veces)"

COLUMNS = {
    "momento": "Momento",
    "dia": "Día",
    "hora": "Hora",
    "alcance_id": "Id del alcance",
    "alcance": "Alcance",
    "activo": "Activo",
    "dependencia": "Dependencia",
    "criticidad": "Criticidad",
    "modalidad": "Modalidad",
    "estado": "Estado",
    "programacion": "Programación (cron)",
    "responsable": "Responsable",
    "usuarios": "Usuarios",
    "verifica": "Verifica",
    "contrato": "Contrato",
    "contrato_hasta": "Contrato vigente hasta",
    "contrato_estado": "Estado del contrato",
}
"""Of the CSV and the JSON: one row a run."""

HEADINGS = ("Hora", "Alcance", "Dependencia", "Criticidad", "Modalidad", "Responsable", "Contrato")
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
    "noviembre", "diciembre",
)  # fmt: skip
DAY = "{weekday} {day} de {month} de {year}"
NO_TURNS = "Nada programado."
LATER = "No llegan en estos días"
BY_HAND = "Sin programación: a mano"
INVALID = "No se pueden leer: su copia no se hace"
INVALID_ADVICE = "La orden respaldo lint dice qué corregir."
INVALID_SCOPE = "{scope}: {count} errores"
PERIOD = "Del {first} al {last}"
ZONE = "horas de {zone}"
PAUSED = "apagado"
PAUSED_NOTE = "«Apagado»: su DAG está apagado en Airflow, y no se ejecutará mientras no se encienda."
NO_RENEWALS = (
    "El reporte no responde: los contratos son los de los archivos de los alcances, sin sus renovaciones."
)
DAYS = "Días"


def times(shown: tuple[str, ...], most: int = 4) -> str:
    """Write a day's times in a cell; many of them by the first, the last and their number."""
    if len(shown) <= most:
        return ", ".join(shown)
    return MORE_TIMES.format(first=shown[0], last=shown[-1], count=len(shown))
